"""The network as a PyTorch program."""

from __future__ import annotations

from fathom.exports import ACTIVATIONS, EXPONENTIAL
from fathom.play.code_keras import loss_of, schedule_code
from fathom.play.experiment import Experiment, Layer
from fathom.play.setup import Setup

INITIALIZERS = {
    "glorot_uniform": "nn.init.xavier_uniform_(weight)",
    "glorot_normal": "nn.init.xavier_normal_(weight)",
    "he_normal": "nn.init.kaiming_normal_(weight, nonlinearity='relu')",
    "he_uniform": "nn.init.kaiming_uniform_(weight, nonlinearity='relu')",
    "lecun_normal": "nn.init.normal_(weight, std=weight.shape[1] ** -0.5)",
    "lecun_uniform": "nn.init.uniform_(weight, -(3 / weight.shape[1]) ** 0.5, "
    "(3 / weight.shape[1]) ** 0.5)",
    "orthogonal": "nn.init.orthogonal_(weight)",
    "random_normal": "nn.init.normal_(weight, std=0.05)",
    "random_uniform": "nn.init.uniform_(weight, -0.05, 0.05)",
    "zeros": "nn.init.zeros_(weight)",
    "ones": "nn.init.ones_(weight)",
    "playground": "nn.init.uniform_(weight, -0.5, 0.5)",
}
OPTIMIZERS = {
    "sgd": "SGD", "adagrad": "Adagrad", "adadelta": "Adadelta", "rmsprop": "RMSprop",
    "adam": "Adam", "adamax": "Adamax", "nadam": "NAdam", "adamw": "AdamW",
    "adafactor": "Adafactor",
}  # fmt: skip
LOSSES = {
    "half_squared_error": "((said - target) ** 2).mean() / 2",
    "mean_squared_error": "((said - target) ** 2).mean()",
    "mean_absolute_error": "(said - target).abs().mean()",
    "huber": "nn.functional.huber_loss(said, target)",
    "log_cosh": "torch.log(torch.cosh(said - target)).mean()",
    "hinge": "(1 - target * said).clamp(min=0).mean()",
    "squared_hinge": "((1 - target * said).clamp(min=0) ** 2).mean()",
}
NORMS = {"batch": "nn.BatchNorm1d({units})", "layer": "nn.LayerNorm({units})"}
BLOCK = '''
class Skip(nn.Module):
    """A block whose input is added to its output."""

    def __init__(self, block, inputs, units):
        super().__init__()
        self.block = block
        same = inputs == units
        self.projection = nn.Identity() if same else nn.Linear(inputs, units, bias=False)

    def forward(self, x):
        return self.block(x) + self.projection(x)

'''


def pytorch_code(setup: Setup, data: str) -> str:
    """Return the program."""
    experiment = setup.experiment
    layers = experiment.network.layers
    parts = [BLOCK] if any(layer.skip for layer in layers) else []
    parts += [EXPONENTIAL] if any(layer.activation == "exponential" for layer in layers) else []
    return (
        "import numpy as np\nimport torch\nfrom torch import nn\n\n"
        f"{data}{''.join(parts)}\n{_model(setup)}\n{_start(experiment)}\n"
        f"{schedule_code(setup)}{_loop(setup)}"
    )


def _model(setup: Setup) -> str:
    layout = setup.machine.network.layout
    width = len(setup.features.names)
    lines = []
    for layer in setup.experiment.network.layers:
        lines.append(f"    {_block(layer, width)},")
        width = layer.units
    lines.append(f"    nn.Linear({width}, {layout.layers[-1].units}),")
    if not _from_logits(setup):
        lines.append(f"    {ACTIVATIONS[setup.output_activation]},")
    frozen = [k for k, layer in enumerate(setup.experiment.network.layers) if layer.frozen]
    if setup.experiment.network.output.frozen:
        frozen.append(len(setup.experiment.network.layers))
    freezing = [f"model[{k}].requires_grad_(False)" for k in frozen]
    return "\n".join(["model = nn.Sequential(", *lines, ")", *freezing, ""])


def _from_logits(setup: Setup) -> bool:
    return loss_of(setup) in ("crossentropy", "focal")


def _block(layer: Layer, inputs: int) -> str:
    parts = [f"nn.Linear({inputs}, {layer.units})"]
    if layer.normalization != "none":
        parts.append(NORMS[layer.normalization].format(units=layer.units))
    parts.append(ACTIVATIONS[layer.activation])
    if layer.dropout:
        parts.append(f"nn.Dropout({layer.dropout:g})")
    block = f"nn.Sequential({', '.join(parts)})"
    return f"Skip({block}, {inputs}, {layer.units})" if layer.skip else block


