"""What the trainer costs on top of a bare loop: the same network, optimizer and batches, written out.

The bare loop finds its batches ready in memory as tensors and writes nothing down; the trainer reads them from the
encoded text, schedules the learning rate, watches for divergence, and states its events. Neither evaluates, writes
samples or keeps checkpoints while it is timed. Both do the same steps in turns: the trainer goes on to its next
progress event, then the bare loop does as many steps.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from rnncore import networks
from rnncore.bench import fastest
from rnncore.data import store, streams, synthetic, tokens
from rnncore.data.sources import open_text
from rnncore.recipe import Recipe
from rnncore.train import optimizer
from rnncore.train.loop import train
from rnncore.train.meter import WINDOW_SECONDS

SIZES = [(1, 64, 16, 32), (2, 128, 32, 64), (2, 256, 64, 128)]
"""Layers, hidden size, streams, steps of a chunk."""

GOAL = 0.03
CHARACTERS = 300_000
TURNS = 12
NEVER = 10**9


def measure() -> dict[str, Any]:
    """Milliseconds a step, bare and trained, and the overhead as a share."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        synthetic.write("grammar", text, CHARACTERS, seed=1)
        return {"goal": GOAL, "sizes": [_measure(text, Path(folder) / f"run{n}", *s) for n, s in enumerate(SIZES)]}


def table(numbers: dict[str, Any]) -> str:
    lines = [f"  network  batch      bare  trainer  overhead (goal: at most {numbers['goal']:.0%})   (ms a step)"]
    for size in numbers["sizes"]:
        lines.append(
            f"  {size['layers']}x{size['hidden_size']:<5}  {size['batch_size']:2}x{size['sequence_length']:<3}"
            f"  {size['bare_ms']:8.2f} {size['trainer_ms']:8.2f}  {size['overhead']:+.1%}"
        )
    return "\n".join(lines)


def _measure(text: Path, out: Path, layers: int, hidden: int, batch: int, length: int) -> dict[str, Any]:
    recipe = Recipe.parse({
        "task": {"kind": "language_model", "tokens": "char"},
        "network": {"cell": "lstm", "hidden_size": hidden, "num_layers": layers, "embedding_size": 64},
        "training": {
            "device": "cpu", "precision": "float32", "batch_size": batch, "sequence_length": length,
            "max_steps": NEVER, "validation_fraction": 0.0, "evaluate_every": NEVER, "checkpoint_every": NEVER,
        },
        "sampling": {"every": 0},
    })  # fmt: skip
    trainer = train(recipe, text, out)
    progress = (event for event in trainer if event["kind"] == "progress")
    step = _settled(progress)
    bare = _bare(Recipe.load(out / "recipe.json"), text, out.with_suffix(".bare"))
    _steps(bare, step)

    def trainer_turn() -> float:
        nonlocal step, taken
        start = time.perf_counter()
        now = next(progress)["step"]
        step, taken = now, now - step
        return (time.perf_counter() - start) / taken

    def bare_turn() -> float:
        start = time.perf_counter()
        _steps(bare, taken)
        return (time.perf_counter() - start) / taken

    taken = 0
    best = fastest({"trainer": trainer_turn, "bare": bare_turn}, TURNS)
    trainer.close()
    return {
        "layers": layers, "hidden_size": hidden, "batch_size": batch, "sequence_length": length,
        "bare_ms": best["bare"] * 1e3, "trainer_ms": best["trainer"] * 1e3,
        "overhead": best["trainer"] / best["bare"] - 1,
    }  # fmt: skip


def _settled(progress: Iterator[dict[str, Any]]) -> int:
    """Go on until progress events lie as far apart as they are going to; the step of the last one."""
    while True:
        start = time.perf_counter()
        step = next(progress)["step"]
        if time.perf_counter() - start > WINDOW_SECONDS / 2:
            return step


def _steps(bare: Iterator[None], count: int) -> None:
    for _ in islice(bare, count):
        pass


def _bare(recipe: Recipe, text: Path, folder: Path) -> Iterator[None]:
    """The same training from its first step, one step a ``next``."""
    with open_text(text) as blocks:
        tokenizer = tokens.build("char", blocks)
    training = recipe.training
    part = streams.split(store.encode(text, tokenizer, folder), 0.0, 0.0).train
    reading = streams.Streams(part, training.batch_size, training.sequence_length)
    chunks = [
        (chunk.first, torch.from_numpy(chunk.inputs), torch.from_numpy(chunk.targets).flatten())
        for chunk in islice(reading, reading.chunks_per_epoch)
    ]
    torch.manual_seed(training.seed)
    network = networks.build_new(recipe, tokenizer.vocabulary_size)
    optimize = optimizer.build(network, training)
    carry = None
    for first, inputs, targets in cycle(chunks):
        scores, carry = network(inputs, None if first else carry)
        F.cross_entropy(scores.flatten(0, 1), targets, ignore_index=streams.IGNORE).backward()
        clip_grad_norm_(network.parameters(), training.clip_norm)
        optimize.step()
        optimize.zero_grad(set_to_none=True)
        carry = tuple(tuple(part.detach() for part in state) for state in carry)
        yield
