"""One step, drawn on the reader's text: the cells are the text, in the right places."""

import pytest

from rnncore.recipe import Recipe
from webapp.runs.drawing import draw
from webapp.runs.drawing.cells import LEFT, RIGHT
from webapp.runs.drawing.text import CUT, MARGIN
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


def test_a_stream_that_is_shorter_than_a_step_is_read_whole(drawn):
    step = drawn(batch_size=2, sequence_length=60_000)  # of 9,000 characters to train on
    assert (step.whole, step.caption) == (True, "2 streams of 4,500 characters each")
    assert [lane.next for lane in step.lanes] == [[], []], "what follows is another stream's"
    assert "nothing is cut" in step.note
    assert "the next one" not in step.alternative
    assert not drawn(batch_size=2, sequence_length=4_499).whole


def test_more_streams_than_text(drawn):
    step = drawn(batch_size=65_000, sequence_length=4)
    assert step.caption == "65,000 streams of 1 character each; 56,000 of them stay empty; 4 are drawn"
    assert [text_of(lane.now) for lane in step.lanes] == [*TEXT[:3], TEXT[8_999]]


def test_one_stream_of_one_character(drawn):
    assert drawn(batch_size=1, sequence_length=1).caption == "1 stream of 1 character"


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


def test_documents_begin_where_the_state_starts_anew(make, alice):
    version = make.read(alice.personal_team, text="ab\ncd\nef\n" * 500).version

    def of(documents):
        task = {"kind": "language_model", "documents": documents}
        body = {"task": task, "training": {"batch_size": 1, "sequence_length": 6, "validation_fraction": 0.1}}
        return draw(version, planned(version, Recipe.parse(body)).recipe)

    (lane,) = of("lines").lanes
    assert [cell.text for cell in lane.now] == ["a", "b", "↵", "c", "d", "↵"]
    assert [cell.new for cell in lane.now] == [False, False, False, True, False, False]
    assert lane.anew, "the next chunk begins with a line: nothing is carried"
    assert "Where a line begins" in of("lines").note
    assert not of("none").lanes[0].anew
    assert "state starts anew" not in of("none").note
    assert [cell.new for cell in of("cd").lanes[0].now].index(True) == 5


class TestRecords:
    """A padded batch."""

    @pytest.fixture
    def batch(self, make, alice):
        rows = [("abcdefgh"[: 1 + n % 8], "odd" if n % 2 else "even") for n in range(64)]
        version = make.table(alice.personal_team, text="word,kind\n" + "".join(f"{w},{k}\n" for w, k in rows)).version

        def of(kind="classification", task=None, **training):
            body = {"task": {"kind": kind, **(task or {})}, "training": training}
            return draw(version, planned(version, Recipe.parse(body)).recipe)

        return of

    def test_rows_are_records_with_their_answers(self, batch):
        found = batch(batch_size=64, task={"tokens": "char"})
        by_number = {int(lane.caption.split()[1].rstrip(",")): lane for lane in found.lanes}
        for row, lane in by_number.items():
            (line,) = lane.lines
            word = "abcdefgh"[: 1 + (row - 1) % 8]
            assert text_of(cell for cell in line.cells if not cell.padding) == word
            assert lane.answer == ("odd" if row % 2 == 0 else "even")
        lengths = {len(lane.lines[0].cells) for lane in found.lanes}
        assert len(lengths) == 1, "padded to one length"
        assert found.place == "after"
        assert "64 records" in found.caption

    def test_a_larger_batch_holds_more_padding(self, batch):
        one, few, all_ = (batch(batch_size=size, task={"tokens": "char"}) for size in (1, 4, 64))
        assert len(one.lanes) == 1
        assert one.filled == 0
        assert few.filled < all_.filled
        assert few.usual < all_.usual
        assert all_.usual == pytest.approx(1 - 4.5 / 8, abs=0.02), "lengths from 1 to 8, all in one batch"
        assert few.usual < few.unsorted

    def test_a_longer_record_is_cut(self, batch):
        found = batch(batch_size=64, sequence_length=3, task={"tokens": "char"})
        assert all(len(lane.lines[0].cells) <= 3 for lane in found.lanes)
        assert any(lane.lines[0].more for lane in found.lanes)
        assert "the first 3 steps are learned" in found.note

    def test_a_source_and_its_target_stand_below_each_other(self, batch):
        task = {"source_column": "word", "target_column": "kind", "tokens": "char", "target_tokens": "char"}
        found = batch("seq2seq", task, batch_size=64)
        source, target = found.lanes[-1].lines
        assert target.target
        assert target.y > source.y
        assert [cell.text for cell in target.cells if not cell.padding][-1] == "end"
        assert found.usual is None

    def test_a_condition_stands_before_what_is_written_for_it(self, batch):
        task = {"text_column": "word", "condition_columns": ["kind"], "tokens": "char"}
        found = batch("conditional_generation", task, batch_size=8)
        assert found.place == "before"
        assert found.lanes[0].answer in ("odd", "even")
        assert found.answers_at < found.lanes[0].lines[0].cells[0].x

    def test_every_word_has_its_tag(self, make, alice):
        rows = ['{"tokens": ["the", "extraordinary", "cat"], "tags": ["DET", "ADJ", "NOUN"]}'] * 30
        version = make.read(alice.personal_team, name="t.jsonl", text="\n".join(rows)).version
        found = draw(version, planned(version, Recipe.parse({"task": {"kind": "tagging"}})).recipe)
        cells = found.lanes[0].lines[0].cells
        assert [cell.below for cell in cells] == ["DET", "ADJ", "NOUN"]
        assert "All records are of one length" in found.note

    def test_nothing_leaves_the_frame(self, make, alice):
        long = " ".join(["wonderful"] * 400)
        rows = "".join(f"{long},yes\n{'short word'},no\n{'x' * 900},maybe\n" for _ in range(12))
        version = make.table(alice.personal_team, text="text,label\n" + rows).version
        for tokens in ("char", "word", "bpe"):
            body = {"task": {"kind": "classification", "tokens": tokens}, "training": {"batch_size": 36}}
            found = draw(version, planned(version, Recipe.parse(body)).recipe)
            cells = [cell for lane in found.lanes for line in lane.lines for cell in line.cells]
            assert min(cell.x for cell in cells) >= LEFT
            assert max(cell.x + cell.width for cell in cells) <= RIGHT
            assert found.answers_at + found.answer_width <= RIGHT + 1
            assert "more than" in found.alternative

    def test_records_that_lack_something_are_left_out(self, make, alice):
        version = make.table(alice.personal_team, text="text,label\n" + "ab,\n" * 30 + "cd,x\nef,y\n" * 20).version
        body = {"task": {"kind": "classification", "text_column": "text", "label_column": "label"}}
        assert draw(version, planned(version, Recipe.parse(body)).recipe) is None


