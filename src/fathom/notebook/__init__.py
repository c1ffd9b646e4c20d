"""What a notebook shows while something trains: a live picture of a network or a study."""

from fathom.notebook.live import Live, live

__all__ = ["Live", "live"]
