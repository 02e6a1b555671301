"""How fast this machine trains: the three numbers of :class:`rnncore.cost.Calibration`, measured in a few seconds."""

from __future__ import annotations

import platform
import time
from typing import Any

import torch
from torch.nn import functional as F

from rnncore import cost
from rnncore.networks import build_new
from rnncore.recipe import Recipe
from rnncore.train import optimizer
from rnncore.train.precision import Forward, choose_device, choose_precision, path_of

VOCABULARY = 64
SECONDS = 1.2
"""For each of the networks that are measured."""


def measure() -> dict[str, Any]:
    """Time a training step of three networks and solve for the numbers. Takes about four seconds.

    A tiny network shows what steps cost that have nothing to compute, at two lengths: what grows with the length is a
    time step's, the rest is fixed. A large one shows how fast the computing goes.
    """
    device = choose_device("auto")
    precision = choose_precision("auto", device, "lstm")
    short, long = _recipe(8, 1, 16), _recipe(8, 1, 256)
    large = _recipe(320, 48, 64) if device.type == "cpu" else _recipe(1024, 128, 128)
    seconds = {recipe: _step_seconds(recipe, device, precision) for recipe in (short, long, large)}
    overhead = max(0.0, (seconds[long] - seconds[short]) / (256 - 16) / 2)
    fixed = max(0.0, seconds[short] - 2 * 16 * overhead)
    training = large.training
    work = cost.token_flops(large.network, VOCABULARY) * training.batch_size * training.sequence_length
    computing = seconds[large] - fixed - 2 * training.sequence_length * overhead
    return {
        "flops": work / max(computing, 0.1 * seconds[large]), "step_overhead": overhead, "fixed": fixed,
        "device": str(device), "precision": precision, "threads": torch.get_num_threads(),
        "torch": torch.__version__, "machine": platform.machine(),
    }  # fmt: skip


def table(numbers: dict[str, Any]) -> str:
    overhead, fixed = numbers["step_overhead"] * 1e6, numbers["fixed"] * 1e3
    return "\n".join([
        f"  {numbers['device']}, {numbers['precision']}, {numbers['threads']} threads",
        f"  {numbers['flops'] / 1e9:,.1f} GFLOP/s in large steps",
        f"  {overhead:.1f} µs for a time step of a layer, {fixed:.2f} ms for a training step",
    ])  # fmt: skip


def _recipe(hidden: int, batch: int, length: int) -> Recipe:
    return Recipe.parse({
        "task": {"kind": "language_model"},
        "network": {
            "cell": "lstm", "hidden_size": hidden, "embedding_size": max(1, hidden // 2), "num_layers": 2,
            "dropout": 0.1, "bidirectional": False, "nonlinearity": "tanh", "bias": True, "tied": False,
            "init": "default",
        },
        "training": {
            "batch_size": batch, "sequence_length": length, "optimizer": "adamw", "learning_rate": 1e-3,
            "weight_decay": 0.01,
        },
    })  # fmt: skip


def _step_seconds(recipe: Recipe, device: torch.device, precision: str) -> float:
    """The best time of one training step of ``recipe``, after two that warm up."""
    network = build_new(recipe, VOCABULARY).to(device)
    forward = Forward(network, path_of(precision, device))
    steps = optimizer.build(network, recipe.training)
    shape = recipe.training.sequence_length, recipe.training.batch_size
    tokens = torch.arange(shape[0] * shape[1], device=device).reshape(shape) % VOCABULARY
    spent: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(spent) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        scores, _ = forward(tokens)
        F.cross_entropy(scores.flatten(0, 1).float(), tokens.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        steps.step()
        steps.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        spent.append(time.perf_counter() - start)
    return min(spent[2:])
