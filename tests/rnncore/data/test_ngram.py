"""Baselines: proper distributions, known values, and the order chosen without a look at validation."""

import math

import numpy as np
import pytest

from rnncore.data import ngram, store, streams, tokens


@pytest.fixture
def parts(tmp_path):
    def of(text: str, validation: float) -> tuple[streams.Parts, int]:
        path = tmp_path / "text.txt"
        path.write_text(text)
        tokenizer = tokens.build("char", [text], 0)
        encoded = store.encode(path, tokenizer, tmp_path / "store")
        return streams.split(encoded, validation, 0), tokenizer.vocabulary_size

    return of


TRAIN = np.array([0, 1, 2, 0, 1, 1, 0, 1, 2, 3])


def probabilities(train, text, vocabulary_size):
    """P of the last token of ``text`` by order."""
    rows = ngram._probabilities(np.array(train), np.array([text]), vocabulary_size)
    return [row[0, -1] for row in rows]


@pytest.mark.parametrize("context", [[], [0], [0, 1], [3, 3], [2, 0, 1], [0, 1, 2, 0, 1, 1, 0, 1, 2, 3]])
def test_probabilities_sum_to_one_after_any_context(context):
    whole = np.sum([probabilities(TRAIN, [*context, token], 5) for token in range(5)], axis=0)
    assert len(whole) == ngram.MAX_ORDER
    assert whole == pytest.approx(1)


def test_a_token_never_seen_still_has_a_probability():
    for text in ([4], [0, 4], [2, 0, 1, 4]):
        assert min(probabilities(TRAIN, text, 5)) > 0
    assert min(probabilities([7] * 50, [7, 7, 3], 8)) > 0


def test_kneser_ney_by_hand():
    # 0→1 and 1→0 twice, 0→2 and 2→3 once: no pair occurs three times, so there is one discount, 2 / (2 + 2·2).
    train, discount = [0, 1, 0, 1, 0, 2, 3], 1 / 3
    # Different tokens before 0 are {1}, before 1 {0}, before 2 {0}, before 3 {2}: each counts 1 of 4, nearly all taken.
    below = (1 - 0.999) / 4 + 4 * 0.999 / 4 / 4
    unigram, bigram, *_ = probabilities(train, [0, 1], 4)
    assert bigram == pytest.approx((2 - discount + 2 * discount * below) / 3)
    # Occurrences in the highest order: 0 thrice, 1 twice, 2 and 3 once; all three counts occur, so three discounts.
    share = 2 / (2 + 2 * 1)
    one, two, three = 1 - 2 * share * 1 / 2, 2 - 3 * share * 1 / 1, 2.999
    assert unigram == pytest.approx((2 - two + (2 * one + two + three) / 4) / 7)


def test_lower_orders_count_contexts_not_occurrences():
    # "5" is the most frequent token, but only ever after 4; 1 follows three others.
    train = [4, 5] * 20 + [0, 1, 2, 1, 3, 1]
    after_new = [probabilities(train, [0, 9, token], 10)[1] for token in (5, 1)]
    assert after_new[0] < after_new[1]


def test_tinyshakespeare(real_data, parts):
    split, size = parts((real_data / "tinyshakespeare.txt").read_text(), 0.1)
    *_, best = ngram.baselines(split.train, split.valid, size)
    assert best.loss < 1.55  # an implementation that mixes its orders wrongly lands above 1.6


def test_a_large_part_is_measured_in_spread_runs(parts, monkeypatch):
    monkeypatch.setattr(ngram, "MAX_MEASURED", 640)
    split, size = parts("ab" * 1000 + "ab" * 400 + "cd" * 400, 0.45)
    uniform, _, best = ngram.baselines(split.train, split.valid, size)
    assert uniform.details["tokens"] == 640
    assert best.loss > 0.3  # the second half, which is nothing like the training part, is measured too


def test_only_the_end_of_a_large_training_part_is_counted(parts, monkeypatch):
    monkeypatch.setattr(ngram, "MAX_COUNTED", 200)
    split, size = parts("xy" * 5000 + "ab" * 200, 0.01)
    *_, best = ngram.baselines(split.train, split.valid, size)
    assert best.details["training_tokens"] == 200
    assert best.loss < 0.05


def test_uniform_and_unigram(parts):
    split, size = parts("ab" * 500, 0.1)
    uniform, unigram, best = ngram.baselines(split.train, split.valid, size)
    assert (uniform.name, uniform.loss) == ("uniform", math.log(2))
    assert unigram.loss == pytest.approx(math.log(2), abs=1e-3)
    assert best.name == f"{best.details['order']}-gram" != "1-gram"
    assert best.loss < 0.01
    assert best.details["tokens"] == 100


def test_validation_does_not_choose_the_order(parts):
    rng = np.random.default_rng(1)
    noise = "".join("abcd"[i] for i in rng.integers(0, 4, 2000))
    split, size = parts(noise + "abcd" * 100, 1 / 6)
    *_, best = ngram.baselines(split.train, split.valid, size)
    assert best.details.get("order", 1) <= 2


END = 3
RECORDS = np.array([END, 0, 1, END, 0, 2, END, 0, 1, END, 1, 0, END] * 3)


def of_records(text: list[int]) -> list[float]:
    rows = ngram._probabilities(RECORDS, np.array([text]), 5, END)
    return [row[0, -1] for row in rows]


@pytest.mark.parametrize("context", [[], [END], [0, 1, END], [0, 1, END, 0], [2, 2, END, 0, 1]])
def test_probabilities_of_records_sum_to_one_too(context):
    assert np.sum([of_records([*context, token]) for token in range(5)], axis=0) == pytest.approx(1)


def test_no_context_reaches_over_the_end_of_a_record():
    for token in range(5):
        for inside in ([], [0], [0, 1]):
            after = [of_records([*before, END, *inside, token]) for before in ([], [0, 1], [2], [1, 0])]
            assert all(found == pytest.approx(after[0]) for found in after)
    # where one text goes on, the last record does matter
    plain = [[row[0, -1] for row in ngram._probabilities(RECORDS, np.array([[*before, END, 0]]), 5)]
             for before in ([0, 2], [1, 0])]  # fmt: skip
    assert plain[0] != pytest.approx(plain[1])


def test_what_begins_a_record_is_counted_as_often_as_it_occurs():
    """Nothing stands before a record, so there are no contexts to count in lower orders: 0 begins three of four."""
    draw = np.random.default_rng(0)
    records = [[int(draw.random() > 0.75), *draw.integers(0, 3, 2), END] for _ in range(400)]
    train = np.concatenate([[END], *records])
    share = np.mean([record[0] == 0 for record in records])
    found = [row[0, -1] for row in ngram._probabilities(train, np.array([[END, 0]]), 5, END)]
    assert found[1:] == pytest.approx([share] * (ngram.MAX_ORDER - 1), abs=0.02)
