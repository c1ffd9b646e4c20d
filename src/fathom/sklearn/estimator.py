"""What the classifier and the regressor have in common: fitting, fitting on, and being kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from fathom.errors import DataError, SpecError
from fathom.sklearn.rows import Rows, filled, split
from fathom.specs import DEFAULT_LEARNING_RATES, ModelSpec, StudySpec, TrainSpec

if TYPE_CHECKING:
    from fathom.sklearn.searching import Found

AUTO = "auto"
DEPTHS = (0, 1, 2, 3, 4)
WIDTHS = (32, 128)
# A share of the epochs after which training without progress stops.
PATIENCE_SHARE = 5
MOST_SEED = 2**31 - 1000


class DepthEstimator(ABC, BaseEstimator):
    """A network that chooses its own depth, width and learning rate.

    The classifier and the regressor say how their targets are read and told.
    """

    _task = ""

    def __init__(
        self,
        depth: Any = AUTO,
        *,
        width: Any = AUTO,
        learning_rate: Any = AUTO,
        seeds: int = 3,
        family: str = "mlp",
        activation: str = AUTO,
        normalization: str = AUTO,
        dropout: float = 0.0,
        l2: float = 0.0,
        optimizer: str = "adam",
        epochs: int | None = None,
        batch_size: int | None = None,
        patience: int | str | None = AUTO,
        validation_fraction: float | None = 0.2,
        random_state: Any = None,
    ) -> None:
        self.depth = depth
        self.width = width
        self.learning_rate = learning_rate
        self.seeds = seeds
        self.family = family
        self.activation = activation
        self.normalization = normalization
        self.dropout = dropout
        self.l2 = l2
        self.optimizer = optimizer
        self.epochs = epochs
        self.batch_size = batch_size
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    # -- fitting -----------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Choose what is left open, and train the network that was chosen.

        Args:
            X: Numbers (rows, features), an array or a dataframe.
            y: The target, (rows,).
            sample_weight: A weight per row, (rows,), not negative. A row of
                weight 0 is as if it were not there.

        Returns:
            The estimator itself.

        Raises:
            ValueError: The data cannot be used, or a setting is out of range.
        """
        X, y, weight = self._checked(X, y, sample_weight, is_new=True)
        self._begin_target(y, weight)
        X, y, weight = self._counting(X, y, weight, fewest=2)
        self._fit(X, y, weight)
        return self

    def _fit(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        from fathom.sklearn import searching

        random = check_random_state(self.random_state)
        seed = int(random.randint(MOST_SEED))
        if self.validation_fraction is None:
            self._check_is_fixed()
            self._fit_scale(X, y, weight)
            rows = self._rows(X, y, weight)
            spec = self._spec(rows, seed)
            searching.check(spec)
            self._keep(searching.fixed(spec, rows))
            return
        train, held = split(
            y,
            share=self._share(),
            seed=seed,
            is_classification=self._task == "classification",
        )
        self._fit_scale(X[train], y[train], weight[train])
        rows, validation = (self._rows(X[part], y[part], weight[part]) for part in (train, held))
        spec = self._spec(rows, seed)
        searching.check(spec)
        self._keep(searching.search(spec, rows, validation))

    def _keep(self, found: Found) -> None:
        from fathom.sklearn.networks import answering

        self._network = found.network
        self.model_ = answering(found.network, task=self._task)
        self.depth_ = found.architecture.depth
        self.width_ = found.architecture.width
        self.learning_rate_ = found.learning_rate
        self.epochs_ = found.epochs
        self.study_, self.verdict_ = found.result, found.verdict

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, **first: Any) -> Any:
        """Train for one more pass over some rows, which need not be those seen before.

        The first call begins the network; where its depth, width or learning
        rate are left open, it chooses them on its rows as `fit` does. The scale
        of the inputs is that of the first rows.
        """
        is_new = not hasattr(self, "_network")
        X, y, weight = self._checked(X, y, sample_weight, is_new=is_new)
        if is_new:
            self._begin_target(y, weight, **first)
        X, y, weight = self._counting(X, y, weight, fewest=2 if is_new else 1)
        if is_new and not self._is_fixed():
            self._fit(X, y, weight)
        else:
            if is_new:
                self._begin(X, y, weight)
            self._train_on(self._rows(X, y, weight))
        return self

    def _begin(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        """Make the network that is asked for, untrained."""
        from fathom.sklearn import searching

        self._fit_scale(X, y, weight)
        seed = int(check_random_state(self.random_state).randint(MOST_SEED))
        spec = self._spec(self._rows(X, y, weight), seed)
        searching.check(spec)
        self._keep(searching.untrained(spec))

    def _train_on(self, rows: Rows) -> None:
        from fathom.api.fitting import fit

        size = self._batch_size(len(rows))
        random = np.random.default_rng(self.epochs_)
        more = filled(rows.take(random.permutation(len(rows))), batch_size=size)
        fit(
            self._network,
            more.x,
            more.y,
            sample_weight=more.weight,
            batch_size=size,
            shuffle=False,
            verbose=0,
        )
        self.epochs_ += 1

    # -- settings ----------------------------------------------------------------------

    def _spec(self, rows: Rows, seed: int) -> StudySpec:
        from fathom.api.asking import usual_epochs

        size = self._batch_size(len(rows))
        epochs = usual_epochs(len(rows), size) if self.epochs is None else self.epochs
        patience = max(epochs // PATIENCE_SHARE, 1) if self.patience == AUTO else self.patience
        model = ModelSpec(
            family=self.family,
            input_shape=rows.x.shape[1:],
            task=self._task,
            num_classes=self._num_classes(),
            activation=self.activation,
            normalization=self.normalization,
            dropout=self.dropout,
            l2=self.l2,
        )
        settings: Any = {"patience": patience, "epochs": epochs, "batch_size": size}
        return StudySpec(
            model=model,
            train=TrainSpec(optimizer=self.optimizer, watch=False, **settings),
            depths=self._tried("depth", DEPTHS),
            widths=self._tried("width", WIDTHS),
            learning_rates=self._tried("learning_rate", DEFAULT_LEARNING_RATES),
            seeds=self.seeds,
            seed=seed,
            baselines=False,
        )

    def _batch_size(self, rows: int) -> int:
        from fathom.api.asking import usual_batch_size

        return usual_batch_size(rows) if self.batch_size is None else self.batch_size

    def _tried(self, name: str, usual: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the values of a setting to choose from; a number is the only one."""
        value = getattr(self, name)
        if isinstance(value, str) and value == AUTO:
            return usual
        if isinstance(value, Iterable) and not isinstance(value, str):
            return tuple(map(self._number, value))
        if isinstance(value, str) or value is None:
            raise SpecError(
                f"`{name}` must be a number, several to choose from, or 'auto'. "
                f"Received: {name}={value!r}."
            )
        return (self._number(value),)

    @staticmethod
    def _number(value: Any) -> Any:
        """Return a NumPy number as Python's, which can be written as JSON."""
        return value.item() if isinstance(value, np.generic) else value

    def _is_fixed(self) -> bool:
        settings = ("depth", "width", "learning_rate")
        return all(len(self._tried(name, (0, 1))) == 1 for name in settings)

    def _check_is_fixed(self) -> None:
        if not (self._is_fixed() and self.seeds == 1):
            raise SpecError(
                "Without validation rows there is nothing to choose by: depth, width and learning "
                f"rate must be numbers, and `seeds` 1. Received: depth={self.depth!r}, "
                f"width={self.width!r}, learning_rate={self.learning_rate!r}, "
                f"seeds={self.seeds!r}.",
                hint="set them, or give a validation_fraction such as 0.2",
            )

    def _share(self) -> float:
        share = self.validation_fraction
        if not (isinstance(share, float | int) and 0 < share < 1):
            raise SpecError(
                "`validation_fraction` must lie between 0 and 1, or be None to train on all rows. "
                f"Received: validation_fraction={share!r}."
            )
        return float(share)

    # -- data --------------------------------------------------------------------------

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, *, is_new: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        checked: Any = validate_data(
            self,
            X,
            y,
            reset=is_new,
            dtype="numeric",
            y_numeric=self._task == "regression",
            ensure_min_samples=2 if is_new else 1,
        )
        X, y = checked
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        return np.asarray(X, "float64"), np.asarray(y), np.asarray(weight, "float64")

    def _counting(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, *, fewest: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows whose weight is not 0, of which there must be `fewest`."""
        counts = weight > 0
        if counts.sum() < fewest:
            raise DataError(
                f"There must be at least {fewest} samples of a weight above 0. "
                f"Received: {int(counts.sum())}."
            )
        return X[counts], y[counts], weight[counts]

    def _fit_scale(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        self.scaler_ = StandardScaler().fit(X, sample_weight=weight)

    def _rows(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Rows:
        return Rows(self._inputs(X), self._encoded(y), (weight / weight.mean()).astype("float32"))

    def _inputs(self, X: np.ndarray) -> np.ndarray:
        scaled = np.asarray(self.scaler_.transform(X))
        most = np.finfo("float32").max
        return np.clip(scaled, -most, most).astype("float32")

    def _outputs(self, X: Any) -> np.ndarray:
        """Return the network's outputs for new rows, float64 (rows, outputs)."""
        from fathom.sklearn.networks import outputs_of

        check_is_fitted(self, "model_")
        checked: Any = validate_data(self, X, reset=False, dtype="numeric")
        return outputs_of(self.model_, self._inputs(np.asarray(checked, "float64")))

    @abstractmethod
    def _begin_target(self, y: np.ndarray, weight: np.ndarray, **first: Any) -> None:
        """Learn what the target's values are."""

    @abstractmethod
    def _encoded(self, y: np.ndarray) -> np.ndarray:
        """Return the target as the network has it."""

    def _num_classes(self) -> int:
        return 0

    # -- kept --------------------------------------------------------------------------

    def __getstate__(self) -> Mapping[str, Any]:
        """Return the state with the network as the bytes of a `.keras` file."""
        from fathom.sklearn.networks import network_bytes

        kept: Any = super().__getstate__()
        state = {name: value for name, value in kept.items() if name != "model_"}
        if "_network" in state:
            state["_network"] = network_bytes(state["_network"])
        return state

    def __setstate__(self, state: Any) -> None:
        """Take a state over; the network in it is checked before Keras reads it.

        Raises:
            ModelError: The network asks for anything but Keras's own layers.
        """
        from fathom.sklearn.networks import answering, network_from_bytes

        state = dict(state)
        file = state.pop("_network", None)
        super().__setstate__(state)
        if file is not None:
            self._network = network_from_bytes(file)
            self.model_ = answering(self._network, task=self._task)
