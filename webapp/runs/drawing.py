"""One training step, drawn on the reader's own text: streams as rows, this chunk, the cut, the next chunk.

Only places are computed here; ``templates/runs/_step.html`` draws them as SVG, so that it works without JavaScript.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from rnncore.data.tokens.word import WordTokenizer
from rnncore.recipe import Recipe
from webapp.datasets.excerpts import Excerpts
from webapp.datasets.models import Version
from webapp.datasets.text import visible
from webapp.runs.facts import facts_of

LEFT, CUT, RIGHT = 4, 238, 360  # this chunk ends before the cut, the next one begins after it
MARGIN = 14  # between the cut and the cells on either side: room for the arrow of the carried state
HEAD_END, TAIL_START = 124, 156  # where the middle of a chunk is left out
ROW, TOP, CELL = 44, 38, 24
LANES = 4  # drawn at most
LONGEST = 60  # characters read for either end of a chunk
BEFORE = 4  # tokens drawn before the cut


@dataclass(frozen=True)
class Cell:
    """A token in its box. ``blank``: it is white space, shown by a sign."""

    x: float
    width: float
    text: str
    blank: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass
class Lane:
    """One stream: its number, where it starts in the text (tokens), and its cells. ``gap``: the middle is left out."""

    number: int
    start: int
    y: int
    now: list[Cell] = field(default_factory=list)
    next: list[Cell] = field(default_factory=list)
    gap: bool = False

    @property
    def middle(self) -> float:
        return self.y + CELL / 2


@dataclass(frozen=True)
class Step:
    """The drawing. ``kind``: what a cell is, in words; ``stands_in``: the cells are characters, the tokens are not."""

    lanes: list[Lane]
    streams: int
    length: int
    kind: str
    stands_in: bool
    chunk_start: float

    @property
    def below(self) -> int:
        """Where the rows end."""
        return TOP + len(self.lanes) * ROW - 8

    @property
    def height(self) -> int:
        return self.below + 24


def draw(version: Version, recipe: Recipe) -> Step:
    """The first step of a filled recipe on a ready version."""
    training, kind = recipe.training, recipe.task.tokens
    cut: Callable[[str], list[str]] = WordTokenizer.pattern.findall if kind == "word" else list
    half = 1 if kind == "word" else 0  # an excerpt may begin in the middle of a word
    total = max(1, facts_of(version, recipe).tokens)
    read = max(1, int(total * (1 - training.validation_fraction - training.test_fraction)))
    streams, length = training.batch_size, training.sequence_length
    lanes = []
    with Excerpts(version) as text:
        for row, number in enumerate(_shown(streams)):
            lane = Lane(number + 1, read * number // streams, TOP + row * ROW)
            tokens = min(length, -(-read // streams))
            head = cut(text.at(lane.start, total, LONGEST))[half if lane.start else 0 :]
            end = cut(text.at(lane.start + tokens - BEFORE, total, LONGEST))[half:] if tokens > BEFORE else []
            _fill(lane, head, end, tokens)
            lanes.append(lane)
    starts = [lane.now[0].x for lane in lanes if lane.now]
    return Step(
        lanes=lanes, streams=streams, length=length,
        kind={"word": "words", "byte": "bytes", "bpe": "byte pairs"}.get(kind, "characters"),
        stands_in=kind in ("byte", "bpe"), chunk_start=min(starts, default=LEFT),
    )  # fmt: skip


def _shown(streams: int) -> list[int]:
    """Which streams are drawn: the first ones and the last."""
    return list(range(streams)) if streams <= LANES else [*range(LANES - 1), streams - 1]


def _fill(lane: Lane, head: list[str], end: list[str], length: int) -> None:
    """Places a chunk of ``length`` tokens: whole where it fits, else its ``head`` and, from BEFORE the cut, its end."""
    whole = list(_pack(head[:length], LEFT, CUT - MARGIN))
    if len(whole) == length:
        lane.now = _ending_at(whole, CUT - MARGIN)
        lane.next = list(_pack(head[length:], CUT + MARGIN, RIGHT))
        return
    lane.gap = True
    lane.now = list(_pack(head, LEFT, HEAD_END))
    lane.now += _ending_at(list(_pack(end[:BEFORE], TAIL_START, CUT - MARGIN)), CUT - MARGIN)
    lane.next = list(_pack(end[BEFORE:], CUT + MARGIN, RIGHT))


def _pack(tokens: Iterable[str], left: float, right: float) -> Iterator[Cell]:
    """Cells from the left on, as long as they fit."""
    for token in tokens:
        shown = "".join(map(visible, token)) if token.isspace() else token.strip()
        width = 14 if len(shown) == 1 else 6.8 * len(shown) + 8
        if left + width > right + 0.5:
            return
        yield Cell(round(left, 1), round(width, 1), shown, token.isspace())
        left += width + 1.4


def _ending_at(cells: list[Cell], right: float) -> list[Cell]:
    """The cells moved so that the last one ends there."""
    if not cells:
        return []
    shift = right - cells[-1].x - cells[-1].width
    return [Cell(round(cell.x + shift, 1), cell.width, cell.text, cell.blank) for cell in cells]
