"""Seconds per step of PyTorch's own loop, and of Keras `fit` on PyTorch, as JSON.

    python benchmarks/peers/pytorch_steps.py [NAME ...]

A few steps of every network to warm up, then at least a quarter of a second of steps.
"""

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "torch"

import networks
import torch

WARM, SECONDS = 5, 0.25


def module(network: networks.Network) -> torch.nn.Sequential:
    """Return the network in PyTorch's own layers."""
    layers: list[torch.nn.Module] = []
    channels = network.inputs[-1]
    for kind, *sizes in network.hidden:
        made, channels = made_of(kind, channels, sizes)
        layers += made
    if len(network.inputs) > 1:
        layers.append(torch.nn.Flatten())
    return torch.nn.Sequential(*layers, torch.nn.LazyLinear(network.classes))


def made_of(kind: str, channels: int, sizes: list[int]) -> tuple[list[torch.nn.Module], int]:
    """Return one layer's modules, and the channels that leave them."""
    if kind == "pool":
        return [torch.nn.MaxPool2d(2)], channels
    if kind == "dense":
        return [torch.nn.Linear(channels, sizes[0]), torch.nn.ReLU()], sizes[0]
    if kind == "conv":
        return [torch.nn.Conv2d(channels, sizes[0], 3, groups=sizes[1]), torch.nn.ReLU()], sizes[0]
    depthwise = torch.nn.Conv2d(channels, channels, 3, groups=channels, bias=False)
    return [depthwise, torch.nn.Conv2d(channels, sizes[0], 1), torch.nn.ReLU()], sizes[0]


def eager(network: networks.Network) -> float:
    """Return seconds per step of a plain loop."""
    x, y = map(torch.from_numpy, network.data())
    y = y.long()
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    model, loss_of = module(network), torch.nn.CrossEntropyLoss()
    model(x[: network.batch])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step(number: int) -> None:
        start = number % network.steps * network.batch
        rows = slice(start, start + network.batch)
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()

    return per_step(step)


def keras_fit(network: networks.Network) -> float:
    """Return seconds per step of Keras `fit` on PyTorch."""
    model, (x, y) = networks.keras_model(network), network.data()
    steps = min(network.steps, 40)
    x, y = x[: steps * network.batch], y[: steps * network.batch]
    model.fit(x, y, batch_size=network.batch, verbose=0)
    started = time.perf_counter()
    model.fit(x, y, batch_size=network.batch, verbose=0)
    return (time.perf_counter() - started) / steps


def per_step(step) -> float:
    """Return seconds per call."""
    for number in range(WARM):
        step(number)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        step(count)
        count += 1
    return (time.perf_counter() - started) / count


def main() -> None:
    """Print seconds by network: [own loop, Keras fit]."""
    asked = [n for n in networks.NETWORKS if n.name in (sys.argv[1:] or [n.name])]
    print(json.dumps({n.name: [eager(n), keras_fit(n)] for n in asked}))


main()
