"""Ray Tune: the grid, every point from each seed, under ASHA; PyTorch, a core for each training."""

import os
import sys
import tempfile
from pathlib import Path

os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "PYTHONPATH": str(Path(__file__).resolve().parent),  # for the workers
}

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from searching import Search, Task


def trainable(config: dict, task: Task, splits: list) -> None:
    """Train one network, and report every epoch."""
    import searching_torch

    rest = {key: config[key] for key in ("depth", "rate", "seed")}
    for score, best, tested in searching_torch.training(task, **rest, splits=splits):
        tune.report({"accuracy": score, "best": best, "tested": tested})


class Notes(tune.Callback):
    """Notes networks as their trainings end, by themselves or by the scheduler."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.last: dict[str, dict] = {}

    def on_trial_result(self, iteration, trials, trial, result, **info) -> None:
        self.search.epochs += 1
        self.last[trial.trial_id] = result

    def on_trial_complete(self, iteration, trials, trial, **info) -> None:
        result, config = self.last[trial.trial_id], trial.config
        scores = {"validation": result["best"], "test": result["tested"]}
        self.search.note(config["depth"], config["rate"], **scores)


def main() -> None:
    """Search the grid."""
    import searching_torch

    task, search = Task.read(), Search()
    ray.init(include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    seeds = range(task.first_seed, task.first_seed + task.seeds)
    tuner = tune.Tuner(
        tune.with_parameters(trainable, task=task, splits=searching_torch.tensors(task)),
        param_space={
            "depth": tune.grid_search(list(task.depths)),
            "rate": tune.grid_search(list(task.rates)),
            "seed": tune.grid_search(list(seeds)),
        },
        tune_config=tune.TuneConfig(
            metric="accuracy",
            mode="max",
            scheduler=ASHAScheduler(max_t=task.epochs),
            reuse_actors=True,  # else every training waits for imports
        ),
        run_config=tune.RunConfig(
            storage_path=tempfile.mkdtemp(), verbose=0, callbacks=[Notes(search)]
        ),
    )
    best = tuner.fit().get_best_result(scope="all").config
    sys.stdout.flush()
    search.tell(best["depth"], best["rate"])


main()
