"""What is in a file: statistics, a preview and what is wrong with it; of a text in one pass of flat memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rnncore.data import columns, problems, roles
from rnncore.data.characters import code_points, describe
from rnncore.data.duplicates import DuplicateLines
from rnncore.data.resolve import resolve
from rnncore.data.sources import TextFile, open_text
from rnncore.data.table import Table, format_of, open_table, problem
from rnncore.errors import DataError, RecipeError
from rnncore.recipe import Recipe

PREVIEW = 2_000
"""Characters of each of the three previews, at most."""

VOCABULARY = 500
"""Characters that are listed with their counts, the most frequent first."""

SHORT = 1_000
"""Characters below which hardly anything can be learned."""

LONG_LINE = 100_000

ROWS, ROW_COLUMNS, CELL, CELL_ITEMS = 20, 50, 300, 60
"""Of a table's preview: rows, columns, characters of a cell, items of a list."""

LENGTHS, BARS = 4096, 24
"""Of the lines of a text: lengths that are counted one by one, and the bars of their histogram."""

SERIES, SERIES_FIRST, SERIES_SPREAD = 8, 1_200, 300
"""Of a series' preview: columns, rows from the start of the first column, rows evenly spread over the whole."""

_CODE_POINTS = 0x110000
_DETAILS = ("encoding", "encoding_guessed", "byte_order_mark", "compression", "bytes", "index", "delimiter", "header")

_ODD = {
    "Control characters": [code for code in (*range(32), *range(127, 160)) if code not in (0, 9, 10, 12)],
    "Characters that turn the direction of the text": [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F),
                                                       *range(0x2066, 0x206A)],
    "Characters without a width": [0xAD, 0x180E, 0x200B, *range(0x2060, 0x2065), 0xFEFF],
    "Spaces that do not break": [0xA0, 0x2007, 0x202F],
    "Line ends of Unicode, which are not read as such": [0x2028, 0x2029],
}  # fmt: skip
"""What a reader does not see. Of the control characters NUL (counted apart), tab, line feed and form feed are fine."""


