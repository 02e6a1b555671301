"""Data whose best possible loss is known in closed form."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from rnncore.errors import RequestError

NAMES = ("grammar",)
DEFAULT_COUNT = 1_000_000
MAX_COUNT = 10**10


def write(name: str, out: str | Path, count: int | None = None, seed: int = 1) -> None:
    """Write the data set ``name`` to ``out``; ``count`` in characters for ``grammar`` (default a million).

    The same name, count and seed give the same bytes. Raises RequestError for an unknown name or a bad count.
    """
    grammar = _grammar(name)
    left = DEFAULT_COUNT if count is None else count
    if not 1 <= left <= MAX_COUNT:
        raise RequestError(f"count: must be between 1 and {MAX_COUNT:,}, not {left:,}")
    draw = random.Random(seed).random
    with Path(out).open("w", encoding="ascii", newline="\n") as file:
        while left > 0:
            sentence = "".join(grammar.sentence(draw))[:left]
            file.write(sentence)
            left -= len(sentence)


def entropy(name: str) -> float:
    """The entropy of the data set in nats per character: what a perfect model's loss tends to."""
    return _grammar(name).entropy()


@dataclass(frozen=True)
class Grammar:
    """A probabilistic context-free grammar: for each symbol its expansions with their probabilities.

    ``rules``: symbol → [(probability, parts)]; a part that is a symbol is expanded, any other is written as it is. The
    first symbol starts a sentence. Each text must have one derivation only: then the entropy of texts is that of
    derivations, and that is a sum over rules (Grenander 1967, "Syntax-controlled probabilities").
    """

    rules: dict[str, list[tuple[float, tuple[str, ...]]]]

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
        surprise = {symbol: -sum(p * math.log(p) for p, _ in expansions) for symbol, expansions in self.rules.items()}
        start = next(iter(self.rules))
        surprise_of_sentence = self._expected(surprise, lambda part: 0.0)[start]
        return surprise_of_sentence / self._expected(dict.fromkeys(self.rules, 0.0), len)[start]

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


def _grammar(name: str) -> Grammar:
    if name != "grammar":
        raise RequestError(f"name: {name!r} is not one of {', '.join(NAMES)}")
    return _agreement()


def _agreement() -> Grammar:
    """Sentences whose verbs agree with their subjects, however many words a relative clause puts between them.

    After each word the next kind of word is certain or chosen by a rule, so no text has two derivations.
    """
    number = {
        "one": ("the cat,the king,a child,the river,a poet,this stone", "sleeps,sings,waits,is old", "sees,follows"),
        "many": ("the cats,kings,children,rivers,poets,these stones", "sleep,sing,wait,are old", "see,follow"),
    }
    rules: dict[str, list[tuple[float, tuple[str, ...]]]] = {
        "<sentence>": [(0.5, (f"<noun {n}>", " ", f"<verb {n}>", ".\n")) for n in number],
    }
    for n, (nouns, alone, transitive) in number.items():
        rules[f"<noun {n}>"] = [(0.75, (f"<word {n}>",)), (0.25, (f"<word {n}>", " that ", f"<verb {n}>"))]
        rules[f"<word {n}>"] = _weighted(nouns)
        rules[f"<verb {n}>"] = [
            (0.5, (f"<alone {n}>",)),
            (0.25, (f"<transitive {n}>", " ", "<noun one>")),
            (0.25, (f"<transitive {n}>", " ", "<noun many>")),
        ]
        rules[f"<alone {n}>"] = _weighted(alone)
        rules[f"<transitive {n}>"] = _weighted(transitive)
    return Grammar(rules)


def _weighted(words: str) -> list[tuple[float, tuple[str, ...]]]:
    """Words with probabilities as 1, 1/2, 1/3 …, as words have them (Zipf)."""
    texts = words.split(",")
    whole = sum(1 / rank for rank in range(1, len(texts) + 1))
    return [(1 / rank / whole, (text,)) for rank, text in enumerate(texts, 1)]
