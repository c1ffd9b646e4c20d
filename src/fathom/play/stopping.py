"""When training stops by itself."""

from __future__ import annotations

from fathom.play.lane import Lane


def stop_words(lane: Lane) -> str | None:
    """Return why a lane's training is to stop now, None if it is not."""
    stop = lane.setup.experiment.stop
    if stop.epochs is not None and lane.position.epoch >= stop.epochs:
        return f"Stopped: {stop.epochs} epochs are done."
    if stop.test_loss is None and stop.patience is None:
        return None
    lane.measure()
    losses = [(row[0], row[2]) for row in lane.curve]
    if stop.test_loss is not None and losses[-1][1] <= stop.test_loss:
        return f"Stopped: the test loss is {losses[-1][1]:.4g}, at most {stop.test_loss:g}."
    best = min(losses, key=lambda one: one[1] if one[1] == one[1] else float("inf"))
    if stop.patience is not None and losses[-1][0] - best[0] >= stop.patience:
        return (
            f"Stopped: the test loss has not improved for {stop.patience} epochs; "
            f"it was lowest, {best[1]:.4g}, at epoch {best[0]:g}."
        )
    return None
