"""``grammar``: sentences whose verbs agree with their subjects, however many words a relative clause puts between them.

A text for a language model; ``count`` is in characters. The grammar is also what other data sets are drawn from.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

Rules = dict[str, list[tuple[float, tuple[str, ...]]]]
"""Symbol → [(probability, parts)]."""

COUNT = 1_000_000
MAX_COUNT = 10**10


def text(count: int, draw: random.Random) -> Iterator[str]:
    """Pieces of ``count`` characters in all."""
    grammar, left = agreement(), count
    while left > 0:
        sentence = "".join(grammar.sentence(draw.random))[:left]
        yield sentence
        left -= len(sentence)


def optimum() -> dict[str, object]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    loss = agreement().entropy()
    return {
        "metric": "bits_per_character", "value": loss / math.log(2), "loss": loss,
        "words": f"The best possible loss is the entropy of the grammar, {loss:.4f} nats per character.",
    }  # fmt: skip


@dataclass(frozen=True)
class Grammar:
    """A probabilistic context-free grammar: for each symbol its expansions with their probabilities.

    ``rules``: symbol → [(probability, parts)]; a part that is a symbol is expanded, any other is written as it is. The
    first symbol starts a sentence. Each text must have one derivation only: then the entropy of texts is that of
    derivations, and that is a sum over rules (Grenander 1967, "Syntax-controlled probabilities").
    """

    rules: Rules

    def sentence(self, draw: Callable[[], float]) -> Iterator[str]:
        """The pieces of one sentence. ``draw`` gives uniform numbers in [0, 1)."""
        stack = [next(iter(self.rules))]
        while stack:
            part = stack.pop()
            if part not in self.rules:
                yield part
                continue
            expansions = self.rules[part]
            point = draw()
            sums = accumulate(probability for probability, _ in expansions)
            chosen = next((index for index, top in enumerate(sums) if point < top), len(expansions) - 1)
            stack += reversed(expansions[chosen][1])

    def entropy(self) -> float:
        """Nats per character of the endless text of independent sentences: H(sentence) / E[length]."""
        surprise, length = self.expected()
        return surprise / length

    def expected(self) -> tuple[float, float]:
        """Of a sentence: its surprise in nats, and its characters."""
        surprise = {symbol: -sum(p * math.log(p) for p, _ in expansions) for symbol, expansions in self.rules.items()}
        start = next(iter(self.rules))
        written = self._expected(dict.fromkeys(self.rules, 0.0), len)[start]
        return self._expected(surprise, lambda part: 0.0)[start], written

    def _expected(self, own: dict[str, float], written: Callable[[str], float]) -> dict[str, float]:
        """Expected sum over a derivation from each symbol of ``own`` of its symbols and ``written`` of its texts: the
        fixed point of x = own + (rules) x, reached by repetition since a derivation ends with probability one."""
        value = dict.fromkeys(self.rules, 0.0)

        def of(parts: tuple[str, ...]) -> float:
            return sum(value[part] if part in value else written(part) for part in parts)

        while True:
            following = {
                symbol: own[symbol] + sum(probability * of(parts) for probability, parts in expansions)
                for symbol, expansions in self.rules.items()
            }
            if max(abs(following[symbol] - value[symbol]) for symbol in value) < 1e-13:
                return following
            value = following


def agreement() -> Grammar:
    """Sentences whose verbs agree with their subjects, however many words a relative clause puts between them.

    After each word the next kind of word is certain or chosen by a rule, so no text has two derivations.
    """
    number = {
        "one": ("the cat,the king,a child,the river,a poet,this stone", "sleeps,sings,waits,is old", "sees,follows"),
        "many": ("the cats,kings,children,rivers,poets,these stones", "sleep,sing,wait,are old", "see,follow"),
    }
    rules: Rules = {
        "<sentence>": [(0.5, (f"<noun {n}>", " ", f"<verb {n}>", ".\n")) for n in number],
    }
    for n, (nouns, alone, transitive) in number.items():
        rules[f"<noun {n}>"] = [(0.75, (f"<word {n}>",)), (0.25, (f"<word {n}>", " that ", f"<verb {n}>"))]
        rules[f"<word {n}>"] = weighted(nouns)
        rules[f"<verb {n}>"] = [
            (0.5, (f"<alone {n}>",)),
            (0.25, (f"<transitive {n}>", " ", "<noun one>")),
            (0.25, (f"<transitive {n}>", " ", "<noun many>")),
        ]
        rules[f"<alone {n}>"] = weighted(alone)
        rules[f"<transitive {n}>"] = weighted(transitive)
    return Grammar(rules)


def weighted(words: str) -> list[tuple[float, tuple[str, ...]]]:
    """Words with probabilities as 1, 1/2, 1/3 …, as words have them (Zipf)."""
    texts = words.split(",")
    whole = sum(1 / rank for rank in range(1, len(texts) + 1))
    return [(1 / rank / whole, (text,)) for rank, text in enumerate(texts, 1)]
