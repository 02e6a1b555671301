"""Measure a finished model on another text: ``rnncore evaluate``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from rnncore import baselines, networks
from rnncore.data import store, streams, tokens
from rnncore.errors import CheckpointError, DataError, RecipeError
from rnncore.infer.locate import model_folder
from rnncore.recipe import Recipe
from rnncore.tasks.language_model import measure_text
from rnncore.train.precision import Forward, choose_device


def evaluate(path: str | Path, data: str | Path) -> dict[str, Any]:
    """``{"loss", "metrics", "baseline": {name: loss}}`` of a model over every token of the text ``data``.

    ``path``: a run's folder or a model's. The baselines are those that the run itself was compared with where its
    training text lies in ``path``; else only the uniform one is known. Computed in float32.

    Raises RequestError where there is no model, DataError, CheckpointError.
    """
    folder = model_folder(path)
    network, tokenizer, recipe = _load(folder)
    device = choose_device("auto")
    network.eval().to(device)
    with tempfile.TemporaryDirectory() as work:
        text = store.encode(data, tokenizer, Path(work) / "data", documents=recipe.task.documents)
        if len(text) < 2:
            raise DataError(f"{Path(data).name} has one token; a loss wants two at least")
        part = streams.Part("valid", text, 0, len(text))
        measured = measure_text(Forward(network, "plain"), streams.Lanes(part), tokenizer.vocabulary_size, device)
        found = baselines.of_text(_training_part(Path(path), recipe), part, tokenizer.vocabulary_size)
        return {
            "loss": measured.loss, "metrics": measured.metrics, "tokens": len(text),
            "baseline": {baseline.name: baseline.loss for baseline in found},
        }  # fmt: skip


def _load(folder: Path) -> tuple[torch.nn.Module, tokens.Tokenizer, Recipe]:
    """A model folder's network, tokenizer and recipe."""
    try:
        network = networks.build(json.loads((folder / "network.json").read_bytes()))
        network.load_state_dict(load_file(folder / "model.safetensors"))
        tokenizer = tokens.Tokenizer.load(folder / "tokenizer.json")
        return network, tokenizer, Recipe.load(folder / "recipe.json")
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, RecipeError) as error:
        raise CheckpointError(f"{folder} is not a whole model: {error}") from None


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
