"""Find out by experiment how deep a neural network should be."""

from fathom.version import __version__

__all__ = ["__version__"]
