"""One estimator cross-validated on one data set; prints JSON. Run by `estimators.py`.

    python benchmarks/peers/estimator.py fathom|scikit-learn|skorch digits|breast-cancer|wine \
        --epochs 50 [--choose]

Two hidden layers of 64, ReLU, Adam at 0.001, batches of 32, inputs standardised,
every epoch trained. With --choose depths 0 to 4 and three learning rates are compared,
each from three seeds, on a fifth of the training rows.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.model_selection import GridSearchCV, StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SETS = {
    "digits": datasets.load_digits,
    "breast-cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
}
DEPTHS, RATES, SEEDS, WIDTH, BATCH = (0, 1, 2, 3, 4), (3e-4, 1e-3, 3e-3), 3, 64, 32


def fathom(epochs: int, *, choose: bool) -> Any:
    from fathom.sklearn import DepthClassifier

    shared = {"width": WIDTH, "batch_size": BATCH, "epochs": epochs, "patience": None}
    if choose:
        return DepthClassifier(DEPTHS, learning_rate=RATES, seeds=SEEDS, random_state=0, **shared)
    return DepthClassifier(
        2, learning_rate=1e-3, seeds=1, validation_fraction=None, random_state=0, **shared
    )


def scikit_learn(epochs: int, *, choose: bool) -> Any:
    """Return MLPClassifier; with `choose` in a grid, where depth 0 is logistic regression."""
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(
        (WIDTH, WIDTH),
        batch_size=BATCH,
        learning_rate_init=1e-3,
        alpha=0,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        tol=0,
        random_state=0,
    )
    if not choose:
        return make_pipeline(StandardScaler(), network)
    grid = {
        "mlpclassifier__hidden_layer_sizes": [(WIDTH,) * depth for depth in DEPTHS],
        "mlpclassifier__learning_rate_init": RATES,
        "mlpclassifier__random_state": range(SEEDS),
    }
    split = StratifiedShuffleSplit(1, test_size=0.2, random_state=0)
    return GridSearchCV(make_pipeline(StandardScaler(), network), grid, cv=split, n_jobs=-1)


def skorch(epochs: int, *, choose: bool) -> Any:
    """Return skorch's classifier, whose module learns the number of inputs at the first batch."""
    import torch
    from skorch import NeuralNetClassifier
    from torch import nn

    if choose:
        raise SystemExit("skorch is compared at one architecture only")
    torch.set_num_threads(1)
    torch.manual_seed(0)

    def layers() -> Any:
        return nn.Sequential(
            nn.LazyLinear(WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.LazyLinear(10)
        )

    network = NeuralNetClassifier(
        layers,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=BATCH,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    return make_pipeline(StandardScaler(), network)


CONTESTANTS = {"fathom": fathom, "scikit-learn": scikit_learn, "skorch": skorch}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("data", choices=SETS)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--choose", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # MLPClassifier's, that the last epoch may not be the best
    loaded: Any = SETS[asked.data]()
    x, y = loaded.data.astype("float32"), loaded.target.astype("int64")
    seconds, scores = [], []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
        estimator = CONTESTANTS[asked.contestant](asked.epochs, choose=asked.choose)
        started = time.perf_counter()
        estimator.fit(x[train], y[train])
        seconds.append(time.perf_counter() - started)
        scores.append(float(np.mean(estimator.predict(x[test]) == y[test])))
    print(json.dumps({"fit_seconds": seconds, "accuracy": float(np.mean(scores))}))


if __name__ == "__main__":
    main()
