"""Where health ends: the thresholds of all diagnoses, with their reasons in docs/diagnose.md."""

from fathom.specs import EXPLODING, FAILED_SHARE, MANY_DEAD, MANY_SATURATED, VANISHING

__all__ = ["EXPLODING", "FAILED_SHARE", "MANY_DEAD", "MANY_SATURATED", "VANISHING"]

# Of what can be gained over guessing: less is worth a question.
POOR_SHARE = 0.5

# A step's change of a layer's weights over their norm.
USUAL_UPDATE = 1e-3
SMALL_UPDATE = 1e-4
LARGE_UPDATE = 0.1

# The mean of an epoch's rises of the training loss, over the loss of guessing.
BOUNCE = 0.03
RISING_EPOCHS = 1 / 3
# Epochs that improve, while the loss crawls down.
FALLING_EPOCHS = 0.8
# The later half's share of the whole decline: a loss that slows down has less.
STEADY_SHARE = 0.25
# Of the loss of guessing: what moves less in all stands still; what falls less from one quarter
# of the epochs to the next has levelled off.
STILL = 0.02
LEVEL = 0.01

# Validation loss over its best, while training improves.
TURNED = 1.1
# Validation loss over the loss of guessing: better than this is better than guessing.
NO_BETTER = 0.95
# Of the way from the accuracy of guessing to 1: less is no better than guessing.
BETTER_SCORE = 0.1
# Validation loss over training loss: below this, the gap is small.
SMALL_GAP = 1.25
# Weights that grew by less before a loss broke did not break it.
GREW = 10.0

FEWEST_EPOCHS = 4
