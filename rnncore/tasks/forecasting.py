"""Forecasting: a window of a series is read, the quantiles of its next steps are forecast.

Loss is the mean pinball loss of scaled values, whatever the strategy; of which unit each metric is,
:mod:`rnncore.data.backtest` says. While a recursive network learns, its loss is that of the next step alone, over
:data:`rnncore.data.windows.LEVELS`, read from the truth (teacher forcing).
A window is as long as ``task.lookback``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from rnncore import facts, networks
from rnncore.data import autoregression, columns, season, splits, times
from rnncore.data.autoregression import Scales
from rnncore.data.backtest import naive_steps
from rnncore.data.buckets import Buckets
from rnncore.data.table import Table, open_table
from rnncore.data.times import Rhythm
from rnncore.data.windows import LEVELS, Scale, Series, Windows, read_series, segment
from rnncore.defaults import Facts
from rnncore.errors import CheckpointError, DataError, PromptError, RecipeError
from rnncore.events import Baseline, Forecasted
from rnncore.networks import FORMAT
from rnncore.networks.forecaster import DirectForecaster, RecursiveForecaster
from rnncore.recipe import Recipe
from rnncore.tasks import Measured, Sources, known, windowed
from rnncore.tasks.records import moved
from rnncore.tasks.windowed import Answering, Part, named
from rnncore.train import diagnostics
from rnncore.train.precision import Forward

SHOWN = 2
"""Windows of the validation part that every sample shows."""

PROBED = 32
"""Windows on which the gradient's reach is looked at: always the same."""

CEILING = 20
"""Times the loss of the last value for ever, beyond which learning went wrong."""

FITTED_INPUTS = 3_000
"""Columns times steps of lookback up to which baselines are fitted once more for the test part."""

_FIELDS = ("cell", "hidden_size", "num_layers", "dropout", "bias", "nonlinearity")


