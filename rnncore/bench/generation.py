"""How fast text is written: a step of :mod:`rnncore.infer` against PyTorch's layers called step by step.

Both read one token and give the scores of the next: embedding, two LSTM layers, scores, one sequence, float32.
PyTorch runs in inference mode with one thread and with all, as it comes and without oneDNN (which prepares the weights
of an LSTM anew in each call). ``written`` is a whole token: a step, and the draw with five runners-up.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from rnncore.bench import fastest
from rnncore.data import tokens
from rnncore.infer.runtime import Runtime
from rnncore.infer.writing import Request, write

SIZES = {128: 2, 256: 2, 512: 4}
"""Hidden sizes, and how many times as fast as ``nn.LSTM`` the runtime should be."""

LAYERS = 2
EMBEDDING = 128
VOCABULARY = 65
STEPS = 50
ROUNDS = 10


def measure() -> dict[str, Any]:
    """Microseconds a token by hidden size, and how many times as fast as PyTorch."""
    return {"sizes": [_measure(hidden, goal) for hidden, goal in SIZES.items()]}


def table(numbers: dict[str, Any]) -> str:
    lines = ["  network  runtime  written  nn.LSTM  ratio  goal  without oneDNN  ratio   (µs a token)"]
    for size in numbers["sizes"]:
        lines.append(
            f"  {size['layers']}x{size['hidden_size']:<5}  {size['runtime_us']:7.0f}  {size['written_us']:7.0f}"
            f"  {size['lstm_us']:7.0f}  {size['ratio']:5.1f}  {size['goal']:4}"
            f"  {size['lstm_without_onednn_us']:14.0f}  {size['ratio_without_onednn']:5.1f}"
        )
    return "\n".join(lines)


def _measure(hidden: int, goal: float) -> dict[str, Any]:
    network = nn.ModuleDict({
        "embedding": nn.Embedding(VOCABULARY, EMBEDDING),
        "rnn": nn.LSTM(EMBEDDING, hidden, LAYERS),
        "head": nn.Linear(hidden, VOCABULARY),
    }).eval()  # fmt: skip
    runtime = _runtime(network, hidden)
    threads = torch.get_num_threads()
    contestants = {"runtime": _stepping(runtime), "written": _writing(runtime)}
    for count in sorted({1, threads}):
        contestants[f"as it comes, {count}"] = _pytorch(network, count, nullcontext)
        contestants[f"without oneDNN, {count}"] = _pytorch(network, count, _without_onednn)
    best = fastest(contestants, ROUNDS)
    torch.set_num_threads(threads)
    lstm = min(seconds for name, seconds in best.items() if name.startswith("as it comes"))
    plain = min(seconds for name, seconds in best.items() if name.startswith("without"))
    return {
        "layers": LAYERS, "hidden_size": hidden, "goal": goal,
        "runtime_us": best["runtime"] * 1e6, "written_us": best["written"] * 1e6,
        "lstm_us": lstm * 1e6, "ratio": lstm / best["runtime"],
        "lstm_without_onednn_us": plain * 1e6, "ratio_without_onednn": plain / best["runtime"],
    }  # fmt: skip


def _runtime(network: nn.ModuleDict, hidden: int) -> Runtime:
    description = {
        "format": 1, "task": "language_model", "cell": "lstm", "vocabulary_size": VOCABULARY,
        "embedding_size": EMBEDDING, "hidden_size": hidden, "num_layers": LAYERS, "nonlinearity": "tanh",
        "bias": True, "tied": False,
    }  # fmt: skip
    alphabet = tokens.build("char", ["".join(chr(48 + index) for index in range(VOCABULARY))])
    return Runtime(description, {name: weight.numpy() for name, weight in network.state_dict().items()}, alphabet)


def _timed(step: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - start) / STEPS


def _stepping(runtime: Runtime) -> Callable[[], float]:
    state = runtime.start()
    return lambda: _timed(lambda: runtime.step(state, 3))


def _writing(runtime: Runtime) -> Callable[[], float]:
    def turn() -> float:
        pieces = write(runtime, Request(prompt="0", length=STEPS + 1, seed=1, alternatives=5))
        next(pieces)
        return _timed(lambda: next(pieces))

    return turn


def _pytorch(
    network: nn.ModuleDict, threads: int, setting: Callable[[], AbstractContextManager[Any]]
) -> Callable[[], float]:
    token = torch.tensor([[3]])
    state = None

    def step() -> np.ndarray:
        nonlocal state
        output, state = network["rnn"](network["embedding"](token), state)
        return network["head"](output)[0, 0].numpy()

    def turn() -> float:
        torch.set_num_threads(threads)
        with torch.inference_mode(), setting():
            return _timed(step)

    return turn


@contextmanager
def _without_onednn() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about Intel GPUs that are not there
        with torch.backends.mkldnn.flags(enabled=False):
            yield
