"""What the recipe of a forecast leaves open.

Measured on hourly temperatures (8,640 rows of training, horizons 24 and 168), chosen on the validation part: a week of
lookback, read a day at a time, forecasts as well as two; 64 units as well as 128; a few hundred steps are enough, and
after a thousand the network knows the training part by heart.
"""

from __future__ import annotations

import math
from typing import Any

from rnncore.defaults import Facts, round_number
from rnncore.recipe import Recipe

QUANTILES = [0.1, 0.5, 0.9]

VALIDATION = 0.15
"""Of the rows: a forecast wants more than a tenth, for windows that overlap say the same again and again."""

SEASONS = 7
"""Of lookback: as many as a week has days; and at least the horizon."""

PLAIN = 24
"""Steps of horizon where there is no season."""

LONGEST = 1_000
"""Steps of lookback, and of horizon a fourth of it, where the recipe says nothing."""

SIZES = ((20_000, 64), (math.inf, 128))
"""Hidden size by rows of training."""

BATCH = 64

STEPS, WINDOWS = 1_000, 10_000
"""A run has so many steps on so many windows or fewer; beyond, they grow with the root."""

MAX_EPOCHS = 100

LEARNING_RATE = {"adamw": 1e-3, "adam": 1e-3, "sgd": 0.1}

EVALUATIONS = {"direct": 20, "recursive": 8}
"""In one run: a recursive network draws many futures of each window, which takes long."""

SAMPLES = 10


def fill(recipe: Recipe, facts: Facts) -> Recipe:
    """See :func:`rnncore.defaults.fill`. ``facts.records``: rows of the series."""
    body = {table: dict(values) for table, values in fill_task(recipe).to_dict().items()}
    task, network, training, sampling = (
        body.setdefault(table, {}) for table in ("task", "network", "training", "sampling")
    )
    rows = rows_of(training, facts)
    _task(task, rows)
    _network(network, rows)
    windows = max(1, rows["train"] - task["lookback"] - task["horizon"] + 1)
    _set(training, batch_size=max(1, min(BATCH, windows // 8)))
    steps = _steps(training, windows)
    _set(training, device="auto", precision="auto", optimizer="adamw", weight_decay=0.01, clip_norm=1.0, patience=8)
    recursive = task["strategy"] == "recursive"
    rate = LEARNING_RATE[training["optimizer"]] * (3 if recursive else 1)
    _set(training, schedule="cosine", learning_rate=rate, warmup_steps=min(50, steps // 20))
    every = round_number(steps / EVALUATIONS["recursive" if recursive else "direct"])
    _set(training, evaluate_every=every, checkpoint_every=every)
    _set(sampling, every=max(every, round_number(steps / SAMPLES)))
    return Recipe.parse(body)


def fill_task(recipe: Recipe) -> Recipe:
    """See :func:`rnncore.defaults.fill_task`."""
    training = dict(recipe.to_dict().get("training", {}))
    train, valid, test = training.get("split_rows", (1.0, 0.0, 0.0))
    shares = {"validation_fraction": VALIDATION, "test_fraction": 0.0}
    if "split_rows" in training:  # they decide; the shares are stated for the estimates
        shares = dict(zip(shares, (round(part / (train + valid + test), 4) for part in (valid, test)), strict=True))
        shares = shares if sum(shares.values()) < 0.95 else {"validation_fraction": 0.0, "test_fraction": 0.0}
    _set(training, seed=1, **shares)
    return recipe.replacing(training=training)


def rows_of(training: dict[str, Any], facts: Facts) -> dict[str, int]:
    """How many rows train and valid have."""
    if training.get("split_rows"):
        return {"train": training["split_rows"][0], "valid": training["split_rows"][1]}
    valid = math.ceil(round(training["validation_fraction"] * facts.records, 6))
    test = math.ceil(round(training["test_fraction"] * facts.records, 6))
    return {"train": max(1, facts.records - valid - test), "valid": valid}


def _task(task: dict[str, Any], rows: dict[str, int]) -> None:
    _set(task, strategy="direct", quantiles=QUANTILES, season=0, known_columns=[])
    season = task["season"]
    most = min(rows["train"] // 8, LONGEST // 4, max(1, rows["valid"] // 2) if rows["valid"] else LONGEST)
    _set(task, horizon=max(1, min(season or PLAIN, most)))
    wanted = max(SEASONS * season, task["horizon"], 2 * PLAIN)
    lookback = max(1, min(wanted, LONGEST, rows["train"] // 2 - task["horizon"]))
    if 0 < season <= lookback:
        lookback -= lookback % season
    _set(task, lookback=lookback)


def _network(network: dict[str, Any], rows: dict[str, int]) -> None:
    _set(network, cell="gru", bidirectional=False, nonlinearity="tanh", bias=True, init="default", dropout=0.2)
    _set(network, num_layers=2 if network["cell"] == "transformer" else 1)
    _set(network, hidden_size=next(size for most, size in SIZES if rows["train"] <= most))
    _set(network, embedding_size=network["hidden_size"])  # numbers have none


def _steps(training: dict[str, Any], windows: int) -> int:
    """How many steps the run will have, about."""
    per_epoch = max(1, math.ceil(windows / training["batch_size"]))
    if not any(f"max_{unit}" in training for unit in ("steps", "epochs", "minutes")):
        steps = STEPS * max(1.0, windows / WINDOWS) ** 0.5
        training["max_epochs"] = round(min(MAX_EPOCHS, steps / per_epoch), 2)
    ends = []
    if "max_steps" in training:
        ends.append(training["max_steps"])
    if "max_epochs" in training:
        ends.append(math.ceil(training["max_epochs"] * per_epoch))
    return max(1, round(min(ends, default=STEPS)))


def _set(table: dict[str, Any], **values: Any) -> None:
    for name, value in values.items():
        table.setdefault(name, value)
