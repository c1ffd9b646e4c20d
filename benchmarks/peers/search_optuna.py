"""Optuna: its usual sampler (TPE) and pruner (median), a PyTorch training a trial."""

import optuna
import searching_torch
from searching import Search, Task


def main() -> None:
    """Search with as many trials as the grid has trainings."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    task, search = Task.read(), Search()
    splits = searching_torch.tensors(task)

    def objective(trial: optuna.Trial) -> float:
        depth = trial.suggest_int("depth", min(task.depths), max(task.depths))
        rate = trial.suggest_categorical("rate", task.rates)
        seed = task.first_seed + trial.number
        epochs = searching_torch.training(task, depth, rate, seed, splits)
        found = {"validation": 0.0, "test": 0.0}
        for epoch, (score, best, tested) in enumerate(epochs):
            search.epochs += 1
            found = {"validation": best, "test": tested}
            trial.report(score, epoch)
            if trial.should_prune():
                break
        search.note(depth, rate, **found)
        if trial.should_prune():
            raise optuna.TrialPruned
        return found["validation"]

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=task.first_seed),
        pruner=optuna.pruners.MedianPruner(),
    )
    study.optimize(objective, n_trials=task.trainings)
    search.tell(**study.best_params)


main()
