"""A request means its texts: whatever is written beside them, however they are cut into pieces."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from rnncore.errors import PromptError
from rnncore.infer.runtime import Runtime
from rnncore.infer.samplers import Sampler
from rnncore.infer.writing import PRIME_CHUNK, FieldError, Request, write
from rnncore.recipe import MAX_PROMPT
from tests.rnncore.infer.conftest import TEXT, make_model, torch_scores


@pytest.fixture
def runtime(model):
    return Runtime.load(model)


def texts(pieces, count: int = 1) -> list[str]:
    written = [""] * count
    for piece in filter(None, pieces):
        written[piece.text] += piece.token
    return written


def test_greedy_text_is_what_pytorch_finds_likeliest(runtime, model):
    prompt, length = "Where is ", 12
    ids = runtime.tokenizer.encode_prompt(prompt).tolist()
    pieces = list(filter(None, write(runtime, Request(prompt=prompt, length=length, temperature=0, seed=1))))
    for piece in pieces:
        opinion = torch_scores(model, ids, torch.float64)[-1].softmax(-1)
        best = opinion.argsort(descending=True)[:6].tolist()
        assert piece.token == runtime.tokenizer.token(best[0])
        assert piece.probability == pytest.approx(opinion[best[0]].item(), rel=1e-3)
        assert [token for token, _ in piece.alternatives] == [runtime.tokenizer.token(other) for other in best[1:]]
        assert [p for _, p in piece.alternatives] == pytest.approx(opinion[best[1:]].tolist(), rel=1e-3)
        ids.append(best[0])
    assert len(pieces) == length


def test_a_text_does_not_depend_on_those_beside_it(model, runtime):
    def request(count: int) -> Request:
        return Request(prompt="The ", length=80, temperature=1.0, top_p=0.95, seed=11, count=count)

    three = texts(write(runtime, request(3)), 3)
    assert len(set(three)) == 3
    assert texts(write(Runtime.load(model), request(1))) == three[:1]

    first, second = write(runtime, request(2)), write(runtime, Request(length=60, seed=5, temperature=1.5))
    beside = [(next(first), next(second))[0] for _ in range(60)]
    assert texts([*beside, *first], 2) == three[:2]


def test_a_long_prompt_is_read_in_turns(runtime):
    prompt = TEXT[: 2 * PRIME_CHUNK + 5]
    turns = list(write(runtime, Request(prompt=prompt, length=30, seed=1)))
    assert [turn is None for turn in turns] == [True] * 3 + [False] * 30

    state = runtime.start()
    for token in runtime.tokenizer.encode_prompt(prompt):
        scores = runtime.step(state, token)
    _, probabilities = Sampler(temperature=0.8, seed=1).draw(scores)
    assert turns[3].probability == pytest.approx(probabilities[runtime.tokenizer.encode(turns[3].token)[0]], rel=1e-3)


def test_without_a_prompt_it_starts_a_line(runtime, tmp_path):
    asked = {"length": 40, "seed": 3}
    assert texts(write(runtime, Request(**asked))) == texts(write(runtime, Request(prompt="\n", **asked)))

    for kind in ("char", "word"):
        no_line_end = Runtime.load(make_model(tmp_path / kind, kind=kind, text="to be or not to be"))
        turns = list(write(no_line_end, Request(**asked)))
        assert len(turns) == 40 and None not in turns


def test_pieces_of_bytes_join_to_whole_characters(tmp_path):
    runtime = Runtime.load(make_model(tmp_path / "model", kind="byte", text="naïve – 😀 €\n"))
    # Scores that make bytes of longer characters likely, whole and broken.
    runtime.bias[:128] -= 3
    broken = 0
    for seed in range(5):
        request = Request(prompt="€", length=200 + seed, temperature=1.0, seed=seed)
        sampler, state, written = Sampler(temperature=1.0, seed=seed), runtime.start(), b""
        scores = runtime.read(state, runtime.tokenizer.encode_prompt("€"))
        for _ in range(request.length):
            token, _ = sampler.draw(scores)
            written += runtime.tokenizer.token_bytes(token)
            scores = runtime.step(state, token)
        assert texts(write(runtime, request)) == [written.decode("utf-8", "replace")]
        broken += written.decode("utf-8", "replace").endswith("\ufffd")
    assert broken, "no text ended within a character: choose other seeds"


def test_a_character_comes_when_it_is_whole(tmp_path):
    folder = make_model(tmp_path / "model", kind="byte", cell="rnn", layers=1, hidden=8, text="€")
    weights = {name: np.zeros_like(array) for name, array in load_file(folder / "model.safetensors").items()}
    # The embedding of a byte lights one unit and that unit asks for the next byte: E2 82 AC, a euro.
    for unit, (byte, following) in enumerate(zip(b"\n\xe2\x82\xac", b"\xe2\x82\xac\xe2", strict=True)):
        weights["embedding.weight"][byte, unit] = 1
        weights["rnn.weight_ih_l0"][unit, unit] = 5
        weights["head.weight"][following, unit] = 50
    save_file(weights, folder / "model.safetensors")
    pieces = list(filter(None, write(Runtime.load(folder), Request(length=7, temperature=0, seed=1))))
    assert [piece.token for piece in pieces] == ["", "", "€", "", "", "€", "\ufffd"]


def test_the_unknown_word_is_never_written(tmp_path):
    folder = make_model(tmp_path / "model", kind="word", text=TEXT)
    runtime = Runtime.load(folder)
    assert runtime.tokenizer.unknown_id is not None
    runtime.bias[runtime.tokenizer.unknown_id] = 100
    for temperature in (0, 1.0):
        pieces = list(write(runtime, Request(prompt="zebra cat", length=60, temperature=temperature, seed=1)))
        assert runtime.tokenizer.token(runtime.tokenizer.unknown_id) not in {p.token for p in pieces if p}
    assert json.loads((folder / "network.json").read_text())["vocabulary_size"] == runtime.bias.size


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("Ж?", "Ж"),
        ("a" * (MAX_PROMPT + 1), "10,000"),
        ("a" * 1_000_000, "10,000"),
        ("a\ud800", "half of a character"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_refused_in_words(runtime, prompt, words):
    with pytest.raises(PromptError, match=words) as raised:
        next(write(runtime, Request(prompt=prompt, seed=1)))
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prompt": 5}, "prompt"),
        ({"length": 0}, "length"),
        ({"length": 100_001}, "length"),
        ({"length": 2.5}, "length"),
        ({"length": True}, "length"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_k": -1}, "top_k"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"count": 0}, "count"),
        ({"count": 21}, "count"),
        ({"alternatives": 21}, "alternatives"),
        ({"tempature": 1}, "tempature"),
    ],
)
def test_a_wrong_field_is_named(body, field):
    with pytest.raises(FieldError, match=f"^{field}: ") as raised:
        Request.parse(body)
    assert raised.value.field == field


def test_what_is_missing_has_a_default_and_seeds_are_drawn():
    request = Request.parse({"prompt": "a", "temperature": 1, "top_k": None})
    assert request == Request(prompt="a", temperature=1, seed=request.seed)
    assert len({Request.parse({}).seed for _ in range(5)}) > 1
