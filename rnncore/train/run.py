"""What a run is made of while it trains: built from a recipe, or from the checkpoint it goes on from."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from rnncore import __version__, defaults, events
from rnncore.continuing import continued
from rnncore.data.sources import sha256
from rnncore.errors import RequestError
from rnncore.events import Event
from rnncore.plan import epochs_to_steps
from rnncore.recipe import Recipe
from rnncore.tasks import Batches, Sources, Task, known, open_task
from rnncore.train import checkpoint, durable, optimizer, precision
from rnncore.train.checkpoint import Contents
from rnncore.train.folder import Folder
from rnncore.train.meter import Meter
from rnncore.train.schedule import Schedule
from rnncore.weights import WEIGHTS, Weights


@dataclass
class Run:
    """Everything that changes while a run trains, and what it needs to change it.

    ``best``: the step and validation loss of the best evaluation so far; ``waited``: evaluations since. ``did``: the
    step at which each duty was last done. ``batch``: what the last step read. ``went_on``: this is not the first
    attempt. ``restored``: the SHA-256 of the checkpoint it goes on from. ``told``: facts of this very step that an
    attempt stated after the checkpoint; they come again and are not stated twice.
    """

    folder: Folder
    recipe: Recipe
    task: Task
    device: torch.device
    precision: str
    network: nn.Module
    forward: precision.Forward
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    batches: Batches
    step: int = 0
    carry: Any = None
    meter: Meter = field(default_factory=Meter)
    best: dict[str, float] | None = None
    waited: int = 0
    did: dict[str, int] = field(default_factory=lambda: {"evaluate": 0, "sample": -1, "checkpoint": -1})
    batch: Any = None
    went_on: bool = False
    restored: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def epoch(self) -> float:
        """How many times the data has been read."""
        return self.step / self.batches.per_epoch

    @property
    def end_step(self) -> int | None:
        """The step that ends the run; None where only minutes or patience do."""
        training, ends = self.recipe.training, []
        if training.max_steps is not None:
            ends.append(training.max_steps)
        if training.max_epochs is not None:
            ends.append(epochs_to_steps(training.max_epochs, self.batches.per_epoch))
        return min(ends, default=None)

    @property
    def done(self) -> float:
        """The share of the training that is done, by the nearest of its ends: 0 to 1."""
        shares = [0.0]
        if self.end_step is not None:
            shares.append(self.step / self.end_step)
        if self.recipe.training.max_minutes is not None:
            shares.append(self.meter.elapsed / (60 * self.recipe.training.max_minutes))
        return min(1.0, max(shares))

    @property
    def at_end(self) -> bool:
        """Whether no further step is to be taken."""
        patience = self.recipe.training.patience
        return self.done >= 1 or 0 < patience <= self.waited

    @property
    def is_best(self) -> bool:
        """Whether the weights of this step gave the best evaluation so far."""
        return self.best is not None and self.best["step"] == self.step

    def has_told(self, event: Event) -> bool:
        """Whether an earlier attempt stated this very fact; True once for each."""
        body = _fact(events.as_dict(event, seq=0, at=0))
        if body not in self.told:
            return False
        self.told.remove(body)
        return True

    def contents(self) -> Contents:
        """The run as a checkpoint."""
        tensors = {f"optimizer.{name}": value for name, value in optimizer.tensors(self.optimizer).items()}
        tensors |= _carry_tensors(self.carry) | _random_state(self.device)
        values = {
            "did": self.did, "best": self.best, "waited": self.waited, "batches": self.batches.state_dict(),
            "schedule": {"factor": self.schedule.factor, "waited": self.schedule.waited},
            "meter": self.meter.state(), "last_seq": self.folder.feed.seq,
        }  # fmt: skip
        texts = {**self.task.texts(), "recipe.json": durable.as_json(self.recipe.to_dict())}
        return Contents(self.step, self.network.state_dict(), tensors, values, texts)

    def load(self, contents: Contents) -> None:
        """Go on from a checkpoint of this run."""
        self.network.load_state_dict(contents.model)
        saved = contents.tensors
        optimizer.load(self.optimizer, _below("optimizer.", saved))
        self.carry = _carry(_below("carry.", saved), self.device)
        _set_random_state(saved, self.device)
        values = contents.values
        self.step, self.did, self.best, self.waited = contents.step, values["did"], values["best"], values["waited"]
        self.batches.load_state_dict(values["batches"])
        self.schedule = Schedule(self.recipe.training, **values["schedule"])
        self.meter = Meter(**values["meter"])


def open_run(
    folder: Folder, recipe: Recipe, sources: Sources, *, resume: bool, tick: Callable[[], None],
    weights: Path | None = None,
) -> Run | None:  # fmt: skip
    """The run of a folder, ready to take its next step; None where it has reached its end already.

    ``tick`` is called while the data is read and may raise to end it. ``weights``: a folder that a new run starts from;
    the run keeps what it needs of it.

    Raises RequestError where the folder holds another run, or one and ``resume`` is not set; RecipeError, DataError.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuDNN's LSTM gives the same bits again only with it
    hashes = {name: sha256(path) for name, path in sources.named().items()}
    if not folder.holds_a_run:
        return _new(folder, recipe, sources, hashes, tick, Weights.of(weights) if weights else None)
    if not resume:
        raise RequestError(f"{folder.path} already holds a run", hint="Go on with --resume, or choose another folder.")
    if weights:
        _same_weights(folder, weights)
    return _old(folder, recipe, sources, hashes, tick)


