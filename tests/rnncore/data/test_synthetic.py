"""The grammar: reproducible, and its entropy is what it says."""

import math
import random
from collections import Counter

import pytest

from rnncore.data import synthetic
from rnncore.data.synthetic import Grammar
from rnncore.errors import RequestError


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


def test_the_grammars_entropy_is_met_by_its_texts():
    """The mean surprise of drawn sentences, from the frequencies of whole sentences, is near the closed form."""
    grammar, draw = synthetic._grammar("grammar"), random.Random(3).random
    sentences = ["".join(grammar.sentence(draw)) for _ in range(60_000)]
    counts = Counter(sentences)
    short = sum(math.log(60_000 / count) * count for count in counts.values())
    # The plug-in estimate is too low for rare sentences; one that is off by a rule would be off by far more.
    assert short / sum(map(len, sentences)) == pytest.approx(synthetic.entropy("grammar"), rel=0.2)


def test_bad_requests_say_which(tmp_path):
    with pytest.raises(RequestError, match="name: 'poem' is not one of grammar"):
        synthetic.write("poem", tmp_path / "x")
    with pytest.raises(RequestError, match="count: must be between 1"):
        synthetic.write("grammar", tmp_path / "x", 0)
