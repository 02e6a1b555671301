"""What a pasted text seems to be: running text, a table, or records of JSON. A guess that its person can overrule."""

from __future__ import annotations

import csv
import json

LOOKED_AT = 20  # lines at the start
FEWEST = 3  # lines that a table has at least


def guess(text: str) -> str:
    """``text``, ``csv``, ``tsv`` or ``jsonl``, by the first lines.

    >>> guess("word,kind\\naei,soft\\nbcd,hard\\n"), guess("To be, or not to be,\\nthat is the question.\\n")
    ('csv', 'text')
    """
    lines = [line for line in text.splitlines()[: LOOKED_AT + 1] if line.strip()]
    if len(lines) > LOOKED_AT:
        lines.pop()  # it may be cut
    if lines and all(map(_is_object, lines)):
        return "jsonl"
    if len(lines) < FEWEST:
        return "text"
    if _is_table(lines, "\t"):
        return "tsv"
    return "csv" if any(_is_table(lines, delimiter) for delimiter in ",;|") else "text"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_table(lines: list[str], delimiter: str) -> bool:
    """Whether every record has the same number of cells, two at least, and no cell begins as running text goes on:
    with a space."""
    try:
        records = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    widths = {len(record) for record in records}
    if len(widths) != 1 or widths == {1}:
        return False
    spaced = sum(cell.startswith(" ") for record in records for cell in record[1:])
    return 2 * spaced < len(records)