class Task:
    """See :class:`rnncore.tasks.Task`."""

    unknown = None

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        tables = {name: open_table(path, progress=lambda done, total: tick()) for name, path in files.named().items()}
        chosen = facts.chosen(recipe, columns.survey(tables["data"]))
        self.series = {name: _series(table, chosen) for name, table in tables.items()}
        self.rows = self._rows(chosen)
        self.recipe = chosen.replacing(task={"season": self._season(recipe)})
        self.folder = folder
        data = self.series["data"]
        self.facts = Facts(
            tokens=len(data), vocabulary_size=None, records=len(data), longest=len(data), outputs=len(data.columns)
        )

    def _rows(self, recipe: Recipe) -> dict[str, tuple[Series, range]]:
        """Of each part there is, its series and the rows that are to be forecast."""
        training, data = recipe.training, self.series["data"]
        own = {name: series for name, series in self.series.items() if name != "data"}
        shares = {"valid": training.validation_fraction, "test": training.test_fraction}
        if training.split_rows and own:
            raise RecipeError.at("training.split_rows", "the parts have files of their own; leave it out")
        found = splits.series(
            len(data), **{name: 0.0 if name in own else share for name, share in shares.items()},
            split_rows=training.split_rows,
        )  # fmt: skip
        rows = {name: (data, part) for name, part in found.items() if len(part)}
        if "train" not in rows:
            raise DataError(f"{data.name}: the split leaves no row to train on")
        return rows | {name: (series, range(len(series))) for name, series in own.items()}

    def _season(self, given: Recipe) -> int:
        """As given, or guessed from the calendar and the training part."""
        if given.task.season is not None:
            return given.task.season
        series, rows = self.rows["train"]
        expected = [] if series.times is None or len(rows) < 2 else Rhythm.of(series.times[: len(rows)]).seasons()
        return season.guess(series.values[rows.start : rows.stop], expected)

    def begin(self, recipe: Recipe) -> None:
        self.recipe, task = recipe, recipe.task
        series, rows = self.rows["train"]
        train = series.values[rows.start : rows.stop]
        self.count = len(series.columns)
        self.scale = Scale.of(np.hstack([train, series.known[rows.start : rows.stop]]))
        if np.ptp(train, axis=0).max() == 0:
            raise DataError(f"{series.name}: the training part never changes; there is nothing to forecast")
        self.parts = {name: self._part(name, *part) for name, part in self.rows.items()}
        self._refuse_short()
        self.scales = Scales(task.quantiles, self.scale.deviation[: self.count], naive_steps(train, task.season))
        recursive = task.strategy == "recursive"
        self.answering = Answering(task.quantiles, recursive, task.horizon, self.count)
        taken = known.of(self.folder)
        self.centred = taken.description["centred"] if taken else autoregression.centred(self.parts["train"].windows)
        self.quick = self._quick()

    def _part(self, name: str, series: Series, rows: range) -> Part:
        task = self.recipe.task
        table = self.scale.into(np.hstack([series.values, series.known[: len(series)]]))
        windows = Windows(name, table, self.count, rows.start, rows.stop, task.lookback, task.horizon)
        return Part(windows, series, self.scale.of_columns(slice(self.count)))

    def _refuse_short(self) -> None:
        """Raises RecipeError where a part holds no window."""
        task = self.recipe.task
        for name, (series, rows) in self.rows.items():
            if len(self.parts[name].windows):
                continue
            label = {"train": "training", "valid": "validation", "test": "test"}[name]
            part = f"the {label} part of {series.name} has {len(rows):,} rows"
            if len(rows) < task.horizon:
                raise RecipeError.at("task.horizon", f"{part}, too few to forecast {task.horizon:,} steps")
            wanted = f"a lookback of {task.lookback:,} and a horizon of {task.horizon:,} want"
            raise RecipeError.at("task.lookback", f"{part}; {wanted} {task.lookback + task.horizon:,}")

    def network(self) -> nn.Module:
        description = self._description()
        network = build(description)
        each = 1 if description["strategy"] == "recursive" else description["segment"]
        networks.initialize(network.rnn, self.recipe.network.init, memory=-(-description["lookback"] // each))
        return network

    def texts(self) -> dict[str, str]:
        return {"network.json": json.dumps(self._description(), indent=1, ensure_ascii=False)}

    def batches(self) -> Buckets:
        windows, training = self.parts["train"].windows, self.recipe.training
        return Buckets(np.ones(len(windows), np.int64), training.batch_size, training.seed)

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        read, known, truth = (
            moved(array.astype(np.float32), device) for array in self.parts["train"].windows.read(batch)
        )
        recursive = self.answering.recursive
        found, _ = forward(read, known, truth) if recursive else forward(read, known)
        return pinball(truth, found, LEVELS if recursive else self.recipe.task.quantiles), truth.numel(), None

    def splits(self) -> tuple[str, ...]:
        return tuple(name for name in ("valid", "test") if name in self.parts)

    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        found = windowed.measured(forward, self.parts[split], self.answering, self.scales, device, tick)
        if split == "test":
            found.report["baselines"] = list(self._tested(tick))
        return found

    def _tested(self, tick: Callable[[], None]) -> Iterator[dict[str, Any]]:
        """What the baselines reach on the test part, chosen on the validation part; the fitted ones where they are
        quick to fit."""
        train, test = self.parts["train"].windows, self.parts["test"].windows
        valid = self.parts["valid"].windows if "valid" in self.parts else train
        found = autoregression.quick(train, test, self.recipe.task.season, self.scales)
        if train.columns * train.lookback <= FITTED_INPUTS:
            found = chain(found, autoregression.fitted(train, valid, self.recipe.task.season, self.scales, on=test))
        for baseline in found:
            tick()
            yield {"name": baseline.name, "loss": baseline.loss, "metrics": baseline.metrics}

    def quick_baselines(self) -> list[Baseline]:
        return self.quick if "valid" in self.parts else []

    def baselines(self) -> dict[str, Any] | None:
        if "valid" not in self.parts:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        train, valid = (self.parts[name].windows for name in ("train", "valid"))
        return autoregression.save(
            self.folder / "series.safetensors", train, valid, self.recipe.task.season, self.scales
        )

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Forecasted]:
        part = self.parts.get("valid", self.parts["train"])
        forward, device = Forward(network, "plain"), next(network.parameters()).device
        for body in windowed.shown(forward, part, self.answering, part.windows.spread(SHOWN + 1)[:SHOWN], device):
            tick()
            yield Forecasted(step=step, **{name: value for name, value in body.items() if name != "line"})

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        windows = self.parts["train"].windows
        read, _, _ = windows.read(windows.spread(PROBED))
        if self.centred:
            read[..., : self.count] -= read[-1, :, : self.count]
        lengths = torch.full((read.shape[1],), len(read), device=device)
        return diagnostics.gradient_to_the_end(network, moved(read.astype(np.float32), device), lengths)

    def ceiling(self) -> float:
        return CEILING * max(1.0, *(baseline.loss for baseline in self.quick))

    def _quick(self) -> list[Baseline]:
        train = self.parts["train"].windows
        valid = self.parts["valid"].windows if "valid" in self.parts else train
        return list(autoregression.quick(train, valid, self.recipe.task.season, self.scales))

    def _description(self) -> dict[str, Any]:
        recipe, task, series = self.recipe, self.recipe.task, self.series["data"]
        return {
            "format": FORMAT, "task": task.kind, **{name: getattr(recipe.network, name) for name in _FIELDS},
            "bidirectional": recipe.network.bidirectional, "strategy": task.strategy, "lookback": task.lookback,
            "horizon": task.horizon, "quantiles": task.quantiles, "season": task.season, "centred": self.centred,
            "segment": segment(task.lookback, task.season), "columns": series.columns,
            "known_columns": series.known_columns, "time_column": task.time_column, "scale": self.scale.to_dict(),
            "naive": self.scales.naive.tolist(),
        }  # fmt: skip


class Model:
    """See :class:`rnncore.tasks.Model`."""

    def __init__(self, folder: Path) -> None:
        try:
            self.description = body = json.loads((folder / "network.json").read_bytes())
            self.recipe = Recipe.load(folder / "recipe.json")
            network = build(body)
            network.load_state_dict(load_file(folder / "model.safetensors"))
            self.scale = Scale.from_dict(body["scale"])
            self.columns, self.known = body["columns"], body["known_columns"]
            self.lookback, self.horizon, self.time = body["lookback"], body["horizon"], body["time_column"]
            self.answering = Answering(
                body["quantiles"], body["strategy"] == "recursive", self.horizon, len(self.columns)
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, RecipeError) as error:
            raise CheckpointError(f"{folder} is not a whole model: {error}") from None
        self.forward = Forward(network.eval(), "plain")

    def predict(self, inputs: list[Any], **options: Any) -> list[dict[str, Any]]:
        """``{"quantiles": {"0.5": […]}, "times": […]}`` of the steps after each input; with several value columns
        ``{"0.5": {column: […]}}``. ``times`` where the input has some.

        An input is a list of numbers (of one value column), or an object of lists by column name: values, times, and
        the known columns with their future, in which the values may be missing.
        """
        return [self._answer(self._read(item, number)) for number, item in enumerate(inputs, 1)]

    def inputs(self, data: Path) -> list[Any]:
        """The whole file as one input: what comes after its last row with values."""
        return [{name: list(values) for name, values in open_table(data).columns.items() if name in self._names()}]

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        """Over every window of the file. The baselines' bands are those of their errors on this very file: they are a
        little too good."""
        series = read_series(open_table(data), self.columns, self.known, self.time)
        table = self.scale.into(np.hstack([series.values, series.known[: len(series)]]))
        count = len(self.columns)
        windows = Windows("test", table, count, 0, len(series), self.lookback, self.horizon)
        if not len(windows):
            wanted = self.lookback + self.horizon
            raise DataError(f"{data.name} has {len(series):,} rows; lookback and horizon want {wanted:,}")
        part = Part(windows, series, self.scale.of_columns(slice(count)))
        scales = Scales(self.answering.quantiles, part.scale.deviation, np.array(self.description["naive"]))
        found = windowed.measured(self.forward, part, self.answering, scales, torch.device("cpu"), lambda: None)
        quick = autoregression.quick(windows, windows, self.description["season"], scales)
        return {
            "loss": found.loss, "metrics": found.metrics, "windows": len(windows),
            "baseline": {baseline.name: baseline.loss for baseline in quick},
        }  # fmt: skip

    def _names(self) -> set[str]:
        return {*self.columns, *self.known, *([self.time] if self.time else [])}

    def _read(self, item: Any, number: int) -> Series:
        """An input as a series. Raises PromptError that names it."""
        if not isinstance(item, dict):
            if len(self._names() - {self.time}) > 1:
                raise PromptError(
                    f"inputs.{number}: an object with lists for {_listed(sorted(self._names()))} is wanted"
                )
            item = {self.columns[0]: item}
        lists = {name: values for name, values in item.items() if name in self._names()}
        for name in (*self.columns, *self.known):
            if not isinstance(lists.get(name), list):
                raise PromptError(f"inputs.{number}: a list of numbers is wanted for {name!r}")
        time = self.time if isinstance(lists.get(self.time or ""), list) else None
        try:
            series = _of_lists(lists, self.columns, self.known, time)
        except DataError as error:
            raise PromptError(f"inputs.{number}: {error}", hint=error.hint) from None
        if len(series) < self.lookback:
            raise PromptError(
                f"inputs.{number}: {len(series):,} values are given; the model reads {self.lookback:,} before it "
                "forecasts"
            )
        ahead = len(series.known) - len(series)
        if self.known and ahead < self.horizon:
            raise PromptError(
                f"inputs.{number}: {_listed(self.known)} is known for {ahead:,} steps after the last value; the "
                f"forecast wants {self.horizon:,}"
            )
        return series

    def _answer(self, series: Series) -> dict[str, Any]:
        end, columns = len(series), len(self.columns)
        rows = slice(end - self.lookback, end)
        read = self.scale.into(np.hstack([series.values[rows], series.known[rows]]))
        known = np.zeros((self.horizon, 0))
        if self.known:
            known = self.scale.of_columns(slice(columns, None)).into(series.known[end : end + self.horizon])
        found = self.answering(self.forward, read[:, None], known[:, None], torch.device("cpu"))[:, 0]
        values = self.scale.of_columns(slice(columns)).back(found.swapaxes(1, 2)).swapaxes(1, 2)
        quantiles: dict[str, Any] = {}
        for index, quantile in enumerate(self.answering.quantiles):
            by_column = {name: values[:, at, index].tolist() for at, name in enumerate(self.columns)}
            quantiles[named(quantile)] = by_column if len(self.columns) > 1 else by_column[self.columns[0]]
        return {"quantiles": quantiles, "times": self._times(series)}

    def _times(self, series: Series) -> list[str]:
        if series.times is None or len(series) < 2:
            return []
        given = series.times[len(series) :][: self.horizon]
        if len(given) < self.horizon:
            given = Rhythm.of(series.times[: len(series)]).after(series.times[len(series) - 1], self.horizon)
        return times.written(given)


def build(description: dict[str, Any]) -> DirectForecaster | RecursiveForecaster:
    """The network of a description, with its initial weights."""
    shared = {name: description[name] for name in (*_FIELDS, "lookback", "centred")}
    shared |= {"columns": len(description["columns"]), "known": len(description["known_columns"])}
    if description["strategy"] == "recursive":
        return RecursiveForecaster(quantiles=len(LEVELS), **shared)
    own = {name: description[name] for name in ("horizon", "segment", "bidirectional")}
    return DirectForecaster(quantiles=len(description["quantiles"]), **own, **shared)


def _series(table: Table, recipe: Recipe) -> Series:
    return read_series(table, recipe.task.value_columns, recipe.task.known_columns or [], recipe.task.time_column)


def _of_lists(lists: dict[str, list[Any]], columns: list[str], known: list[str], time: str | None) -> Series:
    """An input's lists as a series: shorter ones end in missing values, shorter times go on. Raises DataError."""
    lists = dict(lists)
    rows = max(len(lists[name]) for name in (*columns, *known))
    if time and len(lists[time]) < rows:
        given = times.parse(lists[time], range(1, rows + 1), time, "times")
        more = Rhythm.of(given).after(given[-1], rows - len(given)) if len(given) > 1 else given[:0]
        lists[time] = times.written(given) + times.written(more)
    if time and len(lists[time]) != rows:
        raise DataError(f"{len(lists[time]):,} times are given for {rows:,} values")
    cells = {name: values + [None] * (rows - len(values)) for name, values in lists.items()}
    try:
        return read_series(Table("the values", "", cells, list(range(1, rows + 1))), columns, known, time)
    except DataError as error:
        place = f" (number {error.line:,})" if error.line else ""
        raise DataError(f"{error}{place}", hint=error.hint) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def pinball(truth: Tensor, found: Tensor, quantiles: list[float]) -> Tensor:
    """The mean pinball loss of ``(…, quantiles)``; see :func:`rnncore.data.backtest.pinball`."""
    levels = torch.tensor(quantiles, device=found.device)
    error = truth.unsqueeze(-1) - found
    return torch.maximum(levels * error, (levels - 1) * error).mean()
