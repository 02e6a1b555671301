"""The grammar: reproducible, and its entropy is what it says."""

import math
import random
from collections import Counter

import pytest

from rnncore.data import synthetic
from rnncore.data.synthetic.grammar import Grammar, agreement


def test_same_seed_same_bytes(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        synthetic.write("grammar", tmp_path / name, 5000, seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert len(a) == 5000
    assert a == b != c


def test_entropy_of_a_coin():
    coin = Grammar({"<toss>": [(0.25, ("h",)), (0.75, ("tail",))]})
    bits = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert coin.entropy() == pytest.approx(bits / (0.25 * 1 + 0.75 * 4))


def test_entropy_with_recursion():
    # a^n b with P(n) geometric: H = H(p) / (1 - p), E[length] = 1 / (1 - p)
    run = Grammar({"<run>": [(0.6, ("a", "<run>")), (0.4, ("b",))]})
    assert run.entropy() == pytest.approx(-(0.6 * math.log(0.6) + 0.4 * math.log(0.4)))


def drawn(rules, rng):
    """A sentence and the surprise of its derivation, walked apart from the code under test."""
    text, surprise, stack = "", 0.0, [next(iter(rules))]
    while stack:
        part = stack.pop()
        if part in rules:
            (probability, parts), *_ = rng.choices(rules[part], [weight for weight, _ in rules[part]])
            surprise -= math.log(probability)
            stack += reversed(parts)
        else:
            text += part
    return text, surprise


def test_the_grammars_entropy_is_the_mean_surprise_of_its_texts():
    rules, rng = agreement().rules, random.Random(3)
    sentences = [drawn(rules, rng) for _ in range(20_000)]
    mean = sum(surprise for _, surprise in sentences) / sum(len(text) for text, _ in sentences)
    assert mean == pytest.approx(synthetic.entropy("grammar"), rel=0.02)


def test_a_text_of_the_grammar_has_one_derivation():
    """Else the entropy of derivations would not be that of texts."""
    rules, rng = agreement().rules, random.Random(4)
    surprises = {}
    for text, surprise in (drawn(rules, rng) for _ in range(20_000)):
        assert surprises.setdefault(text, surprise) == pytest.approx(surprise)


def test_written_texts_are_of_the_grammar(tmp_path):
    synthetic.write("grammar", tmp_path / "text", 100_000, seed=5)
    lines = (tmp_path / "text").read_text().splitlines()[:-1]  # the last may be cut
    rules, rng = agreement().rules, random.Random(6)
    written, expected = (Counter(found).most_common(8) for found in (lines, (drawn(rules, rng)[0][:-1] for _ in lines)))
    assert {text for text, _ in written[:3]} <= {text for text, _ in expected}
    assert all(line.endswith(".") for line in lines)
