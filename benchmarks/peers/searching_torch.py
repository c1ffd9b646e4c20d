"""The networks of a search in PyTorch, and their training epoch by epoch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from searching import Layer, Task

warnings.filterwarnings("ignore", message="Lazy modules")


def network(layers: list[Layer], classes: int) -> torch.nn.Sequential:
    """Return a network whose inputs' sizes are found out by its first call."""
    makers = {
        "dense": torch.nn.LazyLinear,
        "conv": lambda channels: torch.nn.LazyConv2d(channels, 3, padding="same"),
        "halve": lambda channels: torch.nn.LazyConv2d(channels, 2, stride=2),
        "relu": torch.nn.ReLU,
        "pool": lambda: torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()),
    }
    modules: list[torch.nn.Module] = []
    for kind, *sizes in layers:
        if kind == "halve":  # an odd side is rounded up
            modules.append(Even())
        modules.append(makers[kind](*sizes))
    return torch.nn.Sequential(*modules, torch.nn.LazyLinear(classes))


class Even(torch.nn.Module):
    """Fill height and width up to even numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.pad(x, (0, x.shape[-1] % 2, 0, x.shape[-2] % 2))


def tensors(task: Task) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the splits, channels on axis 1."""
    return [(_channels_first(x), torch.from_numpy(y).long()) for x, y in task.splits()]


def _channels_first(x: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(x)
    return tensor.permute(0, 3, 1, 2).contiguous() if tensor.ndim == 4 else tensor


def training(
    task: Task, depth: int, rate: float, seed: int, splits: list
) -> Iterator[tuple[float, float, float]]:
    """Train, and yield after every epoch: validation accuracy, the best so far, its test's."""
    train, validation, test = splits
    torch.set_num_threads(1)  # quickest for networks this small
    torch.manual_seed(seed)
    model = network(task.layers(depth), int(train[1].max()) + 1)
    model(train[0][:1])
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    loss_of = torch.nn.CrossEntropyLoss()
    best, tested = -1.0, 0.0
    for _ in range(task.epochs):
        for rows in torch.randperm(len(train[0])).split(task.batch):
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(train[0][rows]), train[1][rows]).backward()
            optimizer.step()
        score = accuracy(model, validation)
        if score > best:
            best, tested = score, accuracy(model, test)
        yield score, best, tested


def accuracy(model: torch.nn.Module, split: tuple[torch.Tensor, torch.Tensor]) -> float:
    """Return the share of rows that are classified rightly."""
    with torch.no_grad():
        parts = zip(split[0].split(1024), split[1].split(1024))
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in parts)
    return right / len(split[1])