def inspect(
    path: str | Path, progress: Callable[[int, int], None] | None = None, *, name: str | None = None,
    task: str | None = None, roles: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What a file holds, as a JSON-able dict.

    ``name``: what the file is called, where the path does not say; its ending tells a table (see
    :func:`rnncore.data.table.format_of`) from a text. ``task``: the kind of task that it is to serve, for its problems;
    else the one that its columns suggest. ``roles``: what somebody says that columns are for, by name, "" for nothing.

    A table has ``columns`` (see :func:`rnncore.data.columns.survey`), ``task`` and ``roles`` besides; its statistics
    are ``records``, and its preview ``rows``; one that looks like a series has values of some columns there besides, as
    ``series``: ``{name: {"first": [the first rows, of one column], "spread": [rows spread over the whole]}}``.
    For a text:

    ``progress(done_bytes, total_bytes)`` is called once a block (a megabyte), in the calling thread; it may raise to
    end the work. Raises DataError for what cannot be trained on: empty or a single character, binary, broken gzip.

    ::

        {"format": "text", "encoding": "utf-8", "encoding_guessed": false, "byte_order_mark": false,
         "compression": null | "gzip", "index": [[line, offset] …] (see TextFile),
         "line_endings": "lf" | "crlf" | "cr" | "mixed" | "none", "bytes": size on disk,
         "statistics": {"characters", "lines", "vocabulary_size", "vocabulary": [[character, count], … at most 500],
                        "longest_line", "longest_line_number", "line_lengths": [[up to, count] …],
                        "non_ascii_share": 0…1, "duplicate_lines",
                        "duplicate_lines_estimated": bool, "nul_bytes", "undecodable_bytes"},
         "preview": {"start", "middle", "end"},
         "problems": [{"severity": "error" | "warning" | "info", "message", "line": int | null, "offset": int | null,
                       "count": int | null, "lines": [int …] (of the first places),
                       "fields": {field of the task: column} (for which it is wrong)}]}

    A problem never makes a file unusable (that is a DataError); "error" marks what makes training pointless.
    """
    name = name or Path(path).name
    if format_of(name) != "text" or task not in (None, "language_model"):
        return inspect_table(open_table(path, name=name, progress=progress), task, roles)
    with open_text(path) as text:
        survey = _Survey()
        for block in text:
            survey.read(block, halfway=2 * text.done_bytes >= text.total_bytes)
            if progress:
                progress(text.done_bytes, text.total_bytes)
        survey.finish()
        if survey.vocabulary_size < 2:
            raise DataError(
                f"{text.name} holds the character {describe([chr(int(survey.counts.argmax()))])} again and again, "
                "and nothing else: there is nothing to learn",
                hint="Give a text with at least two different characters.",
            )
        return {
            "format": "text",
            "encoding": text.encoding,
            "encoding_guessed": text.encoding_guessed,
            "byte_order_mark": text.byte_order_mark,
            "index": text.index,
            "compression": text.compression,
            "line_endings": _line_endings(text),
            "bytes": text.total_bytes,
            "statistics": {
                **survey.statistics(),
                "nul_bytes": text.nul.count,
                "undecodable_bytes": text.undecodable.count,
            },
            "preview": survey.preview(),
            "problems": _problems(text, survey),
            "columns": [],
            "task": "language_model",
            "roles": {},
        }


def inspect_table(table: Table, task: str | None = None, said: dict[str, str] | None = None) -> dict[str, Any]:
    """What a table holds, see :func:`inspect`. ``said``: its ``roles``. ``unfit``: problems of columns in roles that
    they may not have now, by which a recipe that names them is refused."""
    found = columns.survey(table)
    used = roles.with_roles(found, said or {})
    proposed = task or roles.propose(used)
    named = {role: [column["name"] for column in found if column["role"] == role] for role in roles.ROLES}
    read, refused = _read(proposed, used)
    details = {key: table.details.get(key) for key in _DETAILS}
    rows = [
        {name: _shown(values[row]) for name, values in list(table.columns.items())[:ROW_COLUMNS]}
        for row in range(min(ROWS, len(table)))
    ]
    return {
        "format": table.format, **details, "statistics": {"records": len(table), "columns": len(table.columns)},
        "preview": {"rows": rows, "series": _series(table, found)}, "columns": found, "task": proposed,
        "roles": {role: names for role, names in named.items() if names},
        "problems": refused + problems.of_table(table, used, proposed, read), "unfit": problems.unfit(table, found),
    }  # fmt: skip


def _series(table: Table, found: list[dict[str, Any]]) -> dict[str, dict[str, list[Any]]]:
    """Values for drawings of a table that looks like a series; empty for others."""
    if not any(column["role"] in ("time", "value") for column in found):
        return {}
    numeric = [column for column in found if column["kind"] in roles.NUMBERS]
    numeric.sort(key=lambda column: column["role"] != "value")
    spread = np.unique(np.linspace(0, len(table) - 1, min(SERIES_SPREAD, len(table))).astype(int))
    kept = {}
    for column in numeric[:SERIES]:
        values = table.columns[column["name"]]
        first = [] if kept else values[:SERIES_FIRST]
        kept[column["name"]] = {"first": _finite(first), "spread": _finite([values[row] for row in spread])}
    return kept


def _finite(values: list[Any]) -> list[float | None]:
    """Numbers of six digits, which is enough to draw them."""
    return [float(f"{value:.6g}") if value is not None and np.isfinite(value) else None for value in values]


def _read(task: str, found: list[dict[str, Any]]) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
    """The columns that a task would read, by role, and as a problem what it lacks."""
    try:
        fields = resolve(Recipe.parse({"task": {"kind": task}}).task, found)
    except RecipeError as error:
        message = f"{error.errors[0][1][0].upper()}{error.errors[0][1][1:]}."
        return {}, [problem("error", message)]
    named = {field.removesuffix("s").removesuffix("_column"): value for field, value in fields.items()}
    return {role: names if isinstance(names, list) else [names] for role, names in named.items()}, []


def _shown(value: Any) -> Any:
    """A cell of the preview, cut where it is long."""
    if isinstance(value, list):
        return value[:CELL_ITEMS] + (["…"] if len(value) > CELL_ITEMS else [])
    return f"{value[:CELL]}…" if isinstance(value, str) and len(value) > CELL else value


class _Survey:
    """What one pass over the blocks of a text gathers."""

    def __init__(self) -> None:
        self.counts = np.zeros(_CODE_POINTS, np.int64)
        self.lines = 0  # that are finished
        self.longest, self.longest_number = 0, 0
        self.odd: dict[str, tuple[int, str]] = {}  # line and character of the first of each kind
        self.line_lengths = np.zeros(LENGTHS + 1, np.int64)
        self.duplicates = DuplicateLines()
        self._open = 0  # characters of the line that is not finished
        self._start = self._middle = self._end = ""

    def read(self, block: str, *, halfway: bool) -> None:
        codes = code_points(block)
        counts = np.bincount(codes)
        self.counts[: len(counts)] += counts
        line_ends = np.flatnonzero(codes == 10)
        self._look_for_odd(codes, counts, line_ends)
        self._measure_lines(line_ends, len(codes))
        self.duplicates.feed(codes, line_ends)
        self._keep_preview(block, halfway)

    def finish(self) -> None:
        self.duplicates.finish()
        if self._open:
            self._measure_lines(np.zeros(1, np.int64), 0)

    @property
    def characters(self) -> int:
        return int(self.counts.sum())

    @property
    def vocabulary_size(self) -> int:
        return int(np.count_nonzero(self.counts))

    def count_odd(self, kind: str) -> int:
        return int(self.counts[_ODD[kind]].sum())

    def statistics(self) -> dict[str, Any]:
        used = np.flatnonzero(self.counts)
        frequent = used[np.argsort(-self.counts[used], kind="stable")][:VOCABULARY]
        return {
            "characters": self.characters,
            "lines": self.lines,
            "vocabulary_size": self.vocabulary_size,
            "vocabulary": [[chr(code), int(self.counts[code])] for code in frequent],
            "longest_line": self.longest,
            "longest_line_number": self.longest_number,
            "line_lengths": self._histogram(),
            "non_ascii_share": float(self.counts[128:].sum() / max(1, self.characters)),
            "duplicate_lines": self.duplicates.count,
            "duplicate_lines_estimated": self.duplicates.estimated,
        }

    def _histogram(self) -> list[list[int]]:
        """``[[up to, lines], …]``: even steps as far as nearly all lines reach, then what is longer."""
        sums = np.cumsum(self.line_lengths)
        reach = int(np.searchsorted(sums, 0.99 * self.lines))
        edges = np.unique([*np.linspace(0, reach, BARS).astype(int)[1:], max(reach, min(self.longest, LENGTHS))])
        counts = np.diff(sums[edges], prepend=0)
        return [[int(edge), int(count)] for edge, count in zip([*edges[:-1], self.longest], counts, strict=True)]

    def preview(self) -> dict[str, str]:
        """Start, middle and end; a text that the start shows whole has no others."""
        if self.characters <= PREVIEW:
            return {"start": self._start, "middle": "", "end": ""}
        return {"start": _whole_lines(self._start, end=True), "middle": self._middle, "end": _whole_lines(self._end)}

    def _look_for_odd(self, codes: np.ndarray, counts: np.ndarray, line_ends: np.ndarray) -> None:
        for kind, odd in _ODD.items():
            found = [code for code in odd if code < len(counts) and counts[code]]
            if found and kind not in self.odd:
                place = int(np.flatnonzero(np.isin(codes, found))[0])
                self.odd[kind] = self.lines + 1 + int(np.searchsorted(line_ends, place)), chr(int(codes[place]))

    def _measure_lines(self, line_ends: np.ndarray, length: int) -> None:
        if not len(line_ends):
            self._open += length
            return
        lengths = np.diff(line_ends, prepend=-1) - 1
        lengths[0] += self._open
        longest = int(lengths.argmax())
        if lengths[longest] > self.longest:
            self.longest, self.longest_number = int(lengths[longest]), self.lines + longest + 1
        self.line_lengths += np.bincount(np.minimum(lengths, LENGTHS), minlength=LENGTHS + 1)
        self.lines += len(line_ends)
        self._open = length - int(line_ends[-1]) - 1 if length else 0

    def _keep_preview(self, block: str, halfway: bool) -> None:
        if len(self._start) < PREVIEW:
            self._start += block[: PREVIEW - len(self._start)]
        if halfway and not self._middle:
            # A file of one block is all there is of it: its middle is within.
            begin = len(block) // 2 if self.characters == len(block) else 0
            self._middle = _whole_lines(block[begin : begin + PREVIEW])
        self._end = (self._end + block[-PREVIEW:])[-PREVIEW:]


def _whole_lines(text: str, *, end: bool = False) -> str:
    """Without the part of a line at its start (or at its end), if that leaves half of it."""
    cut = text.rfind("\n") + 1 if end else text.find("\n") + 1
    kept = text[:cut] if end else text[cut:]
    return kept if 2 * len(kept) >= len(text) else text


def _line_endings(text: TextFile) -> str:
    names = {"\n": "lf", "\r\n": "crlf", "\r": "cr"}
    found = [names[ending] for ending, count in text.line_endings.items() if count]
    return found[0] if len(found) == 1 else "mixed" if found else "none"


def _problems(text: TextFile, survey: _Survey) -> list[dict[str, Any]]:
    problems: list[dict[str, Any]] = []

    def note(severity: str, message: str, **where: Any) -> None:
        problems.append(problem(severity, message, **where))

    if text.undecodable.count:
        trouble = text.undecodable
        note("warning", f"Bytes that are not {text.encoding}; each is read as \N{REPLACEMENT CHARACTER}.",
             offset=trouble.offsets[0], count=trouble.count, lines=trouble.lines)  # fmt: skip
    if text.nul.count:
        note("warning", "NUL characters, which no text needs; they are kept.", offset=text.nul.offsets[0],
             count=text.nul.count, lines=text.nul.lines)  # fmt: skip
    for kind, (line, character) in survey.odd.items():
        severity = "warning" if kind == "Control characters" else "info"
        note(severity, f"{kind}, the first is {describe([character])}; they are kept.", line=line,
             count=survey.count_odd(kind))  # fmt: skip
    if survey.characters < SHORT:
        note("warning", f"Only {survey.characters:,} characters: a network can hardly learn more than to repeat them.")
    if survey.longest > LONG_LINE:
        note("info", f"A line of {survey.longest:,} characters.", line=survey.longest_number)
    if _line_endings(text) == "mixed":
        note("info", "Line ends of several kinds; all are read as one.", count=sum(text.line_endings.values()))
    if text.encoding_guessed:
        note("info", f"The file does not say how it is encoded; it is read as {text.encoding}. Look at the preview.")
    duplicates = survey.duplicates
    if duplicates.count > 0.3 * max(1, duplicates.lines):
        note("info", "Lines that stand in the text more than once; what is repeated is learned by heart.",
             count=duplicates.count)  # fmt: skip
    return problems
