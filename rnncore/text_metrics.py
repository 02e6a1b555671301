"""How near texts that were written come to those that were wanted. Torch-free.

A source may have several right answers (a word with two pronunciations): each answer is measured against the reference
that is nearest to it by edit distance. All figures are over whole corpora, so that no batch changes them:

``token_accuracy``   positions at which the output has the reference's token, by the length of the longer of the two
``exact_match``      answers that are equal to one of their references
``edit_distance``    tokens to insert, delete or replace, as the mean of an answer
``word_error_rate``  words to insert, delete or replace, by the words of the references. A source that is one word (no
                     space in it) is answered by one word, however many symbols spell it: there the rate is the share
                     of words that are wrong, 1 - exact_match, as it is published for pronunciations
``bleu``, ``chrf``   as sacrebleu has them, by 100: corpus BLEU (of fewer than four orders where no text has four words)
                     and chrF2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Tokens = Sequence[str]


@dataclass(frozen=True)
class Text:
    """A text, and the tokens that it is cut into."""

    text: str
    tokens: Tokens


@dataclass(frozen=True)
class Answer:
    """What was written for a source, and what would be right. ``one_word``: the source is one word."""

    output: Text
    references: Sequence[Text]
    one_word: bool = False

    @property
    def right(self) -> bool:
        return any(list(self.output.tokens) == list(reference.tokens) for reference in self.references)

    @property
    def nearest(self) -> Text:
        """The reference at the least edit distance, the first of equals."""
        if len(self.references) == 1:
            return self.references[0]
        return min(self.references, key=lambda reference: edit_distance(self.output.tokens, reference.tokens))


def is_one_word(source: str | Sequence[str]) -> bool:
    """Whether a source is one word: see ``word_error_rate``."""
    return len(source.split() if isinstance(source, str) else source) <= 1


def edit_distance(one: Tokens, other: Tokens) -> int:
    """Tokens to insert, delete or replace (V. Levenshtein 1966)."""
    if len(one) < len(other):
        one, other = other, one
    numbers: dict[str, int] = {}
    shorter = np.array([numbers.setdefault(token, len(numbers)) for token in other], np.int64)
    steps = np.arange(len(other) + 1)
    row = steps.copy()
    for token in one:
        best = np.minimum(row[1:] + 1, row[:-1] + (shorter != numbers.get(token, -1)))
        best = np.concatenate([[row[0] + 1], best])
        row = np.minimum.accumulate(best - steps) + steps  # inserting goes along the row
    return int(row[-1])


def figures(answers: Sequence[Answer]) -> dict[str, float]:
    """All of them, by name."""
    nearest = [answer.nearest for answer in answers]
    return {
        "token_accuracy": _token_accuracy(answers, nearest),
        "exact_match": sum(answer.right for answer in answers) / len(answers),
        "edit_distance": sum(map(_distance, answers, nearest)) / len(answers),
        "word_error_rate": _word_error_rate(answers, nearest),
        **_sacrebleu(answers),
    }


def _distance(answer: Answer, reference: Text) -> int:
    return edit_distance(answer.output.tokens, reference.tokens)


def _token_accuracy(answers: Sequence[Answer], nearest: Sequence[Text]) -> float:
    same = total = 0
    for answer, reference in zip(answers, nearest, strict=True):
        same += sum(map(str.__eq__, answer.output.tokens, reference.tokens))
        total += max(len(answer.output.tokens), len(reference.tokens))
    return same / max(1, total)


def _word_error_rate(answers: Sequence[Answer], nearest: Sequence[Text]) -> float:
    wrong = total = 0
    for answer, reference in zip(answers, nearest, strict=True):
        if answer.one_word:
            wrong, total = wrong + (not answer.right), total + 1
        else:
            words = reference.text.split()
            wrong, total = wrong + edit_distance(answer.output.text.split(), words), total + len(words)
    return wrong / max(1, total)


def _sacrebleu(answers: Sequence[Answer]) -> dict[str, float]:
    from sacrebleu.metrics import BLEU, CHRF

    outputs = [answer.output.text for answer in answers]
    most = max(len(answer.references) for answer in answers)
    references = [
        [answer.references[place].text if place < len(answer.references) else None for answer in answers]
        for place in range(most)
    ]
    bleu, chrf = BLEU(effective_order=True), CHRF()
    return {
        "bleu": bleu.corpus_score(outputs, references).score / 100,
        "chrf": chrf.corpus_score(outputs, references).score / 100,
    }
