"""A step of truncated back-propagation on a text: streams as rows, this chunk, the cut, the next chunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rnncore.data.documents import DocumentStarts
from rnncore.data.tokens.word import WordTokenizer
from rnncore.recipe import Recipe
from webapp.datasets.excerpts import Excerpts
from webapp.datasets.models import Version
from webapp.pages.templatetags.units import number
from webapp.runs.drawing.cells import CELL, LEFT, RIGHT, Cell, ending_at, pack
from webapp.runs.facts import facts_of

CUT = 238  # this chunk ends before the cut, the next one begins after it
MARGIN = 14  # between the cut and the cells on either side: room for the arrow of the carried state
HEAD_END, TAIL_START = 124, 156  # where the middle of a chunk is left out
ROW, TOP = 44, 38
LANES = 4  # drawn at most
LONGEST = 60  # characters read for either end of a chunk
BEFORE = 4  # tokens drawn before the cut
DOCUMENTS = {"lines": "a line", "records": "a record after an empty line"}

Token = tuple[str, bool]
"""With whether a document begins with it."""


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

    @property
    def anew(self) -> bool:
        """Whether nothing is carried into the next chunk, because a document begins with it."""
        return bool(self.next) and self.next[0].new


@dataclass(frozen=True)
class Step:
    """The drawing. ``length``: the tokens of this chunk; ``whole``: a stream has no more, so nothing is cut;
    ``empty``: streams for which there is no text; ``kind``: what a cell is, in words; ``stands_in``: the cells are
    characters, the tokens are not; ``documents``: what begins where the state starts anew, if anything."""

    lanes: list[Lane]
    streams: int
    length: int
    whole: bool
    empty: int
    kind: str
    stands_in: bool
    documents: str = ""
    template = "runs/_step.html"
    title = "One step, on your text"

    @property
    def below(self) -> int:
        """Where the rows end."""
        return TOP + len(self.lanes) * ROW - 8

    @property
    def height(self) -> int:
        return self.below + 24

    @property
    def chunk_start(self) -> float:
        return min((lane.now[0].x for lane in self.lanes if lane.now), default=LEFT)

    @property
    def caption(self) -> str:
        streams = f"{number(self.streams)} stream{'' if self.streams == 1 else 's'}"
        tokens = f"{number(self.length)} {self.kind if self.length > 1 else self.kind[:-1]}"
        each = " each" if self.streams > 1 else ""
        empty = f"; {number(self.empty)} of them stay empty" if self.empty else ""
        drawn = f"; {len(self.lanes)} are drawn" if len(self.lanes) < self.streams else ""
        instead = ", in characters" if self.stands_in else ""
        return f"{streams} of {tokens}{each}{empty}{drawn}{instead}"

    @property
    def note(self) -> str:
        cut = (
            "The state is carried across the dashed line; the gradient is not. "
            "That cut is truncated back-propagation through time."
        )
        if self.whole:
            cut = "A step reads a stream to its end: nothing is cut, and the next one starts anew."
        if not self.documents:
            return cut
        return f"{cut} Where {self.documents} begins (green line), the state starts anew."

    @property
    def alternative(self) -> str:
        starts = ", ".join(f"stream {lane.number} from {self.kind} {number(lane.start)}" for lane in self.lanes)
        return (
            f"Streams of text as rows ({starts}): this chunk of {number(self.length)} {self.kind}"
            + (", the whole stream." if self.whole else ", the next one, ")
            + ("" if self.whole else "the state carried from one to the other, and the cut where the gradient ends.")
        )


def draw(version: Version, recipe: Recipe) -> Step:
    """The first step of a filled recipe on a ready version."""
    training, task = recipe.training, recipe.task
    total = max(1, facts_of(version, recipe).tokens)
    read = max(1, int(total * (1 - training.validation_fraction - training.test_fraction)))
    streams = training.batch_size
    filled = min(streams, read)
    lasts = -(-read // filled)  # tokens of the longest stream
    length, whole = min(training.sequence_length, lasts), training.sequence_length >= lasts
    documents = task.documents or "none"
    cut = _cutter(task.tokens or "char", documents)
    lanes = []
    with Excerpts(version) as text:
        for row, index in enumerate(_shown(filled)):
            lane = Lane(index + 1, read * index // filled, TOP + row * ROW)
            head = cut(text.at(lane.start, total, LONGEST), lane.start > 0)
            end = cut(text.at(lane.start + length - BEFORE, total, LONGEST), True) if length > BEFORE else []
            _fill(lane, head, end, length)
            if whole:
                lane.next = []
            lanes.append(lane)
    return Step(
        lanes=lanes, streams=streams, length=length, whole=whole, empty=streams - filled,
        kind={"word": "words", "byte": "bytes", "bpe": "byte pairs"}.get(task.tokens or "", "characters"),
        stands_in=task.tokens in ("byte", "bpe"),
        documents="" if documents == "none" else DOCUMENTS.get(documents, "a document"),
    )  # fmt: skip


def _cutter(kind: str, documents: str) -> Callable[[str, bool], list[Token]]:
    """What cuts an excerpt into tokens. An excerpt that begins in the middle may begin with half a word."""
    pieces: Callable[[str], list[str]] = WordTokenizer.pattern.findall if kind == "word" else list

    def cut(excerpt: str, middle: bool) -> list[Token]:
        starts = set(DocumentStarts(documents).feed(excerpt)) if excerpt else set()
        found, at = [], 0
        for piece in pieces(excerpt):
            found.append((piece, at in starts))
            at += len(piece)
        return found[1:] if middle and kind == "word" else found

    return cut


def _shown(streams: int) -> list[int]:
    """Which streams are drawn: the first ones and the last."""
    return list(range(streams)) if streams <= LANES else [*range(LANES - 1), streams - 1]


def _fill(lane: Lane, head: list[Token], end: list[Token], length: int) -> None:
    """Places a chunk of ``length`` tokens: whole where it fits, else its ``head`` and, from BEFORE the cut, its end."""
    whole = list(pack(head[:length], LEFT, CUT - MARGIN))
    if len(whole) == length:
        lane.now = ending_at(whole, CUT - MARGIN)
        lane.next = list(pack(head[length:], CUT + MARGIN, RIGHT))
        return
    lane.gap = True
    lane.now = list(pack(head, LEFT, HEAD_END))
    lane.now += ending_at(list(pack(end[:BEFORE], TAIL_START, CUT - MARGIN)), CUT - MARGIN)
    lane.next = list(pack(end[BEFORE:], CUT + MARGIN, RIGHT))
