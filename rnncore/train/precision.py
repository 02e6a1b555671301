"""The number type of the matrix products: what ``auto`` means here, and how a network runs in bfloat16.

Weights, optimizer and loss are float32 always. Three *paths* run a network:

``plain``      float32 throughout;
``autocast``   bfloat16 on a GPU: PyTorch casts where it is safe, cuDNN runs the recurrence;
``cast``       bfloat16 on a CPU: the weights are cast once a chunk and the whole network runs on the copies. (Autocast
               does not ask a CPU whether it can: without AMX or AVX-512 bf16, ``nn.LSTM`` raises inside of it.)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from rnncore import __version__, cost
from rnncore.errors import RecipeError
from rnncore.networks import build
from rnncore.recipe import Recipe
from rnncore.train import durable

GAIN = 1.1
"""bfloat16 is worth its lost digits where it is at least so many times as fast."""

SHARED = 2e8
"""Floating-point operations of a time step from which on it is shared between threads. Measured with threads that sleep
while they wait: at 1x64 one thread took 4 ms a training step and two took 19, at 1x512 with 16 streams 230 and 235."""

TURNS = 5
"""Of each path, taken in turn; the fastest counts, so that the first, which warms up, does not."""


def choose_device(wanted: str) -> torch.device:
    """What ``training.device`` means here. Raises RecipeError where that device is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        seen = torch.cuda.device_count()
        raise RecipeError.at("training.device", f"{wanted} is not there: PyTorch sees {seen} CUDA devices")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise RecipeError.at("training.device", "mps is not there: PyTorch sees no Apple GPU")
    return torch.device("cuda:0") if wanted == "cuda" else device


def choose_precision(wanted: str, device: torch.device, cell: str) -> str:
    """``float32`` or ``bfloat16``. ``auto`` is measured once a machine and kept in the user's cache."""
    if wanted != "auto":
        return wanted
    path = _cache() / "precision.json"
    key = _machine(device, cell)
    known = _read(path)
    if key not in known:
        known[key] = "bfloat16" if _multiplies_bfloat16(device) and _gain(device, cell) >= GAIN else "float32"
        with contextlib.suppress(OSError):  # a cache that cannot be kept costs a second at the next start
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.replace_json(path, known)
    return known[key]


def choose_threads(recipe: Recipe) -> int:
    """How many threads a training uses: one where the product of a time step is so small that waking the others takes
    longer than it does, else as many as PyTorch would."""
    size, batch = recipe.network.hidden_size, recipe.training.batch_size
    steps = recipe.training.sequence_length or recipe.task.lookback
    at_once = 1 if recipe.network.cell in cost.STEPPED else steps
    return torch.get_num_threads() if 16 * batch * size * size * at_once >= SHARED else 1


def path_of(precision: str, device: torch.device) -> str:
    """The path that runs a network in ``precision`` on ``device``."""
    if precision == "float32":
        return "plain"
    return "cast" if device.type == "cpu" else "autocast"


def wide(scores: Tensor) -> Tensor:
    """Scores at least in float32: a softmax is not taken in bfloat16."""
    return scores.to(torch.promote_types(scores.dtype, torch.float32))


class Forward:
    """Calls a network along a path; the scores come in the path's type.

    >>> Forward(network, "plain")(tokens, carry, resets)  # doctest: +SKIP
    """

    def __init__(self, network: nn.Module, path: str) -> None:
        self.network = network
        self.path = path

    def __call__(self, *inputs: Any) -> tuple[Tensor, Any]:
        if self.path == "plain":
            return self.network(*inputs)
        if self.path == "autocast":
            with torch.autocast(next(self.network.parameters()).device.type, torch.bfloat16):
                return self.network(*inputs)
        weights = {name: weight.to(torch.bfloat16) for name, weight in self.network.named_parameters()}
        return functional_call(self.network, weights, inputs)


def _multiplies_bfloat16(device: torch.device) -> bool:
    """False for a CPU that says it has no instruction for it: a measurement beside other work might be fooled."""
    flags = _cpu_flags() if device.type == "cpu" else ""
    return not flags or bool(_BFLOAT16.search(flags))


_BFLOAT16 = re.compile(r"\b(avx512_bf16|amx_bf16|avx_ne_convert|bf16)\b")  # x86 and Arm


def _cpu_flags() -> str:
    """What Linux says the CPU can do; empty where it cannot be asked."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _gain(device: torch.device, cell: str) -> float:
    """How many times as fast a training chunk is in bfloat16; 0 where it is not possible."""
    sizes = {"embedding_size": 256, "hidden_size": 256, "num_layers": 1, "vocabulary_size": 64, "context": 32}
    plain = {"format": 1, "cell": cell, "dropout": 0.0, "nonlinearity": "tanh", "bias": True, "tied": False}
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        network = build({**plain, **sizes}).to(device)
        tokens = torch.zeros(32, 32, dtype=torch.long, device=device)
    paths = [_learning(Forward(network, path), tokens) for path in ("plain", path_of("bfloat16", device))]
    try:
        turns = [[_seconds(step, device) for step in paths] for _ in range(TURNS)]
    except RuntimeError:
        return 0.0
    plain_seconds, bfloat16_seconds = (min(spent) for spent in zip(*turns, strict=True))
    return plain_seconds / bfloat16_seconds


def _learning(forward: Forward, tokens: Tensor) -> Callable[[], None]:
    def step() -> None:
        forward.network.zero_grad()
        forward(tokens)[0].float().sum().backward()

    return step


def _seconds(step: Callable[[], None], device: torch.device) -> float:
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("UNROLL_DATA") or Path(base) / "rnncore")


def _machine(device: torch.device, cell: str) -> str:
    """Names what the measurement depends on."""
    if device.type == "cuda":
        chip = torch.cuda.get_device_name(device)
    else:
        chip = f"{platform.processor() or platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
        chip += " " + hashlib.sha256(_cpu_flags().encode()).hexdigest()[:12]
    return f"{device.type} | {chip} | {cell} | torch {torch.__version__} | rnncore {__version__}"


def _read(path: Path) -> dict[str, str]:
    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
