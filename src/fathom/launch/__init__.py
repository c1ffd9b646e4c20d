"""Where work runs: chunks of it on a Ray cluster, told back in order to the one who writes."""

from fathom.launch.addresses import check_address, check_answers
from fathom.launch.chunks import PASSING, Chunk, Devices, Heard, Message
from fathom.launch.cluster import Cluster, Node, check_available, cluster
from fathom.launch.gathering import gathered

__all__ = [
    "PASSING",
    "Chunk",
    "Cluster",
    "Devices",
    "Heard",
    "Message",
    "Node",
    "check_address",
    "check_answers",
    "check_available",
    "cluster",
    "gathered",
]
