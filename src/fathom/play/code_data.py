"""The data of an exported program, in NumPy alone where they are made up."""

from __future__ import annotations

from fathom.play.formulas import as_numpy
from fathom.play.materials import INDEX, NUMBER
from fathom.play.setup import Setup

HEAD = """\
rng = np.random.default_rng(0)
rows, noise = {rows}, {noise!r}
"""
MAKERS = {
    "circle": """\
radius = np.where(np.arange(rows) < rows // 2, rng.uniform(0, 2.5, rows), rng.uniform(3.5, 5, rows))
angle = rng.uniform(0, 2 * np.pi, rows)
points = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
noised = points + rng.uniform(-5, 5, points.shape) * noise
labels = np.where(np.hypot(noised[:, 0], noised[:, 1]) < 2.5, 1.0, -1.0)
""",
    "xor": """\
points = rng.uniform(-5, 5, (rows, 2))
points += np.where(points > 0, 0.3, -0.3)
noised = points + rng.uniform(-5, 5, points.shape) * noise
labels = np.where(noised[:, 0] * noised[:, 1] >= 0, 1.0, -1.0)
""",
    "gauss": """\
labels = np.where(np.arange(rows) < rows // 2, 1.0, -1.0)
points = 2 * labels[:, None] + rng.normal(0, np.sqrt(0.5 + 7 * noise), (rows, 2))
""",
    "spiral": """\
half = rows // 2
along = np.concatenate([np.arange(half) / half, np.arange(rows - half) / (rows - half)])
labels = np.where(np.arange(rows) < half, 1.0, -1.0)
angle = 3.5 * np.pi * along + np.where(labels > 0, 0, np.pi)
points = 5 * along[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
points += rng.uniform(-1, 1, points.shape) * noise
""",
    "plane": """\
points = rng.uniform(-6, 6, (rows, 2))
labels = (points + rng.uniform(-6, 6, points.shape) * noise).sum(axis=1) / 10
""",
    "gaussian": """\
points = rng.uniform(-6, 6, (rows, 2))
noised = points + rng.uniform(-6, 6, points.shape) * noise
centres = np.array([(-4, 2.5), (0, 2.5), (4, 2.5), (-4, -2.5), (0, -2.5), (4, -2.5)])
signs = np.array([1, -1, 1, -1, 1, -1])
distances = np.linalg.norm(noised[:, None] - centres, axis=2)
heights = signs * np.clip(1 - distances / 2, 0, 1)
labels = heights[np.arange(rows), np.abs(heights).argmax(axis=1)]
""",
}
SPLIT = """\
order = rng.permutation(rows)
points, labels = points[order], labels[order]
x, y = points[:, 0], points[:, 1]
"""


def data_code(setup: Setup) -> str:
    """Return code that defines `features` and `labels`, and `train`, how many rows to train on."""
    data = setup.experiment.data
    if data.source in MAKERS:
        made = HEAD.format(rows=setup.material.rows, noise=data.noise / 100)
        made += MAKERS[data.source] + SPLIT
    elif data.source == "formula":
        made = HEAD.format(rows=setup.material.rows, noise=data.noise / 100) + _formula(setup)
    else:
        return _loaded(setup)
    features = ", ".join(as_numpy(name) for name in setup.features.names)
    return (
        f"{made}features = np.stack([{features}], axis=1).astype('float32')\n"
        f"labels = {_labels(setup)}\n"
        f"train = int(rows * {data.train_share / 100:g})\n"
    )


def _formula(setup: Setup) -> str:
    text = as_numpy(setup.experiment.data.formula)
    labels = "values" if setup.material.labels == NUMBER else "np.where(values >= 0, 1.0, -1.0)"
    return (
        "points = rng.uniform(-6, 6, (rows, 2))\n"
        "noised = points + rng.uniform(-6, 6, points.shape) * noise\n"
        "x, y = noised[:, 0], noised[:, 1]\n"
        f"values = {text} + 0 * x\nlabels = {labels}\n" + SPLIT
    )


def _labels(setup: Setup) -> str:
    if setup.output_activation in ("sigmoid", "softmax"):
        return "(labels > 0).astype('int32')"
    return "labels.astype('float32')"


def _loaded(setup: Setup) -> str:
    source = setup.experiment.data.source
    is_built_in = not source.startswith("upload:") and source != "given"
    what = repr(source) if is_built_in else "'YOUR-FILE.csv', target='YOUR-TARGET'"
    kind = "int32" if setup.material.labels == INDEX else "float32"
    signed = (
        "labels = 2 * labels - 1\n"
        if setup.output_activation in ("tanh", "linear") and setup.material.is_classification
        else ""
    )
    return (
        "import fathom  # before keras: it chooses Keras's backend\n\n"
        f"data = fathom.load({what})\n"
        "features = np.concatenate([s.x.reshape(len(s), -1) for s in data.splits.values()])\n"
        f"labels = np.concatenate([s.y for s in data.splits.values()]).astype('{kind}')\n"
        f"{signed}train = len(data.train)\n"
    )
