"""Fathom: a study of the same grid, full or by halving.

python search_fathom.py TASK.json full|halving
"""

import sys
import tempfile

import numpy as np
from searching import Search, Task

import fathom


def main() -> None:
    """Study, and name the verdict's depth."""
    task, search = Task.read(), Search()
    study = fathom.study(
        task.data,
        family=task.family,
        depths=task.depths,
        widths=task.width,
        normalization="none",  # as in the others' networks
        learning_rates=task.rates,
        seeds=task.seeds,
        seed=task.first_seed,
        epochs=task.epochs,
        batch_size=task.batch,
        patience=None,
        baselines=False,
        regularize=False,  # another question, which nobody else is asked
        allocation=sys.argv[2],
        store=tempfile.mkdtemp(),
    )
    chosen = next(row for row in study.result.rows() if row.depth == study.verdict.depth)
    search.epochs = sum(run.epochs for run in study.result.runs)
    with search.scoring():
        x, y = task.splits()[2]
        tested = np.mean(study.predict(x).astype(y.dtype) == y)
    rate = chosen.learning_rate
    search.note(chosen.depth, rate, validation=chosen.validation.mean, test=tested)
    search.tell(chosen.depth, rate)


main()