class TestWindows:
    """A forecast."""

    @pytest.fixture
    def windows(self, make, alice):
        rows = "".join(f"2024-01-{1 + n // 24:02} {n % 24:02}:00,{n % 24 + n / 100},{n % 7}\n" for n in range(720))
        version = make.table(alice.personal_team, name="load.csv", text="hour,load,wind\n" + rows).version

        def of(training=None, **task):
            task = {
                "kind": "forecasting",
                "value_columns": ["load"],
                "horizon": 24,
                "lookback": 96,
                "season": 24,
            } | task
            body = {"task": task, "training": {"validation_fraction": 0.2, "test_fraction": 0.1} | (training or {})}
            return draw(version, planned(version, Recipe.parse(body)).recipe)

        return of

    def test_the_parts_and_the_window_are_where_they_are(self, windows):
        found = windows()
        assert [part.name for part in found.parts] == ["training", "validation", "test"]
        assert found.rows == {"train": 504, "valid": 144, "test": 72}
        widths = [part.width for part in found.parts]
        assert widths == pytest.approx([0.7 * 356, 0.2 * 356, 0.1 * 356], abs=0.2)
        assert found.read.width / found.ahead.width == pytest.approx(96 / 24, rel=0.01)
        assert found.next_read.x > found.read.x
        assert found.next_ahead.end <= RIGHT
        assert len(found.segments) == 3
        assert found.exact
        for number in ("504", "144", "96", "24"):
            assert number in found.alternative

    def test_it_follows_the_horizon_and_the_strategy(self, windows):
        wide = windows(horizon=48)
        assert wide.ahead.width > windows().ahead.width
        assert windows(strategy="recursive").segment == 1
        assert windows(strategy="recursive").segments == [], "too many to be seen"
        assert windows({"split_rows": [400, 100, 50]}).rows == {"train": 400, "valid": 100, "test": 50}

    def test_one_quantile_has_no_band(self, windows):
        assert "grow apart" in windows().note
        assert "one quantile, 0.5" in windows(quantiles=[0.5]).note

    def test_a_window_beyond_what_is_kept_is_drawn_from_afar(self, windows):
        second = windows(value_columns=["wind"])
        assert not second.exact
        assert "spread over the series" in second.note
        assert windows(value_columns=["load", "wind"]).more == 1

    def test_a_series_of_which_nothing_is_kept_has_no_drawing(self, make, alice):
        version = make.table(alice.personal_team, name="v.csv", text="value\n" + "1\n2\n3\n5\n" * 60).version
        recipe = planned(version, Recipe.parse({"task": {"kind": "forecasting"}})).recipe
        assert draw(version, recipe)
        del version.inspection["preview"]["series"]
        assert draw(version, recipe) is None
