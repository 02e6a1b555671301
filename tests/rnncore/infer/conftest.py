"""Small models made with PyTorch, saved as the model folders that inference reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from rnncore.data import tokens
from rnncore.networks.stack import Stack

TEXT = "The cat sat on the mat.\nWhere is the dog? It ran away!\n" * 8
LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def make_rnn(network: dict[str, Any]) -> nn.Module:
    """PyTorch's own layers where it has some, else the stack that trains."""
    sizes = network["embedding_size"], network["hidden_size"], network["num_layers"]
    if network["cell"] not in LAYERS:
        return Stack(network["cell"], *sizes, bias=network["bias"], context=network["context"])
    more = {"nonlinearity": network["nonlinearity"]} if network["cell"] == "rnn" else {}
    return LAYERS[network["cell"]](*sizes, bias=network["bias"], **more)


def make_model(
    folder: Path, *, cell: str = "lstm", hidden: int = 24, layers: int = 2, embedding: int = 12, bias: bool = True,
    tied: bool = False, nonlinearity: str = "tanh", kind: str = "char", text: str = TEXT, seed: int = 0,
) -> Path:  # fmt: skip
    """A model folder with random weights, larger than PyTorch's so that states and scores vary."""
    tokenizer = tokens.build(kind, [text])
    torch.manual_seed(seed)
    size = tokenizer.vocabulary_size
    embedding = hidden if tied else embedding
    network = {
        "format": 1, "task": "language_model", "cell": cell, "vocabulary_size": size, "embedding_size": embedding,
        "hidden_size": hidden, "num_layers": layers, "dropout": 0.1, "bidirectional": False,
        "nonlinearity": nonlinearity, "bias": bias, "tied": tied, "context": 5,
    }  # fmt: skip
    parts = nn.ModuleDict({
        "embedding": nn.Embedding(size, embedding),
        "rnn": make_rnn(network),
        "head": nn.Linear(hidden, size),
    })  # fmt: skip
    weights = {name: tensor.detach() * 2 for name, tensor in parts.state_dict().items()}
    if tied:
        del weights["head.weight"]
    folder.mkdir(parents=True)
    save_file(weights, folder / "model.safetensors")
    (folder / "network.json").write_text(json.dumps(network))
    tokenizer.save(folder / "tokenizer.json")
    return folder


def torch_scores(folder: Path, ids: list[int], dtype: torch.dtype) -> torch.Tensor:
    """The scores after each of ``ids`` ``(time, vocabulary)``, by PyTorch's own modules."""
    from safetensors.torch import load_file

    weights = {name: tensor.to(dtype) for name, tensor in load_file(folder / "model.safetensors").items()}
    network: dict[str, Any] = json.loads((folder / "network.json").read_text())
    rnn = make_rnn(network).to(dtype)
    rnn.load_state_dict({name[4:]: tensor for name, tensor in weights.items() if name.startswith("rnn.")})
    embedding = weights["embedding.weight"]
    with torch.no_grad():
        x = embedding[torch.tensor(ids)]
        h = rnn.read(x.unsqueeze(1))[0].squeeze(1) if isinstance(rnn, Stack) else rnn(x)[0]
        return h @ weights.get("head.weight", embedding).T + weights["head.bias"]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A character model; nobody changes it."""
    return make_model(tmp_path_factory.mktemp("models") / "chars")
