"""Language model: read a text, score the next token at every step.

Loss is nats per token. Trained by truncated backpropagation through time over contiguous streams, measured over every
token of a split with the state carried on.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore import baselines, familiar, networks
from rnncore.baselines import text_metrics
from rnncore.data import sources, store, streams, tokens
from rnncore.data.streams import IGNORE, Chunk, Lanes, Streams
from rnncore.defaults import Facts
from rnncore.errors import CheckpointError, DataError, PromptError, RecipeError
from rnncore.events import Baseline, Sampled
from rnncore.infer.runtime import Runtime
from rnncore.infer.writing import Request, write
from rnncore.recipe import Recipe
from rnncore.recipe import Task as TaskTable
from rnncore.tasks import Measured, Sources, known
from rnncore.train import diagnostics, durable
from rnncore.train.precision import Forward, choose_device, wide

EVALUATION_LANES, EVALUATION_STEPS = 256, 64
EVALUATION_SCORES = 2**25
"""Scores that one chunk of an evaluation may hold: 128 MiB in float32."""

PROBE_STREAMS = 8
"""Side by side in the chunk on which the gradient's reach is looked at: always the same, the first of the text."""

CEILING = 10
"""Times the loss of a network that knows nothing, uniform over the vocabulary: beyond it, learning went wrong."""


class _Batches(Streams):
    """The streams as the loop knows them."""

    @property
    def per_epoch(self) -> int:
        return self.chunks_per_epoch


class Task:
    """See :class:`rnncore.tasks.Task`."""

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        self.recipe, table = recipe, recipe.task

        def progress(done: int, total: int) -> None:
            tick()

        taken = known.of(folder)
        self.tokenizer = taken.tokenizer() if taken else _tokenizer(table, files, folder, tick)
        reader = self.tokenizer.skipping() if taken and self.tokenizer.kind == "char" else self.tokenizer
        self.stores = {
            name: store.encode(path, reader, folder / name, documents=table.documents, progress=progress)
            for name, path in files.named().items()
        }
        data = self.stores["data"]
        self.unknown = _unknown(data, self.tokenizer, files.data.name) if taken else None
        self.facts = Facts(
            tokens=len(data), vocabulary_size=self.tokenizer.vocabulary_size, characters=data.characters()
        )

    def begin(self, recipe: Recipe) -> None:
        self.recipe = recipe
        training = recipe.training
        self.parts = streams.split(
            self.stores["data"], training.validation_fraction, training.test_fraction,
            valid=self.stores.get("valid"), test=self.stores.get("test"),
        )  # fmt: skip
        self.lanes = {part.name: Lanes(part) for part in (self.parts.valid, self.parts.test) if part}
        for prompt in recipe.sampling.prompts:
            try:
                self.tokenizer.encode_prompt(prompt)
            except PromptError as error:
                raise RecipeError.at("sampling.prompts", str(error)) from None

    def network(self) -> nn.Module:
        return networks.build_new(self.recipe, self.tokenizer.vocabulary_size)

    def texts(self) -> dict[str, str]:
        return {"network.json": json.dumps(self._description(), indent=1), "tokenizer.json": self.tokenizer.to_json()}

    def batches(self) -> Streams:
        return _Batches(self.parts.train, self.recipe.training.batch_size, self.recipe.training.sequence_length)

    def loss(self, forward: Forward, batch: Chunk, carry: Any, device: torch.device) -> tuple[Tensor, int, Any]:
        scores, carry = _read(forward, batch, carry, device)
        targets = _tensor(batch.targets, device)
        return F.cross_entropy(wide(scores).flatten(0, 1), targets.flatten(), ignore_index=IGNORE), batch.count, carry

    def splits(self) -> tuple[str, ...]:
        return tuple(self.lanes)

    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        return measure_text(forward, self.lanes[split], self.tokenizer.vocabulary_size, device, tick)

    def quick_baselines(self) -> list[Baseline]:
        return []

    def baselines(self) -> dict[str, Any] | None:
        if "valid" not in self.lanes:
            return None
        return baselines.spec(self.parts.train, self.parts.valid, self.tokenizer.vocabulary_size)

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Sampled]:
        arrays = {name: weight.detach().float().cpu().numpy() for name, weight in network.state_dict().items()}
        runtime = Runtime(self._description(), arrays, self.tokenizer)
        sampling = self.recipe.sampling
        for prompt in sampling.prompts:
            for temperature in sampling.temperatures:
                request = Request(
                    prompt=prompt, length=sampling.length, temperature=temperature, seed=self.recipe.training.seed,
                    alternatives=0,
                )  # fmt: skip
                text = []
                for piece in write(runtime, request):
                    tick()
                    text.append(piece.token if piece else "")
                yield Sampled(step=step, prompt=prompt, temperature=temperature, text="".join(text))

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        chunk = next(Streams(self.parts.train, PROBE_STREAMS, self.recipe.training.sequence_length))
        return diagnostics.gradient_by_lag(network, _tensor(chunk.inputs, device), _tensor(chunk.targets, device))

    def ceiling(self) -> float:
        return CEILING * math.log(max(2, self.tokenizer.vocabulary_size))

    def _description(self) -> dict[str, Any]:
        return networks.describe(self.recipe, self.tokenizer.vocabulary_size)


