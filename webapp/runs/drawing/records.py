"""A padded batch of the reader's own records: rows of about one length, what fills the shorter ones up, the answers.

The rows are some of the first records of the file, which the inspection keeps. How much of a whole batch is padding
follows from the lengths of all records, which it has counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from rnncore import facts
from rnncore.data.buckets import WINDOW
from rnncore.data.columns import numbers_of
from rnncore.data.inspect import CELL as CUT_TEXT
from rnncore.data.inspect import CELL_ITEMS, ROWS
from rnncore.data.vocabulary import Vocabulary
from rnncore.recipe import Recipe, Task
from webapp.datasets.models import Version
from webapp.pages.templatetags.units import number, share
from webapp.runs.drawing.cells import CELL, LEFT, RIGHT, SPACE, Cell, shown, width_of
from webapp.runs.facts import surveyed

LANES = 4  # drawn at most
TOP, CAPTION = 2, 13
ANSWER = 86  # for a label before or after a row, with its arrow
GAP = 22  # where steps in the middle are left out
HEAD = 0.6  # of the width, for the first steps where not all fit
TAG = 5.8  # width of a letter below a box
NO_PADDING = 1e-6
END = "end"
_ANSWERED = {"classification": "after", "regression": "after", "conditional_generation": "before"}
_POOLED = "Each row is a record. The answer follows from the steps that are there; padding (dashed) counts in nothing."
_NOTES = {
    "classification": _POOLED,
    "regression": _POOLED,
    "tagging": "Each row is a sentence, and every word has its tag below it. Padding (dashed) has none.",
    "seq2seq": "A source is read, then its target is written, up to its end. Padding (dashed) counts in nothing.",
    "conditional_generation": "What stands before the arrow decides the first state; the row is written for it.",
}


@dataclass(frozen=True)
class Record:
    """``sides``: its tokens, of seq2seq those of the source and of the target. ``cut``: the inspection keeps no more of
    it."""

    number: int
    sides: tuple[list[str], ...]
    answer: str = ""
    tags: list[str] = field(default_factory=list)
    cut: bool = False

    @property
    def steps(self) -> int:
        return sum(map(len, self.sides))


@dataclass
class Line:
    """One side of a record in its row. ``gap``: where the middle is left out; ``more``: where what is too long ends."""

    y: float
    cells: list[Cell]
    gap: float | None = None
    more: float | None = None
    target: bool = False

    @property
    def middle(self) -> float:
        return self.y + CELL / 2


@dataclass
class Lane:
    """A record: ``caption``, its lines, and its answer."""

    y: float
    caption: str
    lines: list[Line]
    answer: str = ""


@dataclass(frozen=True)
class Batch:
    """The drawing. ``place``: of the answers, before or after the rows, if any. ``filled``: share of padding among what
    is drawn; ``usual`` and ``unsorted``: among whole batches, as they are made and if records met by chance."""

    lanes: list[Lane]
    kind: str
    records: int
    length: int
    place: str
    height: float
    filled: float
    usual: float | None
    unsorted: float | None
    longer: bool
    answers_at: float
    template = "runs/_step_records.html"
    title = "One batch, of your records"

    answer_width = ANSWER - 18

    @property
    def answer_middle(self) -> float:
        return self.answers_at + self.answer_width / 2

    @property
    def arrow(self) -> float:
        """Where the arrow from or to an answer begins."""
        return self.answers_at + self.answer_width + 3 if self.place == "before" else self.answers_at - 14

    @property
    def caption(self) -> str:
        some = f"{number(self.records)} record{'' if self.records == 1 else 's'} of about one length"
        return f"{some}; {len(self.lanes)} of the first {ROWS} in the file are drawn"

    @property
    def note(self) -> str:
        said = [_NOTES.get(self.kind, "Each row is a record. Padding counts in nothing.")]
        if self.longer:
            said.append(f"Of a longer record, the first {number(self.length)} steps are learned.")
        if self.usual is None:
            said.append(f"{share(self.filled)} of what is drawn is padding." if self.filled > NO_PADDING else "")
        elif self.unsorted < NO_PADDING:
            said.append("All records are of one length: nothing is padding.")
        else:
            by_chance = f"without sorting by length it would be {share(self.unsorted)}"
            said.append(f"About {share(self.usual)} of a batch is padding; {by_chance}.")
        return " ".join(filter(None, said))

    @property
    def alternative(self) -> str:
        rows = ", ".join(lane.caption + (f", {lane.answer}" if lane.answer else "") for lane in self.lanes)
        return f"A batch of {number(self.records)} records as rows: {rows}. {share(self.filled)} of it is padding."


def draw(version: Version, recipe: Recipe) -> Batch | None:
    """A batch of a filled recipe; None where no record that is kept is whole."""
    task, training = recipe.task, recipe.training
    survey = {column["name"]: column for column in surveyed(version)["columns"]}
    kept = list(_records(version.inspection["preview"]["rows"], task))
    if not kept:
        return None
    total = max(1, version.inspection["statistics"]["records"])
    length = training.sequence_length or 1
    chosen = _of_one_batch(kept, training.batch_size, total)
    place = _ANSWERED.get(task.kind, "") if any(record.answer for record in chosen) else ""
    left = LEFT + (ANSWER if place == "before" else 0)
    right = RIGHT - (ANSWER if place == "after" else 0)
    lanes, height = _lanes(chosen, length, left, right)
    end = max(cell.x + cell.width for lane in lanes for line in lane.lines for cell in line.cells)
    usual, unsorted = _padding(survey, task, training.batch_size, length, total)
    return Batch(
        lanes=lanes, kind=task.kind, records=training.batch_size, length=length, place=place, height=height,
        filled=_filled(chosen, length), usual=usual, unsorted=unsorted,
        longer=any(len(side) > length for record in chosen for side in record.sides),
        answers_at=end + 18 if place == "after" else LEFT,
    )  # fmt: skip


def _records(rows: list[dict[str, Any]], task: Task) -> Iterator[Record]:
    """Those of the preview that have all that the task reads."""
    for index, row in enumerate(rows, 1):
        read = [task.source_column, task.target_column] if task.source_column else [task.text_column]
        read = [name for name in read if name] or list(task.value_columns or ())[:1]
        wanted = [*read, *filter(None, (task.label_column, task.tag_column)), *(task.condition_columns or ())]
        if not read or any(row.get(name) in (None, "", []) for name in wanted):
            continue
        kinds = (task.tokens, task.target_tokens)
        sides = [_pieces(_whole(row[name]), kind) for name, kind in zip(read, kinds, strict=False)]
        if task.target_column or task.condition_columns is not None:
            sides[-1] = [*sides[-1], END]
        tags = _pieces(_whole(row[task.tag_column]), "list") if task.tag_column else []
        if all(sides) and (not task.tag_column or len(tags) == len(sides[0])):
            yield Record(index, tuple(sides), _answer(row, task), tags, cut=any(_is_cut(row[name]) for name in read))


def _pieces(value: Any, kind: str | None) -> list[str]:
    """What stands in the boxes: numbers as they are, a text cut as the task cuts it; bytes and byte pairs, which are
    not known yet, as characters."""
    if kind is None and not isinstance(value, list):
        try:
            return [f"{item:.3g}" for item in numbers_of(value)]
        except ValueError:
            return str(value).split()
    if isinstance(value, list):
        return [f"{item:.3g}" if isinstance(item, float) else str(item) for item in value]
    return Vocabulary("char" if kind in ("byte", "bpe") else kind or "word").pieces(str(value))


def _whole(value: Any) -> Any:
    """A cell without the mark of what was left out, and of a text without the word that it stands in."""
    if not _is_cut(value):
        return value
    return value[:-1] if isinstance(value, list) else value[: value.rfind(" ")] if " " in value else value[:-1]


def _is_cut(value: Any) -> bool:
    """Whether the inspection keeps only the first part of a cell."""
    return isinstance(value, str | list) and len(value) > (CELL_ITEMS if isinstance(value, list) else CUT_TEXT)


def _answer(row: dict[str, Any], task: Task) -> str:
    named = [task.label_column] if task.label_column else list(task.condition_columns or ())
    texts = [f"{row[name]:.4g}" if isinstance(row[name], float) else str(row[name]) for name in named]
    text = ", ".join(texts)
    return text if len(text) <= 9 else text[:8] + "…"


def _of_one_batch(kept: list[Record], batch_size: int, total: int) -> list[Record]:
    """Some that might meet in a batch: it is cut from WINDOW batches of records that were sorted by length."""
    kept = sorted(kept, key=lambda record: record.steps)
    wide = max(1 / WINDOW, min(1.0, batch_size / total))
    count = min(len(kept), batch_size, max(LANES, round(wide * len(kept))))
    first = (len(kept) - count) // 2
    near = kept[first : first + count]
    picked = [near[round(place * (count - 1) / max(1, LANES - 1))] for place in range(LANES)]
    return [record for record, _ in groupby(picked)]


def _lanes(chosen: Sequence[Record], length: int, left: float, right: float) -> tuple[list[Lane], float]:
    """The rows, and where they end."""
    sides = [_columns(chosen, side, length, left, right) for side in range(len(chosen[0].sides))]
    lanes, y = [], float(TOP)
    for record in chosen:
        lane = Lane(y + 8, _caption(record, length), [], record.answer)
        y += CAPTION
        for side, columns in enumerate(sides):
            lane.lines.append(_line(record, side, columns, y, length))
            y += CELL + (12 if record.tags else 3)
        lanes.append(lane)
        y += 8
    return lanes, y


def _caption(record: Record, length: int) -> str:
    steps = " → ".join(number(min(len(side), length)) for side in record.sides)
    return f"record {record.number}, {'more than ' if record.cut else ''}{steps} step{'' if steps == '1' else 's'}"


@dataclass(frozen=True)
class _Columns:
    """Which steps are drawn and where: ``at`` by step, (x, width). ``gap``: where steps are left out."""

    at: dict[int, tuple[float, float]]
    gap: float | None


def _columns(chosen: Sequence[Record], side: int, length: int, left: float, right: float) -> _Columns:
    """A column a step, as wide as its widest token or tag; where not all fit, the first ones and the last ones."""
    steps = min(length, max(len(record.sides[side]) for record in chosen))
    widths = [_width(chosen, side, step) for step in range(steps)]
    if any(record.cut for record in chosen):  # nobody knows the last ones
        head = _fitting(range(steps), widths, right - left - GAP)
        placed = _placed(head, widths, left)
        return _Columns(placed, round(sum(placed[head[-1]]) + GAP / 2, 1))
    if sum(widths) + SPACE * (steps - 1) <= right - left:
        return _Columns(_placed(range(steps), widths, left), None)
    head = _fitting(range(steps), widths, HEAD * (right - left))
    used = sum(widths[step] + SPACE for step in head)
    tail = _fitting(range(steps - 1, len(head) - 1, -1), widths, right - left - used - GAP)[::-1]
    start = right - sum(widths[step] for step in tail) - SPACE * max(0, len(tail) - 1)
    return _Columns(_placed(head, widths, left) | _placed(tail, widths, start), round(left + used + GAP / 2 - SPACE, 1))


def _width(chosen: Sequence[Record], side: int, step: int) -> float:
    there = [record for record in chosen if step < len(record.sides[side])]
    tags = [TAG * len(_short(record.tags[step])) + 4 for record in there if step < len(record.tags)]
    return max([width_of(shown(record.sides[side][step])) for record in there] + tags)


def _short(tag: str) -> str:
    return tag if len(tag) <= 7 else tag[:6] + "…"


def _fitting(steps: Sequence[int], widths: list[float], room: float) -> list[int]:
    """The first of the steps that fit, and at least one."""
    found: list[int] = []
    for step in steps:
        room -= widths[step] + SPACE
        if found and room < 0:
            break
        found.append(step)
    return found


def _placed(steps: Sequence[int], widths: list[float], left: float) -> dict[int, tuple[float, float]]:
    found = {}
    for step in steps:
        found[step] = (round(left, 1), round(widths[step], 1))
        left += widths[step] + SPACE
    return found


def _line(record: Record, side: int, columns: _Columns, y: float, length: int) -> Line:
    tokens = record.sides[side]
    cells = []
    for step, (x, width) in columns.at.items():
        if step >= min(len(tokens), length):
            cells.append(Cell(x, width, "", padding=True))
            continue
        tag = record.tags[step] if step < len(record.tags) else ""
        plain = Cell(x, width, shown(tokens[step]), blank=tokens[step].isspace())
        cells.append(replace(plain, below=_short(tag)))
    last = cells[-1]
    more = round(last.x + last.width + 3, 1) if len(tokens) > length and not record.cut else None
    return Line(y, cells, gap=columns.gap, more=more, target=side > 0)


def _filled(chosen: Sequence[Record], length: int) -> float:
    """The share of padding among some records side by side."""
    sides = [[min(len(record.sides[side]), length) for record in chosen] for side in range(len(chosen[0].sides))]
    return 1 - sum(map(sum, sides)) / sum(max(lengths) * len(lengths) for lengths in sides)


def _padding(
    survey: dict[str, dict[str, Any]], task: Task, batch_size: int, length: int, total: int
) -> tuple[float | None, float | None]:
    """Share of padding in batches as they are made, and in batches of records by chance; None where two sides have
    lengths of their own, or nothing is known of them."""
    name = task.text_column or next(iter(task.value_columns or ()), None)
    if task.source_column or name not in survey or batch_size < 2:
        return None, None
    counted = facts.lengths_of(survey[name], task.tokens)
    if not counted.get("histogram"):
        return None, None
    lengths = [min(steps, length) for steps in _quantiles(counted)]
    batches = max(1, min(WINDOW, total // batch_size))
    each = max(1, len(lengths) // batches)
    parts = [lengths[at : at + each] for at in range(0, len(lengths), each)]
    held = sum(len(part) * max(part) for part in parts)
    by_chance = _expected_longest(lengths, min(batch_size, total)) * len(lengths)
    return 1 - sum(lengths) / max(1, held), 1 - sum(lengths) / max(1, by_chance)


def _quantiles(lengths: dict[str, Any], count: int = 1_000) -> list[int]:
    """Lengths of ``count`` records that stand for all, ascending; evenly within a bar of the histogram."""
    total = sum(amount for _, amount in lengths["histogram"])
    found, below, low = [], 0, lengths["min"] - 1
    for upto, amount in lengths["histogram"]:
        bar = (below + amount) * count // total - below * count // total
        found += [low + max(1, math.ceil((upto - low) * (place + 1) / bar)) for place in range(bar)]
        below, low = below + amount, upto
    return found


def _expected_longest(lengths: list[int], draws: int) -> float:
    """Of so many records drawn by chance, from ascending lengths."""
    count = len(lengths)
    return sum(steps * (((at + 1) / count) ** draws - (at / count) ** draws) for at, steps in enumerate(lengths))
