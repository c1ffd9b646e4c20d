"""The built-in families: one file each, found here by name."""

from fathom.models.families.cnn import CNN
from fathom.models.families.family import Family
from fathom.models.families.mlp import MLP
from fathom.models.families.residual import RESIDUAL
from fathom.models.families.residual_cnn import RESIDUAL_CNN
from fathom.models.families.rnn import RNN
from fathom.models.families.transformer import TRANSFORMER

__all__ = ["FAMILIES", "Family"]

FAMILIES = {family.name: family for family in (MLP, RESIDUAL, CNN, RESIDUAL_CNN, RNN, TRANSFORMER)}
