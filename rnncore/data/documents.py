"""Finds where documents begin in a text that arrives in blocks. It knows characters, not tokens."""

from __future__ import annotations

import re

from rnncore.data.sources import normalize_line_ends

_AFTER_EMPTY_LINE = re.compile(r"(?<=\n\n)[^\n]")


class DocumentStarts:
    """Feed it the blocks in order; it tells at which characters of each block a document begins.

    ``documents``: none | lines | records (parted by empty lines) | any separator text. A separator ends its document.
    The beginning of the text is not told.
    """

    def __init__(self, documents: str) -> None:
        self._records = documents == "records"
        separator = {"none": "", "lines": "\n", "records": ""}.get(documents, normalize_line_ends(documents))
        self._separator = re.compile(re.escape(separator)) if separator else None
        self._keep = 2 if self._records else max(len(separator) - 1, 0)  # characters that the next block must see again
        self._tail = ""
        self._pending = False  # a document begins with the next character, which is in the next block

    def feed(self, block: str) -> list[int]:
        """Ascending positions 0 … len(block) - 1. ``block`` must not be empty."""
        text = self._tail + block
        before = len(self._tail)
        if self._records:
            starts = [match.start() - before for match in _AFTER_EMPTY_LINE.finditer(text)]
            self._tail = text[-self._keep :]
            return starts
        if self._separator is None:
            return []
        starts = [0] if self._pending else []
        end = 0
        for match in self._separator.finditer(text):
            end = match.end()
            starts.append(end - before)
        self._pending = end == len(text)
        if self._pending:
            starts.pop()
        self._tail = text[max(end, len(text) - self._keep) :]
        return starts
