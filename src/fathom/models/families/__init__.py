"""The built-in families: one file each, found here by name."""

from fathom.models.families.family import Family
from fathom.models.families.mlp import MLP
from fathom.models.families.residual import RESIDUAL

__all__ = ["FAMILIES", "Family"]

FAMILIES = {family.name: family for family in (MLP, RESIDUAL)}
