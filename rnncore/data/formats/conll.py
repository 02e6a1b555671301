"""Words below each other, sentences between empty lines: CoNLL-U (ten columns) and its plainer ancestors.

CoNLL-U gives ``tokens``, ``lemma``, ``upos``, ``xpos`` and ``deprel``; ranges of words that are written as one
(``1-2``) and words that are not written (``1.1``) are skipped, see universaldependencies.org/format.html. A plain file
gives ``tokens`` (its first column), ``tag`` (its last) and the columns between as ``column_2`` …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from rnncore.data.table import Progress, Table, TextLines
from rnncore.errors import DataError

UNIVERSAL = {"tokens": 1, "lemma": 2, "upos": 3, "xpos": 4, "deprel": 7}
FIELDS = 10

_WORD = re.compile(r"\d+")
_SKIPPED = re.compile(r"\d+[-.]\d+")

Sentence = tuple[int, list[list[str]]]
"""The line of its first word, and the fields of each word."""


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    text = TextLines(path, name, progress)
    rows = _universal(text, name) if kind == "conllu" else _plain(text, name)
    sentences = [(line, words) for line, words in rows if words]
    if not sentences:
        return Table(name, kind, {}, [], text.details)
    if kind == "conllu":
        places = UNIVERSAL
    else:
        width = len(sentences[0][1][0])
        places = {"tokens": 0, **{f"column_{place + 1}": place for place in range(1, width - 1)}, "tag": width - 1}
    columns = {column: [[word[at] for word in words] for _, words in sentences] for column, at in places.items()}
    return Table(name, kind, columns, [line for line, _ in sentences], text.details)


def _sentences(text: TextLines) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines of each sentence."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(chain(text, [""]), 1):
        if line.strip():
            lines.append((number, line.removesuffix("\n")))
        elif lines:
            yield lines
            lines = []


def _universal(text: TextLines, name: str) -> Iterator[Sentence]:
    for sentence in _sentences(text):
        words, first = [], sentence[0][0]
        for number, line in sentence:
            if line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != FIELDS:
                message = f"{name}: a word of CoNLL-U has {FIELDS} fields between tabs; this line has {len(fields)}"
                raise DataError(message, line=number)
            if _SKIPPED.fullmatch(fields[0]):
                continue
            if not _WORD.fullmatch(fields[0]):
                raise DataError(f"{name}: {fields[0]!r} is no number of a word", line=number)
            first = first if words else number
            words.append(fields)
        yield first, words


def _plain(text: TextLines, name: str) -> Iterator[Sentence]:
    width = None
    for sentence in _sentences(text):
        words = []
        for number, line in sentence:
            if line.startswith("-DOCSTART-"):
                continue
            fields = line.split("\t") if "\t" in line else line.split()
            width = width or len(fields)
            if len(fields) != width or width < 2:
                wanted = f"{width} columns, as the first word has" if width > 1 else "a word and a tag at least"
                raise DataError(f"{name}: {wanted} are wanted; this line has {len(fields)}", line=number)
            words.append(fields)
        yield sentence[0][0], words
