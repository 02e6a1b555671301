"""One time step of a transformer, for one sequence: equals :mod:`rnncore.networks.transformer`.

The keys and values of the steps that it looks back to are kept in a ring, each block's own; what a block has read is
not needed again. Keys are turned by the step's number when they are made, in float64, so that long texts do not blur.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

HEAD_UNITS = 32
BASE = 10_000.0
"""Wavelengths of the rotary positions go from 2π to about 2π times so many steps."""
EPSILON = 1e-5
"""Of the norms."""


@dataclass
class Seen:
    """What one text has read. ``keys``, ``values``: ``(layers, slots, heads, units)``; ``count``: steps so far;
    ``output``: ``(hidden,)``, of the last one."""

    keys: Array
    values: Array
    output: Array
    count: int = 0

    def copy(self) -> Seen:
        return deepcopy(self)


class Attending:
    """The blocks, their weights made ready. ``weights``: arrays by the training network's names."""

    def __init__(self, network: Mapping[str, Any], weights: Mapping[str, Array]) -> None:
        self.size, self.slots = network["hidden_size"], network["context"] + 1
        self.heads = heads(self.size)
        self.dtype = weights["embedding.weight"].dtype
        nothing = np.zeros(4 * self.size, self.dtype)
        self.layers = [
            {
                name: weights.get(f"rnn.layers.{k}.{name}", nothing[:rows])
                for name, (rows, *_) in _block(self.size).items()
            }
            for k in range(network["num_layers"])
        ]
        self.norm = weights["rnn.norm.weight"], weights.get("rnn.norm.bias", nothing[: self.size])
        self.input = weights["rnn.input.weight"], weights.get("rnn.input.bias", nothing[: self.size])
        half = self.size // self.heads // 2
        self.turns = BASE ** (-np.arange(half) / max(1, half))

    def start(self) -> Seen:
        shape = len(self.layers), self.slots, self.heads, self.size // self.heads
        return Seen(np.zeros(shape, self.dtype), np.zeros(shape, self.dtype), np.zeros(self.size, self.dtype))

    def output(self, state: Seen) -> Array:
        return state.output

    def project(self, x: Array) -> Array:
        """What the first block reads: ``(…, input)`` to ``(…, hidden)``."""
        return x @ self.input[0].T + self.input[1]

    def step(self, state: Seen, h: Array) -> None:
        """Read one step, ``(hidden,)``, projected."""
        slot, there = state.count % self.slots, min(state.count + 1, self.slots)
        angle = state.count * self.turns
        turn = np.cos(angle).astype(self.dtype), np.sin(angle).astype(self.dtype)
        for w, keys, values in zip(self.layers, state.keys, state.values, strict=True):
            a = _normed(h, w["norm_attention.weight"], w["norm_attention.bias"])
            query = self._turned(w["query.weight"] @ a + w["query.bias"], turn)
            key, values[slot] = (w["key_value.weight"] @ a + w["key_value.bias"]).reshape(2, self.heads, -1)
            keys[slot] = self._turned(key, turn)
            h = h + w["attended.weight"] @ _attended(query, keys[:there], values[:there]) + w["attended.bias"]
            a = _normed(h, w["norm_feed.weight"], w["norm_feed.bias"])
            h = h + w["down.weight"] @ _gelu(w["up.weight"] @ a + w["up.bias"]) + w["down.bias"]
        state.output = _normed(h, *self.norm)
        state.count += 1

    def read(self, state: Seen, projected: Array) -> None:
        """Read many steps, ``(steps, hidden)``, projected."""
        for h in projected:
            self.step(state, h)

    def _turned(self, x: Array, turn: tuple[Array, Array]) -> Array:
        (cos, sin), x = turn, x.reshape(self.heads, -1)
        one, other, odd = x[:, : len(cos)], x[:, len(cos) : 2 * len(cos)], x[:, 2 * len(cos) :]
        return np.concatenate([one * cos - other * sin, one * sin + other * cos, odd], 1)


def shapes(network: Mapping[str, Any], inputs: int) -> dict[str, tuple[int, ...]]:
    """The weights of the stack that a description implies."""
    hidden = network["hidden_size"]
    found = {
        "input.weight": (hidden, inputs),
        "input.bias": (hidden,),
        "norm.weight": (hidden,),
        "norm.bias": (hidden,),
    }
    for k in range(network["num_layers"]):
        found |= {f"layers.{k}.{name}": shape for name, shape in _block(hidden).items()}
    return {f"rnn.{name}": shape for name, shape in found.items() if network["bias"] or not name.endswith("bias")}


def heads(hidden_size: int) -> int:
    """How many heads: the most that have at least :data:`HEAD_UNITS` units each, and at least one."""
    return next(count for count in range(max(1, hidden_size // HEAD_UNITS), 0, -1) if hidden_size % count == 0)


def _block(hidden: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a block's weights."""
    linear = {
        "query": (hidden, hidden), "key_value": (2 * hidden, hidden), "attended": (hidden, hidden),
        "up": (4 * hidden, hidden), "down": (hidden, 4 * hidden), "norm_attention": (hidden,), "norm_feed": (hidden,),
    }  # fmt: skip
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in linear.items():
        found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return found


def _normed(x: Array, weight: Array, bias: Array) -> Array:
    x = x - x.mean()
    return x / np.sqrt((x * x).mean() + EPSILON) * weight + bias


def _attended(query: Array, keys: Array, values: Array) -> Array:
    """``query`` ``(heads, units)``, ``keys`` and ``values`` ``(steps, heads, units)``; gives ``(hidden,)``."""
    scores = np.einsum("shu,hu->hs", keys, query) / np.sqrt(query.dtype.type(query.shape[1]))
    scores = np.exp(scores - scores.max(1, keepdims=True))
    return np.einsum("hs,shu->hu", scores / scores.sum(1, keepdims=True), values).ravel()


def _gelu(x: Array) -> Array:
    """D. Hendrycks and K. Gimpel, "Gaussian error linear units", 2016, with their tanh."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(x.dtype.type(2 / np.pi)) * (x + 0.044715 * x * x * x)))
