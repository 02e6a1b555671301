"""What padding saves over packing: a bidirectional LSTM learns from records of different lengths, on a CPU.

*Packed* batches hold records as they come, as ``pack_padded_sequence(enforce_sorted=False)`` takes them; *padded* ones
hold records of like length, as :class:`rnncore.data.buckets.Buckets` forms them, and go through
:meth:`rnncore.networks.stack.Stack.read`. A turn reads the same records once, forwards and backwards; its batches lie
ready in memory. Where all lengths are equal, the two differ in the layer alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore.bench import fastest
from rnncore.data.buckets import Buckets, pad
from rnncore.networks.stack import Stack

GOAL = 5.0
INPUT, HIDDEN, BATCH, LONGEST = 128, 256, 64, 200
BATCHES, EQUAL = 48, 4
"""How many: with lengths that differ, enough to find like ones among; where all are equal, a few say the same."""

ROUNDS = 3
MEDIAN, SPREAD = 40, 0.7
"""Of the log-normal lengths: half of the records are shorter; the standard deviation of the logarithm."""


def measure() -> dict[str, Any]:
    """Milliseconds a batch, packed and padded, and how many times as fast padded is."""
    drawn = np.random.default_rng(1).lognormal(np.log(MEDIAN), SPREAD, BATCHES * BATCH)
    lengths = {
        "log-normal": np.clip(drawn, 1, LONGEST).astype(np.int64),
        "equal": np.full(EQUAL * BATCH, LONGEST),
    }
    return {"goal": GOAL, "sizes": [_measure(name, of) for name, of in lengths.items()]}


def table(numbers: dict[str, Any]) -> str:
    lines = [f"  lengths       mean    packed    padded  ratio (goal: at least {numbers['goal']:.0f})   (ms a batch)"]
    for size in numbers["sizes"]:
        lines.append(
            f"  {size['lengths']:<12} {size['mean_length']:5.1f}  {size['packed_ms']:8.1f}  {size['padded_ms']:8.1f}"
            f"  {size['ratio']:5.1f}"
        )
    return "\n".join(lines)


def _measure(name: str, lengths: np.ndarray) -> dict[str, Any]:
    torch.manual_seed(1)
    stack = Stack("lstm", INPUT, HIDDEN, 1, bidirectional=True)
    layer = nn.LSTM(INPUT, HIDDEN, bidirectional=True)
    layer.load_state_dict(stack.state_dict())
    records = [torch.randn(int(length), INPUT).numpy() for length in lengths]
    buckets = Buckets(lengths, BATCH, seed=1)
    as_they_come = np.arange(len(records)).reshape(-1, BATCH)
    contestants = {
        "packed": _turn(layer, _batches(records, as_they_come), _packed),
        "padded": _turn(stack, _batches(records, [next(buckets) for _ in range(buckets.per_epoch)]), _padded),
    }
    best = fastest(contestants, ROUNDS)
    return {
        "lengths": name, "mean_length": float(lengths.mean()), "hidden_size": HIDDEN, "batch_size": BATCH,
        "packed_ms": best["packed"] * 1e3, "padded_ms": best["padded"] * 1e3, "ratio": best["packed"] / best["padded"],
    }  # fmt: skip


def _batches(records: list[np.ndarray], batches: Any) -> list[tuple[Tensor, Tensor]]:
    """Padded batches ``(time, batch, input)`` and their lengths."""
    return [tuple(map(torch.from_numpy, pad([records[index] for index in batch]))) for batch in batches]


def _packed(layer: nn.LSTM, x: Tensor, lengths: Tensor) -> tuple[Tensor, Any]:
    output, last = layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
    return pad_packed_sequence(output)[0], last


def _padded(stack: Stack, x: Tensor, lengths: Tensor) -> tuple[Tensor, Any]:
    return stack.read(x, lengths)


def _turn(network: nn.Module, batches: list[tuple[Tensor, Tensor]], read: Callable[..., Any]) -> Callable[[], float]:
    """Seconds a batch, all of them read and learned from."""

    def turn() -> float:
        start = time.perf_counter()
        for x, lengths in batches:
            network.zero_grad(set_to_none=True)
            read(network, x, lengths)[0].square().mean().backward()
        return (time.perf_counter() - start) / len(batches)

    return turn
