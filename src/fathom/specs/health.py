"""Where health ends: thresholds that studies and diagnoses share (reasons: docs/diagnose.md)."""

# A network has failed if it gains less than this share of what can be gained over guessing.
FAILED_SHARE = 0.7
# Gradient of the first layer's pre-activations over the last's, before training: outside these
# it does not survive the way.
VANISHING = 1e-3
EXPLODING = 1e3
# Shares of a layer's units or activations.
MANY_DEAD = 0.5
MANY_SATURATED = 0.5