def _start(experiment: Experiment) -> str:
    zero = experiment.init_zero
    weight = INITIALIZERS["zeros" if zero else experiment.network.initializer]
    bias = 0.1 if experiment.network.initializer == "playground" and not zero else 0.0
    return (
        "for part in model.modules():\n    if isinstance(part, nn.Linear):\n"
        f"        weight = part.weight\n        {weight}\n"
        f"        if part.bias is not None:\n            nn.init.constant_(part.bias, {bias:g})\n"
    )


def _loop(setup: Setup) -> str:
    experiment = setup.experiment
    epochs = experiment.stop.epochs or 100
    order = "torch.randperm(train)" if experiment.shuffle else "torch.arange(train)"
    targets = (
        "torch.as_tensor(labels).long()"
        if setup.output_activation == "softmax" and _from_logits(setup)
        else _plain_targets(setup)
    )
    scheduled = (
        "    for group in optimizer.param_groups:\n        group['lr'] = rate_at(epoch)\n"
        if schedule_code(setup)
        else ""
    )
    return (
        f"inputs = torch.as_tensor(features)\ntargets = {targets}\n"
        f"trained = [p for p in model.parameters() if p.requires_grad]\n"
        f"{_optimizer(experiment)}\n\n"
        f"def loss_of(said, target):\n    return {_loss(setup)}\n\n\n"
        f"for epoch in range({epochs}):\n{scheduled}    model.train()\n"
        f"    for rows in {order}.split({experiment.batch_size}):\n"
        "        loss = loss_of(model(inputs[rows]), targets[rows])\n"
        f"{_penalty(experiment)}"
        "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n"
        "    model.eval()\n    with torch.no_grad():\n"
        "        test = loss_of(model(inputs[train:]), targets[train:])\n"
        "    print(epoch + 1, float(loss.detach()), float(test))\n"
    )


def _plain_targets(setup: Setup) -> str:
    if setup.output_activation == "softmax":
        classes = setup.machine.network.layout.layers[-1].units
        return f"nn.functional.one_hot(torch.as_tensor(labels).long(), {classes}).float()"
    return "torch.as_tensor(labels).float()[:, None]"


def _loss(setup: Setup) -> str:
    name, output = loss_of(setup), setup.output_activation
    if name == "crossentropy":
        kind = "binary_cross_entropy_with_logits" if output == "sigmoid" else "cross_entropy"
        return f"nn.functional.{kind}(said, target)"
    if name == "focal":
        each = (
            "nn.functional.binary_cross_entropy_with_logits(said, target, reduction='none')"
            if output == "sigmoid"
            else "nn.functional.cross_entropy(said, target, reduction='none')"
        )
        return f"(lambda each: ((1 - (-each).exp()) ** 2 * each).mean())({each})"
    return LOSSES[name]


def _penalty(experiment: Experiment) -> str:
    regularization = experiment.regularization
    if regularization.name == "none" or not regularization.rate:
        return ""
    each = "p.abs().sum()" if regularization.name == "l1" else "(p**2).sum() / 2"
    return (
        f"        loss = loss + {regularization.rate:g} * "
        f"sum({each} for p in trained if p.ndim == 2)\n"
    )


def _optimizer(experiment: Experiment) -> str:
    settings = experiment.optimizer
    name = str(settings["name"])
    rate = settings["learning_rate"]
    if name not in OPTIMIZERS:
        return (
            f"# PyTorch has no {name}; Adam is the nearest.\n"
            f"optimizer = torch.optim.Adam(trained, lr={rate!r})\n"
        )
    own = [f"lr={rate!r}"]
    if "beta_1" in settings or "beta_2" in settings:
        own.append(f"betas=({settings.get('beta_1', 0.9)!r}, {settings.get('beta_2', 0.999)!r})")
    names = {"momentum": "momentum", "nesterov": "nesterov", "rho": "alpha", "epsilon": "eps"}
    names |= {"weight_decay": "weight_decay", "amsgrad": "amsgrad", "centered": "centered"}
    names |= {"rho": "rho"} if name == "adadelta" else {}
    skip = name == "sgd" and not settings.get("momentum")
    for key, theirs in names.items():
        if key in settings and not (key == "nesterov" and skip):
            own.append(f"{theirs}={settings[key]!r}")
    return f"optimizer = torch.optim.{OPTIMIZERS[name]}(trained, {', '.join(own)})\n"
