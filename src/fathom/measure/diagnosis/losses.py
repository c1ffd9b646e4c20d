"""What the losses tell: divergence, a rate too high or too low, over- and underfitting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from fathom.measure.diagnosis import rates, thresholds
from fathom.measure.diagnosis.course import Course, known
from fathom.measure.diagnosis.findings import CRITICAL, WARNING, Finding
from fathom.specs import IN_ACTIVATION, IN_GRADIENT, IN_LOSS, FirstCause


def diverged(course: Course) -> Finding | None:
    """The loss stopped being finite."""
    epoch = course.diverged_at
    if epoch is None:
        return None
    cause = course.first_cause
    rate = rates.lower(course)
    is_the_loss_itself = _is_the_loss_itself(cause)
    evidence: dict[str, float | int | str] = {"epoch": epoch}
    if cause is not None:
        evidence |= {"step": cause.step, "where": cause.where, "layer": cause.layer or "loss"}
        if cause.weight_growth is not None:
            evidence["weight_growth"] = cause.weight_growth
    if rate is not None and not is_the_loss_itself:
        evidence["suggested_learning_rate"] = rate
    return Finding(
        name="diverged",
        severity=CRITICAL,
        sentence=_divergence_in_words(course, epoch),
        mend=_mend_of_loss() if is_the_loss_itself else _mend_of_divergence(rate),
        evidence=evidence,
    )


def rate_too_high(course: Course) -> Finding | None:
    """The training loss bounces, or layers change by a tenth at each step and do not learn."""
    bounce, share = _bounce(course), _rising_share(course.finite)
    is_bouncing = bounce >= thresholds.BOUNCE and share >= thresholds.RISING_EPOCHS
    largest = _largest_update(course)
    is_thrown = (
        largest >= thresholds.LARGE_UPDATE
        and len(course.finite) >= thresholds.FEWEST_EPOCHS
        and not course.has_learned(thresholds.FAILED_SHARE)
    )
    if not (is_bouncing or is_thrown):
        return None
    rate = rates.lower(course)
    seen = []
    if is_bouncing:
        seen.append(
            f"the training loss rose in {share:.0%} of the later epochs, by "
            f"{bounce:.0%} of the loss of guessing on average over them"
        )
    if is_thrown:
        seen.append(f"a step changes a layer's weights by up to {largest:.0%} of their norm")
    evidence: dict[str, float | int | str] = {"bounce": bounce, "rising": share}
    if largest:
        evidence["update_ratio"] = largest
    if rate is not None:
        evidence["suggested_learning_rate"] = rate
    return Finding(
        name="rate-too-high",
        severity=WARNING if course.has_learned(thresholds.FAILED_SHARE) else CRITICAL,
        sentence=f"The learning rate is too high: {' and '.join(seen)}.",
        mend=_use_rate(rate, "a tenth of the learning rate"),
        evidence=evidence,
    )


def rate_too_low(course: Course) -> Finding | None:
    """The training loss falls steadily, has far to go, and takes tiny steps."""
    losses, start = course.finite, course.start_loss
    if len(losses) < thresholds.FEWEST_EPOCHS or start is None:
        return None
    if course.has_learned(thresholds.POOR_SHARE):
        return None
    update = course.update_ratio
    if update is None and not _is_falling_steadily(losses):
        return None
    if update is not None and update >= thresholds.SMALL_UPDATE:
        return None
    rate = rates.higher(course)
    taken = (losses[0] - losses[-1]) / start
    evidence: dict[str, float | int | str] = {"decline": taken}
    if update is not None:
        evidence["update_ratio"] = update
    if rate is not None:
        evidence["suggested_learning_rate"] = rate
    steps = "" if update is None else f", and a step changes weights by {update:.0e} of their norm"
    return Finding(
        name="rate-too-low",
        severity=CRITICAL,
        sentence=(
            f"The learning rate is too low: in {len(losses)} epochs the training loss went from "
            f"{losses[0]:.3g} to {losses[-1]:.3g} and has not levelled off{steps}."
        ),
        mend=_use_rate(rate, "ten times the learning rate"),
        evidence=evidence,
    )


def stalled(course: Course) -> Finding | None:
    """The training loss does not move, and no layer was watched that could tell why."""
    losses, start = course.finite, course.start_loss
    if course.is_watched or len(losses) < thresholds.FEWEST_EPOCHS or start is None:
        return None
    moved = max(losses) - min(losses)
    if moved > thresholds.STILL * start or course.has_learned(thresholds.POOR_SHARE):
        return None
    if course.learned is None and losses[-1] < losses[0]:
        # The first epoch may have learned all there is, where guessing is not known.
        return None
    return Finding(
        name="stalled",
        severity=CRITICAL,
        sentence=(
            f"The training loss stands still: it stayed within {moved:.2g} of {losses[-1]:.3g} "
            f"for {len(losses)} epochs."
        ),
        mend=(
            "train with fathom.fit(..., watch='layers') to see whether gradients vanish or units "
            "died, and try learning rates ten times lower and higher"
        ),
        evidence={"moved": moved},
    )


def labels_shuffled(course: Course) -> Finding | None:
    """Validation is never better than guessing, in a network that does train."""
    guess, validation = course.guess_loss, course.finite_validation
    if guess is None or guess <= 0 or len(validation) < thresholds.FEWEST_EPOCHS:
        return None
    memorises = (course.learned or 0) > 1 - thresholds.NO_BETTER
    if not memorises and len(course.first_look) == 1:  # one layer learns little of related data too
        return None
    if not _is_no_better_than_guessing(course, guess, memorises=memorises):
        return None
    later = fmean(_later(validation))
    trained = (
        f"the training loss fell to {course.finite[-1]:.3g}, which is learning by heart"
        if memorises
        else f"the training loss stayed at {course.finite[-1]:.3g}"
    )
    return Finding(
        name="labels-shuffled",
        severity=CRITICAL,
        sentence=(
            "Inputs and targets look unrelated: guessing without inputs has a loss of "
            f"{guess:.3g}, validation comes to {later:.3g}, while {trained}."
        ),
        mend=(
            "check that rows of x and y belong together: that both were shuffled with one "
            "order, joined by the right key and read from the same file; else these inputs do "
            "not tell the target"
        ),
        evidence={"guess_loss": guess, "validation_loss": later},
    )


def overfitting(course: Course) -> Finding | None:
    """The validation loss has turned while the training loss falls on."""
    validation, losses = course.finite_validation, course.finite
    count = min(len(validation), len(losses))
    if count < thresholds.FEWEST_EPOCHS or len(validation) != len(losses):
        return None
    place = min(range(count), key=validation.__getitem__)
    best, last = validation[place], fmean(validation[-2:])
    floor = thresholds.STILL * (course.start_loss or best)
    if last <= max(thresholds.TURNED * best, best + floor) or losses[-1] >= losses[place]:
        return None
    return Finding(
        name="overfitting",
        severity=WARNING,
        sentence=(
            f"Overfitting since epoch {place + 1}: the validation loss was best there with "
            f"{best:.3g} and is {last:.3g} now, while the training loss fell from "
            f"{losses[place]:.3g} to {losses[-1]:.3g}."
        ),
        mend=(
            "keep the weights of the best epoch with keras.callbacks.EarlyStopping(patience=2, "
            "restore_best_weights=True); or use more rows, dropout, an L2 penalty or a smaller "
            "network"
        ),
        evidence={"best_epoch": place + 1, "best_validation_loss": best, "validation_loss": last},
    )


def underfitting(course: Course) -> Finding | None:
    """The training loss has levelled off far from what guessing loses, and so has validation."""
    losses, guess = course.finite, course.guess_loss
    learned = course.learned
    if learned is None or guess is None or len(losses) < 2 * thresholds.FEWEST_EPOCHS:
        return None
    if learned >= thresholds.POOR_SHARE or not _has_levelled_off(losses, guess):
        return None
    validation = course.finite_validation
    if validation and validation[-1] > thresholds.SMALL_GAP * max(losses[-1], 1e-12):
        return None
    same = f", and {validation[-1]:.3g} on validation rows" if validation else ""
    return Finding(
        name="underfitting",
        severity=WARNING,
        sentence=(
            f"Underfitting: the training loss has levelled off at {losses[-1]:.3g}{same}, "
            f"{learned:.0%} below the {guess:.3g} of guessing."
        ),
        mend=(
            "give the network more hidden layers or units, less dropout and penalty, and more "
            "epochs; if that changes nothing, the inputs may not tell more of the target"
        ),
        evidence={"learned": learned, "loss": losses[-1], "guess_loss": guess},
    )


# -- numbers ---------------------------------------------------------------------------


def _later(losses: Sequence[float]) -> Sequence[float]:
    """Return the losses of the later half."""
    return losses[len(losses) // 2 :] if len(losses) > thresholds.FEWEST_EPOCHS else losses


def _bounce(course: Course) -> float:
    """Return the mean rise of the training loss from epoch to epoch, over the loss of guessing."""
    losses, start = course.finite, course.start_loss
    if len(losses) < thresholds.FEWEST_EPOCHS or start is None:
        return 0.0
    return fmean(max(after - before, 0.0) for before, after in pairwise(_later(losses))) / start


def _rising_share(losses: Sequence[float]) -> float:
    if len(losses) < thresholds.FEWEST_EPOCHS:
        return 0.0
    return fmean(after > before for before, after in pairwise(_later(losses)))


def _is_falling_steadily(losses: Sequence[float]) -> bool:
    """Return whether the loss falls in most epochs, and in the later half as well as before."""
    falling = fmean(after < before for before, after in pairwise(losses))
    total = losses[0] - losses[-1]
    later = losses[len(losses) // 2] - losses[-1]
    return (
        falling >= thresholds.FALLING_EPOCHS
        and total > 0
        and later >= thresholds.STEADY_SHARE * total
    )


def _has_levelled_off(losses: Sequence[float], guess: float) -> bool:
    quarter = max(len(losses) // 4, 2)
    before, after = fmean(losses[-2 * quarter : -quarter]), fmean(losses[-quarter:])
    return before - after < thresholds.LEVEL * guess


def _largest_update(course: Course) -> float:
    """Return the median over epochs of the largest update ratio of any layer."""
    largest = sorted(
        max(ratios)
        for epoch, records in course.by_epoch.items()
        if epoch and (ratios := known(records, "update_ratio"))
    )
    return largest[len(largest) // 2] if largest else 0.0


def _is_no_better_than_guessing(course: Course, guess: float, *, memorises: bool) -> bool:
    """Judge the later epochs, since initial weights may be right by luck.

    A network that overfits may have a validation loss above that of guessing
    and still be right more often: where accuracy is known it must be at the
    level of guessing too, and where it is not, no epoch may have been better.
    """
    validation = course.finite_validation
    limit = thresholds.NO_BETTER * guess
    if not memorises:
        return fmean(_later(validation)) >= limit
    scores = [score for score in course.validation_score if score is not None]
    if not scores or course.guess_score is None:
        return min(validation) >= limit
    better = course.guess_score + thresholds.BETTER_SCORE * (1 - course.guess_score)
    return fmean(_later(validation)) >= limit and fmean(_later(scores)) <= better


# -- divergence ---------------------------------------------------------------------------


def _is_the_loss_itself(cause: FirstCause | None) -> bool:
    """Return whether the loss broke while weights and activations were of ordinary size."""
    return (
        cause is not None
        and cause.where in (IN_LOSS, IN_GRADIENT)
        and (cause.weight_growth or 0) < thresholds.GREW
    )


def _divergence_in_words(course: Course, epoch: int) -> str:
    cause = course.first_cause
    if cause is None:
        before = f", after {course.finite[-1]:.3g} in the epoch before" if course.finite else ""
        return f"The loss diverged: it is not finite from epoch {epoch} on{before}."
    return (
        f"The loss diverged in step {cause.step} of epoch {cause.epoch}: {_first(cause)}"
        f"{_on_the_way(cause)}."
    )


def _first(cause: FirstCause) -> str:
    if cause.where == IN_ACTIVATION:
        return f"the first number that was not finite came out of {cause.layer}"
    if cause.where == IN_LOSS:
        return "all layers still gave finite numbers, and the loss made of them was not"
    if cause.where == IN_GRADIENT:
        return f"the loss was finite, and its gradient at {cause.layer} was not"
    what = f"the weights of {cause.layer}" if cause.layer else "the weights"
    return f"loss and gradient were finite, and {what} were not after the optimizer's step"


def _on_the_way(cause: FirstCause) -> str:
    parts = []
    if cause.loss_at_start is not None and cause.loss_before is not None:
        parts.append(f"the loss went from {cause.loss_at_start:.2g} to {cause.loss_before:.2g}")
    if cause.weight_growth is not None and cause.weight_growth >= thresholds.GREW:
        parts.append(
            f"the weights of {cause.growing_layer} grew {cause.weight_growth:.0e} times larger"
        )
    return f"; in that epoch {' and '.join(parts)}" if parts else ""


def _mend_of_divergence(rate: float | None) -> str:
    return (
        f"{_use_rate(rate, 'a tenth of the learning rate')}, or clip gradients with clipnorm=1.0 "
        "in the optimizer; and scale inputs and targets to deviation 1"
    )


def _mend_of_loss() -> str:
    return (
        "look at the loss: a logarithm or division of zero; for probabilities use Keras's own "
        "cross-entropies, with from_logits=True for outputs without activation"
    )


def _use_rate(rate: float | None, otherwise: str) -> str:
    return f"use {otherwise if rate is None else f'learning_rate={rate:g}'}"
