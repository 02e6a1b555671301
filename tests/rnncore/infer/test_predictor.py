"""Inputs answered in turns: in order, in the right words where one is wrong, and silent once nobody waits."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from rnncore.errors import PromptError, RequestError
from rnncore.infer import predictor as predictor_module
from rnncore.infer.predictor import TOGETHER, Predictor

SECONDS = 20


class Echo:
    """Answers an input with itself; "bad" cannot be read. Waits before each turn while ``gate`` is closed."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.turns: list[list[Any]] = []

    def predict(self, inputs: list[Any], loud: bool = False, beam_size: int | None = None) -> list[dict[str, Any]]:
        self.turns.append(inputs)
        self.gate.wait(SECONDS)
        for number, item in enumerate(inputs, 1):
            if item == "bad":
                raise PromptError(f"inputs.{number}: cannot be read", hint="Mend it.")
        return [{"text": item.upper() if loud else item} for item in inputs]


class Shelf:
    """In the place of Models: one folder, one model."""

    def __init__(self, model: Echo) -> None:
        self.model = model

    def predicting(self, path: str) -> Echo:
        if path != "echo":
            raise RequestError(f"{path}: no such folder")
        return self.model


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def said() -> queue.SimpleQueue[dict[str, Any]]:
    return queue.SimpleQueue()


@pytest.fixture
def predictor(echo, said):
    predictor = Predictor(said.put, Shelf(echo))
    yield predictor
    echo.gate.set()
    predictor.close()


def until_the_end(said, identity: str) -> list[dict[str, Any]]:
    lines = []
    while not lines or lines[-1]["kind"] == "outputs":
        line = said.get(timeout=SECONDS)
        if line["id"] == identity:
            lines.append(line)
    return lines


def test_outputs_come_in_the_order_of_the_inputs(predictor, said):
    inputs = [f"text {number}" for number in range(2 * TOGETHER + 3)]
    predictor.begin("a", {"folder": "echo", "inputs": inputs, "loud": True})
    *parts, done = until_the_end(said, "a")
    assert [output["text"] for part in parts for output in part["outputs"]] == [text.upper() for text in inputs]
    assert len(parts) == 3, "a few at a time"
    assert done == {"id": "a", "kind": "done", "seed": None, "cancelled": False}
    assert "a" not in predictor


def test_an_input_that_is_wrong_is_named_as_the_request_counts(predictor, said):
    predictor.begin("a", {"folder": "echo", "inputs": ["good"] * (TOGETHER + 1) + ["bad"]})
    error = until_the_end(said, "a")[-1]
    number = TOGETHER + 2
    assert error == {
        "id": "a", "kind": "error", "error": f"inputs.{number}: cannot be read", "hint": "Mend it.",
        "field": f"inputs.{number}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"folder": None, "inputs": []}, "folder", "path of a model"),
        ({"folder": "nowhere", "inputs": []}, "folder", "no such folder"),
        ({"folder": "echo"}, "inputs", "must be a list"),
        ({"folder": "echo", "inputs": "text"}, "inputs", "must be a list"),
        ({"folder": "echo", "inputs": [], "colour": "red"}, "colour", "it has loud, beam_size"),
        ({"folder": "echo", "inputs": [], "loud": 1}, "loud", "boolean"),
        ({"folder": "echo", "inputs": [], "beam_size": "4"}, "beam_size", "integer"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(predictor, said, body, field, words):
    predictor.begin("a", body)
    (error,) = until_the_end(said, "a")
    assert (error["kind"], error["field"]) == ("error", field)
    assert words in error["error"]


def test_a_short_request_does_not_wait_for_a_long_one(predictor, said, echo):
    echo.gate.clear()
    predictor.begin("long", {"folder": "echo", "inputs": ["text"] * 50 * TOGETHER})
    predictor.begin("short", {"folder": "echo", "inputs": ["text"]})
    echo.gate.set()
    ended = []
    while len(ended) < 2:
        line = said.get(timeout=SECONDS)
        if line["kind"] == "done":
            ended.append(line["id"])
    assert ended == ["short", "long"]


def test_one_that_is_cancelled_says_no_more(predictor, said, echo):
    echo.gate.clear()
    predictor.begin("a", {"folder": "echo", "inputs": ["text"]})
    assert predictor.cancel("a")
    assert not predictor.cancel("a")
    echo.gate.set()
    predictor.begin("b", {"folder": "echo", "inputs": ["text"]})
    assert [said.get(timeout=SECONDS)["id"] for _ in range(2)] == ["b", "b"]


def test_more_than_can_be_held_is_refused(predictor, said, monkeypatch):
    monkeypatch.setattr(predictor_module, "MOST_BYTES", 1000)
    predictor.begin("a", {"folder": "echo", "inputs": ["text " * 50] * 2 * TOGETHER})
    assert until_the_end(said, "a")[-1]["field"] == "inputs"


def test_closing_drops_what_is_left(predictor, said, echo):
    echo.gate.clear()
    predictor.begin("a", {"folder": "echo", "inputs": ["text"] * 50 * TOGETHER})
    threading.Timer(0.2, echo.gate.set).start()
    predictor.close()
    assert len(echo.turns) <= 1
    assert said.empty()
