"""The same 72 trainings as one Fathom study, through the Python interface."""

import sys
import tempfile
import time

STARTED = time.perf_counter()

import digits  # noqa: E402


def main() -> None:
    import fathom
    from fathom.specs import RunRecord

    scores = {}

    def keep(event: object) -> None:
        if isinstance(event, RunRecord):
            key = (event.depth, event.learning_rate, event.seed)
            scores[key] = max(score or 0.0 for score in event.validation_scores)

    with tempfile.TemporaryDirectory() as store:
        fathom.study(
            "digits",
            depths=digits.DEPTHS,
            learning_rates=digits.RATES,
            seeds=len(digits.SEEDS),
            widths=digits.WIDTH,
            batch_size=digits.BATCH,
            epochs=digits.EPOCHS,
            patience=None,
            baselines=False,
            watch="unwatched" not in sys.argv,
            store=f"{store}/runs",
            on_event=keep,
        )
    digits.report(scores, STARTED)


main()
