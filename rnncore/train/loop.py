"""The training loop: a generator of events.

A run alternates between two things: it takes one optimizer step, and it does what is due after it (measure, write
samples, keep a checkpoint). When each duty was last done is part of a checkpoint: a run that is stopped between two
duties does the rest when it goes on, and states the same facts as one that was never stopped.
"""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_

from rnncore import events
from rnncore.errors import Diverged, RnncoreError
from rnncore.events import Event
from rnncore.networks import count
from rnncore.recipe import Recipe
from rnncore.tasks import Measured, Sources
from rnncore.train import checkpoint, diagnostics, meter, optimizer
from rnncore.train.baselines import Baselines
from rnncore.train.folder import Folder
from rnncore.train.run import Run, open_run

Tick = Callable[[], None]


class _Stop(Exception):
    """Somebody asked to stop in the middle of a duty."""


def train(
    recipe: Recipe, data: str | Path, out: str | Path, *,
    valid: str | Path | None = None, test: str | Path | None = None, resume: bool = False,
    weights: str | Path | None = None, should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Train ``recipe`` on the file ``data`` in the folder ``out``.

    Yields each event as the JSON object that was appended to ``out/events.jsonl``. The last one is ``finished``,
    ``stopped`` (soon after ``should_stop()`` became true; a checkpoint is written) or ``failed``, after which the
    error is raised. ``resume`` goes on from the newest checkpoint in ``out``; a finished run yields nothing.
    ``weights``: the folder of a model or of a checkpoint that a new run starts from, with a fresh optimizer.

    Raises RequestError and its kin before the first event where the request is wrong, Busy where another process
    trains in ``out``, Diverged where the loss is lost.
    """
    sources = Sources(Path(data), *(Path(path) if path else None for path in (valid, test)))

    def tick() -> None:
        if should_stop():
            raise _Stop

    with Folder(out) as folder:
        try:
            run = open_run(
                folder, recipe, sources, resume=resume, tick=tick, weights=Path(weights) if weights else None
            )
        except _Stop:  # still reading the data: there is nothing to keep
            last = folder.feed.last
            yield folder.feed.append(events.Stopped(step=last["step"] if last else 0, seconds=0.0))
            return
        if run is None:
            return
        try:
            for event in _attempt(run, tick):
                if not run.has_told(event):
                    yield folder.feed.append(event)
        except Exception as error:
            step = error.step if isinstance(error, Diverged) else run.step
            yield folder.feed.append(events.Failed(step=step, error=_sentence(error), hint=_hint(error)))
            raise


def _attempt(run: Run, tick: Tick) -> Iterator[Event]:
    """From where the run stands to its end. ``tick`` is called often and raises _Stop where somebody asked to stop."""
    known = {event["name"] for event in run.folder.feed.after(0) if event["kind"] == "baseline"}
    yield from _opening(run)
    yield from (baseline for baseline in run.task.quick_baselines() if baseline.name not in known)
    with Baselines(run.task.baselines(), known) as baselines:
        try:
            while True:
                while duty := _due(run):
                    yield from _DUTIES[duty](run, tick)
                yield from baselines.ready()
                if run.at_end:
                    break
                tick()
                yield from _step(run)
            yield from baselines.wait(tick)
            yield from _closing(run, tick)
        except _Stop:
            if run.did["checkpoint"] != run.step:
                yield from _checkpoint(run, tick)
            yield events.Stopped(step=run.step, seconds=run.meter.seconds, best=run.best)


def _opening(run: Run) -> Iterator[Event]:
    if run.went_on:
        yield events.Rewound(step=run.step)
    yield events.Started(
        step=run.step, parameters=count(run.network), steps=run.end_step, tokens=run.task.facts.tokens,
        device=str(run.device), precision=run.precision, vocabulary_size=run.task.facts.vocabulary_size,
        unknown=run.task.unknown,
    )  # fmt: skip
    if run.restored:
        path = checkpoint.path_of(run.folder.checkpoints, run.step)
        yield _checkpointed(run, path, run.restored)
    run.network.train()


def _checkpointed(run: Run, path: Path, sha256: str) -> events.Checkpointed:
    relative = path.relative_to(run.folder.path).as_posix()
    best = run.best is None or run.is_best
    return events.Checkpointed(step=run.step, path=relative, sha256=sha256, best=best)


def _step(run: Run) -> Iterator[Event]:
    """One optimizer step; states progress where it is time to."""
    start = time.perf_counter()
    rate = run.schedule.rate(run.step + 1, run.done)
    optimizer.set_rate(run.optimizer, rate)
    run.batch, run.task.done = next(run.batches), run.done
    loss, targets, carry = run.task.loss(run.forward, run.batch, run.carry, run.device)
    loss.backward()
    norm = clip_grad_norm_(run.network.parameters(), run.recipe.training.clip_norm or math.inf)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    run.carry = _detached(carry)
    run.step += 1
    run.meter.add(loss, norm, targets)
    if run.meter.due(run.step) or _due(run):
        _settle(run)
    run.meter.spent(time.perf_counter() - start)
    run.meter.lap()
    if run.meter.due(run.step) or run.at_end:
        _settle(run)
        yield run.meter.progress(step=run.step, epoch=run.epoch, learning_rate=rate, done=run.done)


def _settle(run: Run) -> None:
    run.meter.settle(run.step, run.task.ceiling(), run.recipe.training.clip_norm)


def _due(run: Run) -> str | None:
    """What is to be done at this step before the next one may be taken."""
    training, every = run.recipe.training, {}
    if "valid" in run.task.splits():
        every["evaluate"] = training.evaluate_every
    if run.recipe.sampling.every:
        every["sample"] = run.recipe.sampling.every
    every["checkpoint"] = training.checkpoint_every
    for duty, steps in every.items():
        wanted = run.at_end or run.step % steps == 0 or (duty == "checkpoint" and run.is_best)
        if wanted and run.did[duty] != run.step:
            return duty
    return None


def _evaluate(run: Run, tick: Tick) -> Iterator[Event]:
    measured = _measured(run, "valid", tick)
    improved = run.best is None or measured.loss < run.best["loss"]
    if improved:
        run.folder.report("valid", measured.report)
        run.best = {"step": run.step, "loss": measured.loss}
        run.did["checkpoint"] = -1  # one that a stop wrote at this step does not know yet that it is the best
    run.waited = 0 if improved else run.waited + 1
    run.schedule.evaluated(improved)
    run.did["evaluate"] = run.step
    yield events.Evaluated(step=run.step, split="valid", loss=measured.loss, metrics=measured.metrics)
    by_lag = run.task.gradient_by_lag(run.network, run.device)
    yield events.Diagnosed(
        step=run.step, gradient_by_lag=by_lag, effective_lag=diagnostics.effective_lag(by_lag),
        clip_rate=run.meter.clip_rate(), saturation=diagnostics.saturation(run.carry, run.recipe.network.cell),
    )  # fmt: skip


def _measured(run: Run, split: str, tick: Tick) -> Measured:
    """The loss over a split, in evaluation mode. Raises Diverged where it is out of all bounds."""
    run.network.eval()
    try:
        measured = run.task.evaluate(run.forward, split, run.device, tick)
    finally:
        run.network.train()
    _refuse(run, measured.loss)
    return measured


def _refuse(run: Run, loss: float) -> None:
    """Raise Diverged where a loss says that the weights are worth nothing."""
    if not loss <= run.task.ceiling():
        raise meter.exploded(run.step, loss)


def _sample(run: Run, tick: Tick) -> Iterator[Event]:
    run.network.eval()
    try:
        with torch.no_grad():
            samples = list(run.task.samples(run.network, run.step, tick))
    finally:
        run.network.train()
    run.did["sample"] = run.step
    yield from samples


def _checkpoint(run: Run, tick: Tick) -> Iterator[Event]:
    """Keep a checkpoint; never one of a network that is lost."""
    if run.did["evaluate"] != run.step and run.batch is not None:
        run.network.eval()
        with torch.no_grad():
            loss, _, _ = run.task.loss(run.forward, run.batch, None, run.device)
        run.network.train()
        _refuse(run, loss.item())
    _settle(run)
    run.did["checkpoint"] = run.step
    run.folder.feed.sync()
    path, digest = checkpoint.write(run.folder.checkpoints, run.contents())
    stated = _checkpointed(run, path, digest)
    run.folder.point("last", path)
    if stated.best:
        run.folder.point("best", path)
    checkpoint.thin(run.folder.checkpoints, keep={path, run.folder.pointed("best")})
    yield stated


_DUTIES = {"evaluate": _evaluate, "sample": _sample, "checkpoint": _checkpoint}


def _closing(run: Run, tick: Tick) -> Iterator[Event]:
    """The test split is looked at once, with the best weights."""
    if "test" in run.task.splits():
        run.network.load_state_dict(checkpoint.read(run.folder.pointed("best")).model)
        measured = _measured(run, "test", tick)
        run.folder.report("test", measured.report)
        yield events.Evaluated(step=run.step, split="test", loss=measured.loss, metrics=measured.metrics)
    yield events.Finished(step=run.step, seconds=run.meter.seconds, best=run.best)


def _detached(carry: Any) -> Any:
    """The carry without its graph: this is where the gradient is cut."""
    if isinstance(carry, tuple):
        return tuple(_detached(item) for item in carry)
    return None if carry is None else carry.detach()


def _sentence(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _hint(error: Exception) -> str:
    if isinstance(error, RnncoreError):
        return error.hint
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error):
        return "The memory is too small for this recipe: lower batch_size, sequence_length or hidden_size."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: make room, then go on with --resume."
    return ""
