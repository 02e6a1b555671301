"""One step, drawn on the reader's text: the cells are the text, in the right places."""

import pytest

from rnncore.recipe import Recipe
from webapp.runs.drawing import CUT, LEFT, MARGIN, RIGHT, draw
from webapp.runs.estimate import planned

TEXT = "".join(chr(97 + position % 26) for position in range(10_000))


@pytest.fixture
def drawn(make, alice):
    version = make.read(alice.personal_team, text=TEXT).version

    def of(**training):
        task = {"kind": "language_model", "tokens": training.pop("tokens", "char")}
        body = {"task": task, "training": {"validation_fraction": 0.1, **training}}
        return draw(version, planned(version, Recipe.parse(body)).recipe)

    return of


def text_of(cells) -> str:
    return "".join(cell.text for cell in cells)


def test_a_short_chunk_is_drawn_whole(drawn):
    step = drawn(batch_size=2, sequence_length=10)
    first, second = step.lanes
    assert text_of(first.now) == TEXT[:10]
    assert TEXT[10:].startswith(text_of(first.next))
    assert second.start == 4500
    assert text_of(second.now) == TEXT[4500:4510]
    assert not first.gap


def test_of_a_long_chunk_both_ends_are_drawn(drawn):
    (lane,) = drawn(batch_size=1, sequence_length=100).lanes
    assert lane.gap
    assert text_of(lane.now).startswith(TEXT[:7])
    assert text_of(lane.now).endswith(TEXT[96:100])
    assert TEXT[100:].startswith(text_of(lane.next))


def test_nothing_crosses_the_cut_or_the_frame(drawn):
    for length in (1, 5, 14, 15, 200):
        for lane in drawn(batch_size=3, sequence_length=length).lanes:
            assert lane.now and lane.next
            assert all(cell.x >= LEFT and cell.x + cell.width <= CUT - MARGIN + 1 for cell in lane.now)
            assert all(cell.x > CUT and cell.x + cell.width <= RIGHT + 1 for cell in lane.next)


def test_of_many_streams_the_first_and_the_last_are_drawn(drawn):
    assert [lane.number for lane in drawn(batch_size=48, sequence_length=20).lanes] == [1, 2, 3, 48]


def test_more_streams_than_text(drawn):
    assert len(drawn(batch_size=65_000, sequence_length=4).lanes) == 4


def test_words_are_cells(make, alice):
    version = make.read(alice.personal_team).version
    body = {"task": {"kind": "language_model", "tokens": "word"}, "training": {"batch_size": 2, "sequence_length": 3}}
    step = draw(version, planned(version, Recipe.parse(body)).recipe)
    assert [cell.text for cell in step.lanes[0].now] == ["the", "quick", "brown"]
    assert {cell.text for cell in step.lanes[1].now} <= {*make.text.split(), "↵"}
    assert step.kind == "words"


def test_pieces_that_are_not_known_yet_are_stood_in_for(drawn):
    step = drawn(tokens="bpe", batch_size=2, sequence_length=10)
    assert step.stands_in
    assert step.kind == "byte pairs"
