"""What a network can learn to do: one file a task, all to one contract (:class:`Task`).

The loop in :mod:`rnncore.train` knows only this contract. A new task is a new file with a ``Task`` in it, named like
its entry in :data:`rnncore.catalog.TASKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from rnncore.defaults import Facts
from rnncore.events import Baseline, Event
from rnncore.recipe import Recipe


@dataclass(frozen=True)
class Sources:
    """The files of a run. ``valid`` and ``test`` take the place of a share of ``data``."""

    data: Path
    valid: Path | None = None
    test: Path | None = None

    def named(self) -> dict[str, Path]:
        """Those that there are, by name."""
        return {name: path for name, path in vars(self).items() if path is not None}


class Batches(Protocol):
    """An endless iterator of batches with a cursor. ``per_epoch`` batches are one reading of the data."""

    per_epoch: int

    def __next__(self) -> Any: ...

    def state_dict(self) -> dict[str, int]: ...

    def load_state_dict(self, state: dict[str, int]) -> None: ...


Forward = Callable[..., tuple[Tensor, Any]]
"""A network as :class:`rnncore.train.precision.Forward` calls it."""


@dataclass(frozen=True)
class Measured:
    """A whole split was measured.

    ``loss``: mean in nats per token, or the task's own. ``report``: what the metrics hide (which examples went wrong,
    and how), as JSON; the loop keeps the one of the best evaluation. Small: it is shown on a page.
    """

    loss: float
    metrics: dict[str, float]
    report: dict[str, Any] | None = None


class Task(Protocol):
    """Data and meaning of a task, from files to samples.

    Opened with the files (``open_task``); it reads and encodes them, and states the ``facts`` that the defaults are
    made from. ``recipe`` is the one it was opened with, the columns filled in that it found. Everything after that
    takes the filled-in recipe from ``begin``.

    Its module also has a class ``Model``, see :class:`Model`.
    """

    recipe: Recipe
    facts: Facts
    done: float
    """The share of the training that is done, 0 to 1: the loop sets it before each step."""
    unknown: float | None
    """Where the run started from weights (:mod:`rnncore.tasks.known`): the share of the training part's tokens that
    they do not know. None where there are none to know."""

    def __init__(self, recipe: Recipe, sources: Sources, folder: Path, tick: Callable[[], None]) -> None: ...

    def begin(self, recipe: Recipe) -> None:
        """Split the data and be ready to train. Raises DataError, RecipeError where the data cannot serve."""

    def network(self) -> nn.Module:
        """A new network with its initial weights, drawn from torch's global generator."""

    def texts(self) -> dict[str, str]:
        """The files beside the weights that make a model, by name: ``network.json`` …"""

    def batches(self) -> Batches: ...

    def loss(self, forward: Forward, batch: Any, carry: Any, device: torch.device) -> tuple[Tensor, int, Any]:
        """Mean loss of the batch's targets, how many there were, and the carry (with its graph)."""

    def splits(self) -> tuple[str, ...]:
        """Of ``valid`` and ``test``, those there are."""

    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        """Measure a whole split. ``tick`` is called between batches and may raise to end it."""

    def quick_baselines(self) -> list[Baseline]:
        """Those that cost nothing: stated with the start, at step 0."""

    def baselines(self) -> dict[str, Any] | None:
        """What :mod:`rnncore.baselines` needs to compute the others in a process of its own; None: there are none."""

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Event]:
        """What the network writes or answers, in evaluation mode. ``tick``: as in ``evaluate``."""

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        """How strongly a score depends on what was read so many steps before: ``(lag, norm)``, lags ascending."""

    def ceiling(self) -> float:
        """A loss above this for several steps in a row is no longer learning."""


class Model(Protocol):
    """A trained model, opened from its folder. Computes in float32.

    One of a task that does not predict (see :data:`rnncore.catalog.TASKS`) has ``evaluate`` alone.
    """

    def __init__(self, folder: Path) -> None:
        """Raises CheckpointError where the folder is no whole model of the task."""

    def predict(self, inputs: list[Any], **options: Any) -> list[dict[str, Any]]:
        """One output an input, in order. An input is a text, a list of tokens or numbers, or an object by column name.

        Raises PromptError that names the input (counted from 1) which cannot be read.
        """

    def inputs(self, data: Path) -> list[Any]:
        """The inputs that a file holds, in order. Raises DataError."""

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        """``{"loss", "metrics", "baseline": {name: loss}}`` over every record of a file. ``run``: the folder of the run
        that the model comes from, where there is one. Raises DataError, RecipeError."""


def open_task(recipe: Recipe, sources: Sources, folder: Path, tick: Callable[[], None]) -> Task:
    """Read the data of a recipe, of which :func:`rnncore.defaults.fill_task` is enough; what is encoded lies in
    ``folder``.

    ``tick`` is called now and then and may raise to end it.
    """
    return import_module(f"rnncore.tasks.{recipe.task.kind}").Task(recipe, sources, folder, tick)


def open_model(kind: str, folder: Path) -> Model:
    """The trained model of a task. Raises CheckpointError."""
    return import_module(f"rnncore.tasks.{kind}").Model(folder)