def _new(
    folder: Folder, given: Recipe, sources: Sources, hashes: dict[str, str], tick: Callable[[], None],
    weights: Weights | None,
) -> Run:  # fmt: skip
    shutil.rmtree(folder.data, ignore_errors=True)  # what a start left that came to nothing
    asked = weights.adopted(given) if weights else given
    if weights:
        known.keep(weights, folder.data)
    task = open_task(defaults.fill_task(asked), sources, folder.data, tick)
    if weights:
        weights.refuse_columns(task.recipe)
    recipe = defaults.fill(asked.replacing(task=task.recipe.to_dict()["task"]), task.facts)
    device = precision.choose_device(recipe.training.device)
    digits = precision.choose_precision(recipe.training.precision, device, recipe.network.cell)
    resolved = {
        "device": str(device), "precision": digits, "path": precision.path_of(digits, device),
        "threads": precision.choose_threads(recipe), "torch": torch.__version__, "rnncore": __version__,
        "data": hashes, "given": given.to_dict(),
    }  # fmt: skip
    if weights:
        resolved["weights"] = sha256(weights.folder / WEIGHTS)
    run = _build(folder, recipe, task, resolved)
    folder.start(recipe, resolved)
    return run


def _old(
    folder: Folder, given: Recipe, sources: Sources, hashes: dict[str, str], tick: Callable[[], None]
) -> Run | None:
    resolved, recipe = folder.resolved(), folder.recipe()
    _same_data(resolved["data"], hashes, sources)
    contents = checkpoint.newest(folder.checkpoints)
    last = folder.feed.last
    ended = last is not None and last["kind"] == "finished"
    finished = ended and (contents is None or contents.step >= last["step"])  # else a copy up to an earlier checkpoint
    longer = continued(
        given, Recipe.parse(resolved["given"]), recipe, done=contents.step if contents and ended else None
    )
    if finished and longer == recipe:
        return None
    run = _build(folder, longer, open_task(longer, sources, folder.data, tick), resolved)
    if longer != recipe:
        durable.replace_json(folder.path / "recipe.json", longer.to_dict())
    if contents:
        run.load(contents)
        run.restored = contents.sha256
        _point(run)
        if finished:
            run.waited = 0
    last_seq = contents.values["last_seq"] if contents else 0
    facts = (_fact(event) for event in folder.feed.after(last_seq) if event["step"] == run.step)
    run.told = [fact for fact in facts if fact["kind"] in ("evaluated", "diagnosed", "sampled", "checkpointed")]
    run.went_on = True
    return run


def _point(run: Run) -> None:
    """Let ``last`` and ``best`` mean what they did: a crash right after the checkpoint may have left them behind."""
    folder = run.folder
    folder.point("last", checkpoint.path_of(folder.checkpoints, run.step))
    best = checkpoint.path_of(folder.checkpoints, run.step if run.best is None else int(run.best["step"]))
    if best.is_dir():
        folder.point("best", best)


def _fact(event: dict[str, Any]) -> dict[str, Any]:
    """An event without its number and time, as JSON has it."""
    return json.loads(events.dumps({name: value for name, value in event.items() if name not in ("seq", "at")}))


def _build(folder: Folder, recipe: Recipe, task: Task, resolved: dict[str, Any]) -> Run:
    """A run before its first step."""
    task.begin(recipe)
    device = precision.choose_device(resolved["device"])
    torch.set_num_threads(resolved["threads"])
    if device.type == "cuda":
        torch.use_deterministic_algorithms(True, warn_only=True)
    torch.manual_seed(recipe.training.seed)
    network = task.network()
    if weights := known.weights_in(folder.data):
        _start_from(network, weights)
    network.to(device)
    return Run(
        folder=folder, recipe=recipe, task=task, device=device, precision=resolved["precision"], network=network,
        forward=precision.Forward(network, resolved["path"]), optimizer=optimizer.build(network, recipe.training),
        schedule=Schedule(recipe.training), batches=task.batches(),
    )  # fmt: skip


def _start_from(network: nn.Module, weights: Path) -> None:
    """Raises RequestError where they are not those of the network."""
    try:
        network.load_state_dict(load_file(weights))
    except (RuntimeError, SafetensorError) as error:
        wrong = " ".join(str(error).split())[:300]
        raise RequestError(f"weights: they do not fit this network: {wrong}") from None


def _same_weights(folder: Folder, weights: Path) -> None:
    """Raises RequestError where the run of a folder was not started from these; they may be gone by now."""
    path = weights / WEIGHTS
    if path.is_file() and folder.resolved().get("weights") != sha256(path):
        raise RequestError(f"{folder.path} holds a run of other weights than {weights}", hint="Choose another folder.")


def _same_data(before: dict[str, str], hashes: dict[str, str], sources: Sources) -> None:
    for name in sorted(before.keys() | hashes.keys()):
        if before.get(name) != hashes.get(name):
            path = sources.named().get(name)
            what = f"{path.name} holds other bytes than" if path and name in before else f"--{name} is not as"
            raise RequestError(f"{what} what this run was started with", hint="Choose another folder.")


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _carry_tensors(carry: Any) -> dict[str, Tensor]:
    return {
        f"carry.{layer}.{index}": value.clone()
        for layer, state in enumerate(carry or ())
        for index, value in enumerate(state)
    }


def _carry(saved: dict[str, Tensor], device: torch.device) -> Any:
    layers: dict[int, dict[int, Tensor]] = {}
    for name, value in saved.items():
        layer, index = map(int, name.split("."))
        layers.setdefault(layer, {})[index] = value.to(device)
    return tuple(tuple(layers[k][i] for i in sorted(layers[k])) for k in sorted(layers)) or None


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["random.device"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        state["random.device"] = torch.mps.get_rng_state()
    return state


def _set_random_state(saved: dict[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(saved["random.cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(saved["random.device"], device)
    if device.type == "mps":
        torch.mps.set_rng_state(saved["random.device"])
