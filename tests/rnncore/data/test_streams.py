"""The split, the streams and the lanes: not one token lost or read twice."""

from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.data import store, streams, tokens
from rnncore.data.streams import IGNORE, PRIME, Lanes, Part, Streams, split
from rnncore.errors import DataError


class Numbered:
    """An encoded text whose every token is its own position."""

    def __init__(self, length, documents=(0,)):
        self.tokens = np.arange(length, dtype=np.uint32)
        self.documents = np.array(documents, np.int64)

    def __len__(self):
        return len(self.tokens)

    def characters(self, start=0, stop=None):
        return 2 * len(self.tokens[start:stop])


def part(start, stop, length=None, documents=(0,)):
    return Part("train", Numbered(length or stop, documents), start, stop)


def epoch(reading):
    return list(islice(reading, reading.chunks_per_epoch))


def pairs(chunks):
    """(input, target) of every target that counts."""
    found = []
    for chunk in chunks:
        counted = chunk.targets != IGNORE
        assert chunk.count == counted.sum()
        found += zip(chunk.inputs[counted].tolist(), chunk.targets[counted].tolist(), strict=True)
    return found


sizes = st.tuples(st.integers(2, 200), st.integers(1, 12), st.integers(1, 20))


@given(sizes=sizes, start=st.integers(0, 5))
def test_every_pair_is_read_once_an_epoch(sizes, start):
    length, batch_size, sequence_length = sizes
    reading = Streams(part(start, start + length, start + length + 3), batch_size, sequence_length)
    for number in range(2):
        chunks = epoch(reading)
        assert sorted(pairs(chunks)) == [(i, i + 1) for i in range(start, start + length - 1)]
        assert reading.pairs == length - 1 == sum(chunk.count for chunk in chunks)
        assert [(chunk.epoch, chunk.index) for chunk in chunks] == [(number, i) for i in range(len(chunks))]
        assert [chunk.first for chunk in chunks] == [True] + [False] * (len(chunks) - 1)


@given(sizes=sizes)
def test_each_stream_goes_on_where_it_was(sizes):
    length, batch_size, sequence_length = sizes
    chunks = epoch(Streams(part(0, length), batch_size, sequence_length))
    for chunk in chunks[:-1]:
        assert chunk.inputs.shape == chunk.targets.shape == (sequence_length, batch_size)
        assert chunk.inputs.dtype == chunk.targets.dtype == np.int64
        assert chunk.inputs.flags.c_contiguous
    inputs, targets = (np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("inputs", "targets"))
    lengths = (targets != IGNORE).sum(axis=0)
    assert lengths.max() - lengths.min() <= 1
    for stream, used in enumerate(lengths):
        assert (targets[:used, stream] != IGNORE).all()  # what is left out comes last
        assert (np.diff(inputs[:used, stream]) == 1).all()


@given(sizes=sizes, steps=st.integers(0, 300))
def test_the_cursor_goes_on_exactly(sizes, steps):
    length, batch_size, sequence_length = sizes
    reading, again = (Streams(part(0, length), batch_size, sequence_length) for _ in range(2))
    for _ in range(steps):
        next(reading)
    again.load_state_dict(reading.state_dict())
    for _ in range(3):
        one, other = next(reading), next(again)
        assert (one.inputs == other.inputs).all()
        assert (one.targets == other.targets).all()
        assert (one.epoch, one.index, one.first) == (other.epoch, other.index, other.first)


documents = st.lists(st.integers(1, 199), unique=True).map(lambda starts: [0, *sorted(starts)])


@given(sizes=sizes, documents=documents)
def test_the_state_is_reset_where_a_document_begins(sizes, documents):
    length, batch_size, sequence_length = sizes
    for chunk in epoch(Streams(part(0, length, 200, documents), batch_size, sequence_length)):
        resets = np.zeros(chunk.inputs.shape, bool) if chunk.resets is None else chunk.resets
        counted = chunk.targets != IGNORE
        if chunk.first:
            counted[0] = False  # the carry is zero there as it is
        assert (resets[counted] == np.isin(chunk.targets[counted], documents)).all()


def test_a_text_of_one_document_is_never_reset():
    assert all(chunk.resets is None for chunk in epoch(Streams(part(0, 100), 4, 7)))


@given(
    start=st.integers(0, 400), count=st.integers(1, 3000),
    batch_size=st.integers(1, 9), sequence_length=st.integers(1, 700),
)  # fmt: skip
def test_every_token_is_measured_once(start, count, batch_size, sequence_length):
    lanes = Lanes(part(start, start + count + 1, start + count + 9))
    first = max(start, 1)
    targets = [target for _, target in pairs(lanes.chunks(batch_size, sequence_length))]
    assert sorted(targets) == list(range(first, start + count + 1))
    assert lanes.count == len(targets)
    assert lanes.characters == 2 * len(targets)


