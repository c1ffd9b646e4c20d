"""`GridSearchCV(MLPClassifier, n_jobs=2)` with the same split, one candidate a training."""

import time

STARTED = time.perf_counter()

import warnings  # noqa: E402

import digits  # noqa: E402
import numpy as np  # noqa: E402


def main() -> None:
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    warnings.filterwarnings("ignore")
    train, validation, _ = digits.splits()
    fold = np.r_[np.full(len(train[0]), -1), np.zeros(len(validation[0]))]
    search = GridSearchCV(
        MLPClassifier(batch_size=digits.BATCH, max_iter=digits.EPOCHS, n_iter_no_change=1000),
        {
            "hidden_layer_sizes": [(digits.WIDTH,) * depth for depth in digits.DEPTHS],
            "learning_rate_init": digits.RATES,
            "random_state": digits.SEEDS,
        },
        cv=PredefinedSplit(fold),
        n_jobs=2,
        refit=False,
    )
    search.fit(np.r_[train[0], validation[0]], np.r_[train[1], validation[1]])
    scores = {
        (len(p["hidden_layer_sizes"]), p["learning_rate_init"], p["random_state"]): score
        for p, score in zip(
            search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
        )
    }
    digits.report(scores, STARTED)


main()
