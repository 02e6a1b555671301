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


@pytest.mark.parametrize("context", [[], [0], [0, 1], [3, 3], [2, 0, 1]])
def test_probabilities_sum_to_one_after_any_context(context):
    model = ngram.NGram(np.array([0, 1, 2, 0, 1, 1, 0, 1, 2, 3]), 3, vocabulary_size=5)
    for order in range(3):
        whole = sum(list(model.probabilities(np.array([*context, token])))[order][-1] for token in range(5))
        assert whole == pytest.approx(1)


def test_bigram_by_hand():
    # 0 is followed by 1 twice and by 2 once: c(0) = 3, T(0) = 2.
    model = ngram.NGram(np.array([0, 1, 0, 1, 0, 2]), 2, vocabulary_size=3)
    first, second = model._orders
    unigram, bigram = model.probabilities(np.array([0, 1]))
    p1 = (2 - first.discount + first.discount * 3 / 3) / 6
    assert unigram[1] == pytest.approx(p1)
    assert second.discount == pytest.approx(1 / (1 + 2 * 2))  # 0→2 once; 0→1 and 1→0 twice
    assert bigram[1] == pytest.approx((2 - second.discount + second.discount * 2 * p1) / 3)


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


def test_a_block_is_measured_with_the_tokens_before_it(parts, monkeypatch):
    split, size = parts("the cat sat on the mat. " * 80, 0.3)
    whole = [result.loss for result in ngram.baselines(split.train, split.valid, size)]
    monkeypatch.setattr(ngram, "BLOCK", 7)
    assert [result.loss for result in ngram.baselines(split.train, split.valid, size)] == pytest.approx(whole)