def lane_table(lanes, batch_size, sequence_length):
    """Per lane: all inputs, targets and resets, whatever the grouping."""
    table = []
    group = []
    for chunk in [*lanes.chunks(batch_size, sequence_length), None]:
        if group and (chunk is None or chunk.first):
            columns = [np.concatenate([getattr(c, name) for c in group]) for name in ("inputs", "targets")]
            resets = [np.zeros(c.inputs.shape, bool) if c.resets is None else c.resets for c in group]
            columns.append(np.concatenate(resets))
            for lane in range(columns[0].shape[1]):
                end = np.flatnonzero(columns[1][:, lane] != IGNORE)[-1] + 1
                table.append([column[:end, lane].tolist() for column in columns])
            group = []
        if chunk is not None:
            group.append(chunk)
    return table


@pytest.mark.parametrize("start", [0, 50, 5000])
def test_lanes_depend_on_the_text_alone(start):
    lanes = Lanes(part(start, start + 2000, start + 2000, [0, 30, start + 300, start + 301, start + 1500]))
    whole = lane_table(lanes, 1000, 10_000)
    assert len(whole) == len(lanes) > 3
    for batch_size, sequence_length in ((1, 10_000), (3, 17), (1000, 128)):
        assert lane_table(lanes, batch_size, sequence_length) == whole


def test_lanes_are_primed_on_the_tokens_before_them():
    lanes = Lanes(part(5000, 7000))
    for lane, (inputs, targets, _) in enumerate(lane_table(lanes, 4, 100)):
        first = 5000 + lane * lanes.length
        assert inputs[: PRIME + 1] == list(range(first - 1 - PRIME, first))
        assert targets[:PRIME] == [IGNORE] * PRIME
        assert targets[PRIME] == first


def test_the_first_lane_of_a_text_begins_from_nothing():
    (inputs, targets, resets), *_ = lane_table(Lanes(part(0, 900)), 4, 10_000)
    begin = targets.index(1)
    assert inputs[begin] == 0
    assert resets[begin]  # what stood in the padding is forgotten
    assert sum(resets) == 1


def test_many_tokens_make_longer_lanes_not_more():
    assert len(Lanes(part(0, 100))) == 1
    assert len(Lanes(part(0, 10**6))) <= streams.LANES


@given(length=st.integers(2, 3000), validation=st.floats(0, 0.6), test=st.floats(0, 0.34))
def test_split(length, validation, test):
    numbered = Numbered(length)
    try:
        parts = split(numbered, validation, test)
    except DataError:
        assert length - np.ceil(validation * length) - np.ceil(test * length) < 2
        return
    given = [one for one in (parts.train, parts.valid, parts.test) if one]
    assert (given[0].start, given[-1].stop) == (0, length)
    assert all(one.stop == other.start for one, other in pairwise(given))
    for one, fraction in ((parts.valid, validation), (parts.test, test)):
        assert len(one or ()) == pytest.approx(fraction * length, abs=1)
        if fraction * length > 1e-5:
            assert one is not None
    assert all(one is None or one.name == name for name, one in vars(parts).items())


def test_the_last_tenth_is_exact():
    parts = split(Numbered(1000), 0.1, 0.0)
    assert (parts.train.start, parts.train.stop, parts.valid.stop, parts.test) == (0, 900, 1000, None)
    parts = split(Numbered(1000), 0.1, 0.2)
    assert [(p.start, p.stop) for p in (parts.train, parts.valid, parts.test)] == [(0, 700), (700, 800), (800, 1000)]


def test_texts_of_their_own_take_the_place_of_fractions():
    data, valid, test = Numbered(100), Numbered(20), Numbered(30)
    parts = split(data, 0.5, 0.4, valid=valid, test=test)
    assert [(p.store, p.start, p.stop) for p in (parts.train, parts.valid, parts.test)] == [
        (data, 0, 100), (valid, 0, 20), (test, 0, 30),
    ]  # fmt: skip
    assert split(data, 0.5, 0.25, valid=valid).train.stop == 75


@pytest.mark.parametrize("length", [0, 1, 2])
def test_too_little_to_train_on(length):
    with pytest.raises(DataError, match="left to train on"):
        split(Numbered(length), 0.1, 0.0)


def test_too_little_to_measure():
    with pytest.raises(DataError, match="the validation text has 1 token"):
        split(Numbered(100), 0.1, 0.0, valid=Numbered(1))
    with pytest.raises(DataError, match="the test text has 1 token"):
        split(Numbered(100), 0.1, 0.0, test=Numbered(1))


def test_a_real_store(tmp_path):
    text = "die Katze\nder Hund\n" * 20
    (tmp_path / "text").write_text(text)
    tokenizer = tokens.build("char", [text])
    encoded = store.encode(tmp_path / "text", tokenizer, tmp_path / "store", documents="lines")
    parts = split(encoded, 0.25, 0.0)
    assert tokenizer.decode(parts.valid.tokens) == text[-95:]
    assert parts.valid.characters == 95
    chunk = next(Streams(parts.train, 2, 15))
    assert tokenizer.decode(chunk.inputs[:, 0]) == "die Katze\nder H"
    assert tokenizer.decode(chunk.targets[:, 0]) == "ie Katze\nder Hu"
    # The line end before "der" is read from a zero state, and is all that the "d" is predicted from.
    assert np.flatnonzero(chunk.resets[:, 0]).tolist() == [9]
