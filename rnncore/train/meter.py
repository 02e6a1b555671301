"""What is measured while a network trains: time, mean loss and gradient norm, and whether it still learns at all.

Reading a number from a GPU waits for it, so losses stay where they are until :meth:`Meter.settle`.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from rnncore.errors import Diverged
from rnncore.events import Progress

WINDOW_SECONDS = 0.25
"""No more than four progress events a second, but for the first few steps …"""

WINDOWS = 20
"""… and at least so many a run."""

ABOVE_STEPS = 5
"""Steps in a row above the task's ceiling that mean that a run diverged though every number is finite."""

_HINT = "Lower the learning rate, give it more warm-up steps, or clip the gradient at a smaller norm."


@dataclass
class Meter:
    """Sums since the last progress event (``loss``, ``norm``, ``tokens``, ``steps``, ``since``), sums since the last
    diagnosis (``clipped``, ``looked``), and the time spent: ``seconds`` on training alone, ``elapsed`` on everything.

    ``every``: steps between progress events, a power of two that follows the speed. So two runs of the same recipe
    state their means over the same steps, however fast the machine was. ``above``: steps in a row over the ceiling.
    ``start``: elapsed seconds and share done at the first progress event.
    """

    seconds: float = 0.0
    elapsed: float = 0.0
    every: int = 1
    loss: float = 0.0
    norm: float = 0.0
    tokens: int = 0
    steps: int = 0
    since: float = 0.0
    clipped: int = 0
    looked: int = 0
    above: int = 0
    start: list[float] | None = None
    _mark: float = field(default_factory=lambda: time.perf_counter())
    _losses: list[Tensor] = field(default_factory=list)
    _norms: list[Tensor] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)

    def add(self, loss: Tensor, norm: Tensor, count: int) -> None:
        """Take note of one step: its mean loss over ``count`` targets, and the norm of its gradient before clipping."""
        self._losses.append(loss.detach())
        self._norms.append(norm)
        self._counts.append(count)

    def spent(self, seconds: float) -> None:
        """So much time went into training."""
        self.seconds += seconds
        self.since += seconds

    def settle(self, step: int, ceiling: float, clip: float) -> None:
        """Add up what came since the last call; ``step`` is the last one. Raises Diverged."""
        if not self._losses:
            return
        losses, norms = torch.stack([torch.stack(self._losses).float(), torch.stack(self._norms).float()]).tolist()
        first = step - len(losses) + 1
        for number, (loss, norm, count) in enumerate(zip(losses, norms, self._counts, strict=True), first):
            self._check(number, loss, norm, ceiling)
            self.loss += loss * count
            self.norm += norm
            self.tokens += count
            self.clipped += 0 < clip < norm
        self.steps += len(losses)
        self.looked += len(losses)
        for waiting in (self._losses, self._norms, self._counts):
            waiting.clear()

    def _check(self, step: int, loss: float, norm: float, ceiling: float) -> None:
        if not math.isfinite(loss):
            raise Diverged(f"the loss of step {step:,} is not a finite number", step=step, hint=_HINT)
        if not math.isfinite(norm):
            raise Diverged(f"the gradient of step {step:,} is not a finite number", step=step, hint=_HINT)
        self.above = self.above + 1 if loss > ceiling else 0
        if self.above >= ABOVE_STEPS:
            raise exploded(step, loss)

    def due(self, step: int) -> bool:
        """Whether a progress event is to be stated after ``step``."""
        return step == 1 or step % self.every == 0

    def progress(self, *, step: int, epoch: float, learning_rate: float, done: float) -> Progress:
        """The event for what came since the last one, once settled. ``done``: share of the training, 0 to 1."""
        self.lap()
        event = Progress(
            step=step, epoch=epoch, loss=self.loss / self.tokens, learning_rate=learning_rate,
            grad_norm=self.norm / self.steps, tokens_per_second=self.tokens / max(self.since, 1e-9),
            seconds=self.seconds, remaining_seconds=self._remaining(done),
        )  # fmt: skip
        self._next_window(done, step)
        return event

    def _remaining(self, done: float) -> float | None:
        """Seconds to the end at the pace since the first progress event; steps before it took as long as they took."""
        if self.start is None:
            self.start = [self.elapsed, done]
        elapsed, share = self.elapsed - self.start[0], done - self.start[1]
        return elapsed * (1 - done) / share if share > 0 else None

    def _next_window(self, done: float, step: int) -> None:
        """Start the sums anew, and let the windows follow the speed."""
        most = max(1.0, step / max(done, 1e-9) / WINDOWS)
        if self.since < WINDOW_SECONDS and 2 * self.every <= most:
            self.every *= 2
        elif self.every > 1 and (self.since > 8 * WINDOW_SECONDS or self.every > most):
            self.every //= 2
        self.loss = self.norm = self.since = 0.0
        self.tokens = self.steps = 0

    def lap(self) -> None:
        """Bring ``elapsed`` up to now."""
        now = time.perf_counter()
        self.elapsed += now - self._mark
        self._mark = now

    def clip_rate(self) -> float:
        """The share of steps since the last call whose gradient was clipped."""
        rate = self.clipped / max(1, self.looked)
        self.clipped = self.looked = 0
        return rate

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps, once settled."""
        self.lap()
        return {item.name: getattr(self, item.name) for item in fields(self) if not item.name.startswith("_")}


def _plain(loss: float) -> str:
    """``2.65e19``, as the pages write a loss that has run away."""
    return f"{loss:.3g}".replace("e+", "e")


def exploded(step: int, loss: float) -> Diverged:
    """A loss that is finite and yet far beyond that of a network that knows nothing."""
    return Diverged(f"the loss grew to {_plain(loss)} by step {step:,} and does not come back", step=step, hint=_HINT)
