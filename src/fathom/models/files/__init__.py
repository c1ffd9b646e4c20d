"""Models to and from `.keras` files; what comes from a file is not trusted."""

from fathom.models.files.loading import load_model
from fathom.models.files.saving import model_bytes

__all__ = ["load_model", "model_bytes"]
