"""What is written for a condition: the numbers of the training network, and texts that end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from rnncore import catalog
from rnncore.data import vocabulary
from rnncore.data.conditions import Conditions
from rnncore.data.vocabulary import END, START, Vocabulary
from rnncore.errors import CheckpointError, PromptError
from rnncore.infer import conditioned
from rnncore.infer.conditioned import Conditioned
from rnncore.infer.kept import Models
from rnncore.infer.refusals import refusal
from rnncore.infer.writing import Request, write
from rnncore.tasks.conditional_generation import build
from tests.rnncore.infer.conftest import make_model
from tests.rnncore.infer.test_serve import Server

ROOT = Path(__file__).parents[3]
CONDITIONS = Conditions.fitted({"origin": ["Irish", "Greek", "Irish"], "year": [1900, 1950, 1930]})
TEXTS = ["Murphy", "Pappas", "O'Brien"]


def model(
    folder: Path, cell: str = "lstm", *, kind: str = "char", texts: list[str] = TEXTS, tied: bool = False,
    conditions: Conditions = CONDITIONS,
) -> tuple[torch.nn.Module, dict[str, Any]]:  # fmt: skip
    """A model folder with random weights, large enough that scores vary, and the network behind it."""
    known = Vocabulary.build(kind, texts)
    description = {
        "format": 1, "task": "conditional_generation", "cell": cell, "embedding_size": 12, "hidden_size": 12,
        "num_layers": 2, "dropout": 0.1, "nonlinearity": "tanh", "bias": True, "tied": tied,
        "vocabulary_size": known.size, "context": 16, "conditions": conditions.to_list(),
    }  # fmt: skip
    torch.manual_seed(0)
    network = build(description).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight *= 1.5
    folder.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), folder / "model.safetensors")
    (folder / "network.json").write_text(json.dumps(description))
    (folder / "tokenizer.json").write_text(vocabulary.save({"text": known}))
    return network, description


def text_of(runtime: Any, **request: Any) -> str:
    pieces = write(runtime, Request(**{"seed": 1, "length": 60, **request}))
    return "".join(piece.token for piece in pieces if piece)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("cell", catalog.CELLS)
def test_steps_are_those_of_the_training_network(tmp_path, cell, tied):
    network, _ = model(tmp_path, cell, tied=tied)
    tokens = [START, 5, 6, 4, 7, 5]
    for label in (None, "Greek", "origin=Irish,year=1910"):
        labels, numbers = CONDITIONS.encode([CONDITIONS.parse(label)])
        with torch.no_grad():
            wanted, _ = network(torch.tensor(tokens).unsqueeze(1), torch.tensor(labels), torch.tensor(numbers))
        runtime = conditioned.load(tmp_path).given(label)
        state = runtime.start()
        for step, token in enumerate(tokens):
            np.testing.assert_allclose(runtime.step(state, token), wanted[step, 0].numpy(), rtol=1e-3, atol=2e-5)
        read = runtime.start()
        np.testing.assert_allclose(runtime.read(read, tokens), wanted[-1, 0].numpy(), rtol=1e-3, atol=2e-5)


def test_a_text_ends_and_the_same_seed_writes_the_same(tmp_path):
    model(tmp_path)
    runtime = conditioned.load(tmp_path)
    texts = [text_of(runtime, label="Greek", temperature=1.0, seed=seed, length=500) for seed in range(30)]
    assert texts == [text_of(runtime, label="Greek", temperature=1.0, seed=seed, length=500) for seed in range(30)]
    assert max(map(len, texts)) < 500 and len(set(texts)) > 5
    assert not any("<" in text for text in texts), "a special token was written"
    turns = list(write(runtime, Request(label="Greek", temperature=1.0, seed=3, length=500)))
    assert [turn is None for turn in turns] == [True, *[False] * len(texts[3]), True], "the end is the last turn"
    many = write(runtime, Request(label="Greek", temperature=1.0, seed=3, length=500, count=2))
    first = "".join(piece.token for piece in many if piece and piece.text == 0)
    assert first == texts[3]


def test_labels_do_not_leak_into_each_other(tmp_path):
    """Two requests at once share weights and buffers, not their conditions."""
    model(tmp_path)
    runtime = conditioned.load(tmp_path)
    alone = {label: text_of(runtime, label=label, temperature=1.0, seed=2) for label in ("Greek", "Irish", None)}
    assert len(set(alone.values())) == 3
    running = {label: write(runtime, Request(label=label, temperature=1.0, seed=2, length=60)) for label in alone}
    beside = dict.fromkeys(alone, "")
    for _ in range(70):
        for label, pieces in running.items():
            piece = next(pieces, None)
            beside[label] += piece.token if piece else ""
    assert beside == alone


def test_a_prompt_is_gone_on_from(tmp_path):
    network, _ = model(tmp_path)
    runtime = conditioned.load(tmp_path)
    ids = [START, *runtime.tokenizer.vocabulary.encode("Mur").tolist()]
    labels, numbers = CONDITIONS.encode([CONDITIONS.parse("Irish")])
    with torch.no_grad():
        scores, _ = network(torch.tensor(ids).unsqueeze(1), torch.tensor(labels), torch.tensor(numbers))
    scores[-1, 0, :3] = float("-inf")
    first = next(filter(None, write(runtime, Request(label="Irish", prompt="Mur", temperature=0, seed=1))))
    assert first.probability == pytest.approx(scores[-1, 0].softmax(0).max().item(), rel=1e-3)
    with pytest.raises(PromptError, match="Ж"):
        text_of(runtime, prompt="Ж")


def test_words_are_parted_by_spaces(tmp_path):
    model(tmp_path, kind="word", texts=["a cat sat", "the dog ran", "the cat ran"])
    runtime = conditioned.load(tmp_path)
    texts = [text_of(runtime, temperature=1.0, seed=seed) for seed in range(20)]
    known = runtime.tokenizer.vocabulary
    assert any(" " in text for text in texts)
    for text in texts:
        assert known.decode(known.encode(text)) == text
    assert text_of(runtime, prompt="the cat", temperature=1.0, seed=2)[:1] in ("", " ")


def test_what_is_not_known_is_refused_and_names_the_label(tmp_path):
    model(tmp_path / "model")
    runtime = conditioned.load(tmp_path / "model")
    with pytest.raises(PromptError, match="it knows Irish, Greek") as raised:
        text_of(runtime, label="Klingon")
    assert refusal(raised.value)["field"] == "label"
    language = conditioned.load(make_model(tmp_path / "language"))
    with pytest.raises(PromptError, match="takes none") as raised:
        text_of(language, label="Greek")
    assert refusal(raised.value)["field"] == "label"


def test_without_conditions_it_writes_all_the_same(tmp_path):
    model(tmp_path, conditions=Conditions.fitted({}))
    assert text_of(conditioned.load(tmp_path), temperature=1.0) == text_of(conditioned.load(tmp_path), temperature=1.0)


def test_the_inference_process_keeps_it(tmp_path):
    model(tmp_path)
    models = Models(2**30)
    kept = models.writing(str(tmp_path))
    assert isinstance(kept, Conditioned) and models.writing(str(tmp_path)) is kept


def test_the_inference_process_takes_a_label(tmp_path):
    model(tmp_path)
    server = Server()
    try:
        asked = {"op": "generate", "folder": str(tmp_path), "seed": 2, "temperature": 1.0, "length": 60}
        server.ask(id="a", label="Greek", **asked)
        assert server.end_of("a")["kind"] == "done"
        assert server.text("a") == text_of(conditioned.load(tmp_path), label="Greek", temperature=1.0, seed=2) != ""
        server.ask(id="b", label="Klingon", **asked)
        assert server.end_of("b")["field"] == "label"
        server.ask(id="c", label=5, **asked)
        assert server.end_of("c")["field"] == "label"
    finally:
        server.process.kill()
        server.process.wait()


@pytest.mark.parametrize("name", ["network.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_folder_is_no_model(tmp_path, name):
    model(tmp_path)
    (tmp_path / name).write_text("{}")
    with pytest.raises(CheckpointError, match="not a whole model"):
        conditioned.load(tmp_path)


def test_writing_for_a_condition_loads_no_torch(tmp_path):
    model(tmp_path)
    code = (
        "import sys; from rnncore.infer.conditioned import load; from rnncore.infer.writing import Request, write;"
        f"list(write(load({str(tmp_path)!r}), Request(seed=1, label='Greek'))); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_the_end_is_among_what_could_have_come(tmp_path):
    model(tmp_path)
    runtime = conditioned.load(tmp_path)
    request = Request(seed=1, temperature=1.0, alternatives=20)
    offered = {token for piece in write(runtime, request) if piece for token, _ in piece.alternatives}
    assert runtime.tokenizer.token(END) in offered
