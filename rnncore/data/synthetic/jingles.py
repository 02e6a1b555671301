"""``jingles``: for each label, tunes from a grammar of its own, in ABC notation (abcnotation.com/wiki/abc:standard).

Conditional generation: ``label`` is ``waltz``, ``march``, ``jig`` or ``lullaby``, ``tune`` is
``[M:3/4][L:1/4][K:G]"G"GBd|"D"A2d|…|"G"G3|]``: metre, unit, key, and four, six or eight bars over the chords of the
key, the last one its keynote. Labels are equally frequent.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from rnncore.data.synthetic.grammar import Grammar, Rules, weighted

COLUMNS = ("label", "tune")
COUNT = 5_000
MAX_COUNT = 10**6

_STYLES = {
    "waltz": ("[M:3/4][L:1/4][K:G]", {"G": "GBd", "C": "ceg", "D": "FAd"}, ("nnn", "n2n", "nn2", "n3")),
    "march": ("[M:4/4][L:1/4][K:C]", {"C": "CEG", "F": "FAc", "G": "GBd"}, ("nnnn", "n2nn", "nnn2", "n2n2", "n4")),
    "jig": ("[M:6/8][L:1/8][K:D]", {"D": "DFA", "G": "GBd", "A": "Ace"}, ("nnnnnn", "n2nn2n", "nnnn3", "n3n3", "n6")),
    "lullaby": ("[M:2/4][L:1/8][K:F]", {"F": "FAc", "B": "Bdf", "C": "ceg"}, ("n2n2", "n3n", "n2nn", "n4")),
}
"""Label → head; the notes of its three chords, the keynote's first; rhythms: an n is a note of the chord, the last
rhythm one long note."""

_STRONG, _WEAK = (0.6, 0.25, 0.15), (0.2, 0.4, 0.4)
"""How likely the notes of a chord are at the start of a bar, and further on."""

_NEXT = {0: (1, 2, 0), 1: (2, 0, 1), 2: (0, 1, 2)}
"""The chords after a chord, the likeliest first."""


def records(count: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    grammars = {label: grammar(label) for label in _STYLES}
    for _ in range(count):
        label = draw.choice(list(grammars))
        yield label, "".join(grammars[label].sentence(draw.random))


def grammar(label: str) -> Grammar:
    """The tunes of a label. No tune has two derivations: a chord is named before each of its bars, lengths tell the
    rhythm."""
    head, chords, rhythms = _STYLES[label]
    names = list(chords)
    rules: Rules = {"<tune>": [(1 / 3, (head, f"<{bars} bars, {names[0]}>")) for bars in (4, 6, 8)]}
    for place, (chord, notes) in enumerate(chords.items()):
        for voice, chances in (("strong", _STRONG), ("weak", _WEAK)):
            rules[f"<{voice} {chord}>"] = [(p, (note,)) for p, note in zip(chances, notes, strict=True)]
        rules[f"<bar {chord}>"] = [
            (probability, _bar(rhythm, chord)) for probability, (rhythm,) in weighted(",".join(rhythms))
        ]
        following = [names[after] for after in _NEXT[place]]
        bar = (f'"{chord}"', f"<bar {chord}>", "|")
        for bars in range(3, 9):
            rules[f"<{bars} bars, {chord}>"] = [
                (probability, (*bar, f"<{bars - 1} bars, {after}>"))
                for probability, (after,) in weighted(",".join(following))
            ]
        rules[f"<2 bars, {chord}>"] = [(1.0, (*bar, "<end>"))]
    keynote = chords[names[0]][0]
    rules["<end>"] = [(1.0, (f'"{names[0]}"', rhythms[-1].replace("n", keynote), "|]"))]
    return Grammar(rules)


def _bar(rhythm: str, chord: str) -> tuple[str, ...]:
    """A rhythm's parts: a strong note, then weak ones, lengths as they are."""
    rest = (f"<weak {chord}>" if sign == "n" else sign for sign in rhythm[1:])
    return (f"<strong {chord}>", *rest)


def optimum() -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`. Tokens are characters, and one that ends each tune."""
    expected = [grammar(label).expected() for label in _STYLES]
    tokens = sum(length + 1 for _, length in expected)
    known = sum(surprise for surprise, _ in expected) / tokens
    # A head tells the label, so that a model without it pays for it once.
    unknown = known + len(expected) * math.log(len(expected)) / tokens
    return {
        "metric": "perplexity", "value": math.exp(known), "loss": known, "loss_without_label": unknown,
        "words": f"The best possible loss is {known:.4f} nats per token; without the label, {unknown:.4f}.",
    }  # fmt: skip
