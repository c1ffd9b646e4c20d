"""Networks that choose their own depth, as scikit-learn estimators."""

from fathom.sklearn.classifier import DepthClassifier
from fathom.sklearn.regressor import DepthRegressor

__all__ = ["DepthClassifier", "DepthRegressor"]