class Model:
    """See :class:`rnncore.tasks.Model`; what it writes, :mod:`rnncore.infer` writes."""

    def __init__(self, folder: Path) -> None:
        try:
            network = networks.build(json.loads((folder / "network.json").read_bytes()))
            network.load_state_dict(load_file(folder / "model.safetensors"))
            self.tokenizer = tokens.Tokenizer.load(folder / "tokenizer.json")
            self.recipe = Recipe.load(folder / "recipe.json")
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, RecipeError) as error:
            raise CheckpointError(f"{folder} is not a whole model: {error}") from None
        self.network = network.eval()

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        """The baselines are those that the run itself was compared with where its training text lies in ``run``; else
        only the uniform one is known."""
        size, device = self.tokenizer.vocabulary_size, choose_device("auto")
        with tempfile.TemporaryDirectory() as work:
            text = store.encode(data, self.tokenizer, Path(work) / "data", documents=self.recipe.task.documents)
            if len(text) < 2:
                raise DataError(f"{data.name} has one token; a loss wants two at least")
            part = streams.Part("valid", text, 0, len(text))
            measured = measure_text(Forward(self.network.to(device), "plain"), Lanes(part), size, device)
            found = baselines.of_text(_training_part(run, self.recipe) if run else None, part, size)
            return {
                "loss": measured.loss, "metrics": measured.metrics, "tokens": len(text),
                "baseline": {baseline.name: baseline.loss for baseline in found},
            }  # fmt: skip


@torch.no_grad()
def measure_text(
    forward: Forward, lanes: Lanes, vocabulary_size: int, device: torch.device,
    tick: Callable[[], None] = lambda: None, *, batch_size: int = EVALUATION_LANES,
) -> Measured:  # fmt: skip
    """The mean loss over every token of ``lanes``, and what follows from it.

    ``batch_size`` lanes at most are read side by side; it changes speed and memory, not the value.
    """
    batch_size = max(1, min(batch_size, EVALUATION_SCORES // EVALUATION_STEPS // vocabulary_size))
    total, carry = torch.zeros((), dtype=torch.float64), None
    for chunk in lanes.chunks(batch_size, EVALUATION_STEPS):
        tick()
        scores, carry = _read(forward, chunk, carry, device)
        targets = _tensor(chunk.targets, device)
        losses = F.cross_entropy(wide(scores).flatten(0, 1), targets.flatten(), ignore_index=IGNORE, reduction="none")
        total += losses.sum(dtype=torch.float64).cpu()
    return Measured(loss := total.item() / lanes.count, text_metrics(loss, lanes.count, lanes.characters))


def _read(forward: Forward, chunk: Chunk, carry: Any, device: torch.device) -> tuple[Tensor, Any]:
    """Scores of a chunk, ``(time, batch, vocabulary)``, and the carry after it."""
    resets = None if chunk.resets is None else torch.from_numpy(chunk.resets)
    return forward(_tensor(chunk.inputs, device), None if chunk.first else carry, resets)


def _tensor(array: np.ndarray, device: torch.device) -> Tensor:
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _tokenizer(table: TaskTable, files: Sources, folder: Path, tick: Callable[[], None]) -> tokens.Tokenizer:
    """The tokenizer of the run: made from all its text once, then kept in ``folder``."""
    path = folder / "tokenizer.json"
    if path.exists():
        return tokens.Tokenizer.load(path)
    blocks = chain.from_iterable(_blocks(file, tick) for file in files.named().values())
    tokenizer = tokens.build(table.tokens, blocks, table.vocabulary_size)
    if tokenizer.vocabulary_size < 2:
        raise DataError(f"{files.data.name} holds one character again and again: there is nothing to learn")
    folder.mkdir(parents=True, exist_ok=True)
    durable.replace_text(path, tokenizer.to_json())
    return tokenizer


def _unknown(text: store.TokenStore, tokenizer: tokens.Tokenizer, name: str) -> float:
    """The share of a text that a tokenizer made from another does not know. Raises DataError where it is too much."""
    if tokenizer.kind == "char":  # they are left out
        characters = text.meta["characters"]
        return familiar.checked(name, characters - len(text), characters, "char")
    unknown = 0 if tokenizer.unknown_id is None else int(np.count_nonzero(text.tokens == tokenizer.unknown_id))
    return familiar.checked(name, unknown, len(text), "word")


def _blocks(path: Path, tick: Callable[[], None]) -> Iterator[str]:
    with sources.open_text(path) as text:
        for block in text:
            tick()
            yield block


def _training_part(run: Path, recipe: Recipe) -> streams.Part | None:
    """What a run was trained on, where its encoded text is still in its folder."""
    try:
        text = store.TokenStore.open(run / "data" / "data")
        own = {
            name: store.TokenStore.open(run / "data" / name)
            for name in ("valid", "test")
            if (run / "data" / name).exists()
        }
    except (FileNotFoundError, DataError):
        return None
    return streams.split(text, recipe.training.validation_fraction, recipe.training.test_fraction, **own).train
