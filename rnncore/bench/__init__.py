"""Benchmarks: ``rnncore bench``.

A benchmark is a module with ``measure()``, which gives its numbers as JSON can hold them, and ``table(numbers)``, which
words them for people. Contestants take turns in one process, so that a busy machine is unfair to none; each reports
its fastest turn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

BENCHMARKS = {
    "generation": "rnncore.bench.generation",
    "trainer": "rnncore.bench.trainer",
    "padding": "rnncore.bench.padding",
    "calibration": "rnncore.bench.calibration",
}


def add_bench(subparsers: Any) -> None:
    """Register ``bench``; its ``run`` takes the parsed arguments and gives the exit code."""
    parser = subparsers.add_parser("bench", help="measure this machine: " + ", ".join(BENCHMARKS))
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="all of these where none is named; or a case of bench/results.md"
    )
    parser.add_argument("--json", action="store_true", help="numbers: of one benchmark, or of several by name")
    parser.set_defaults(run=bench)


def bench(arguments: argparse.Namespace) -> int:
    """Measure and print. Raises RequestError."""
    from rnncore.bench import results
    from rnncore.errors import RequestError

    for name in arguments.names:
        if name not in BENCHMARKS and name not in results.CASES:
            raise RequestError(f"NAME: {name!r} is not one of {', '.join([*BENCHMARKS, *results.CASES])}")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as generating does
    found = {}
    for name in arguments.names or BENCHMARKS:
        module = import_module(BENCHMARKS.get(name, results.__name__))
        found[name] = module.measure() if name in BENCHMARKS else results.measure(name)
        if not arguments.json:
            sys.stdout.write(f"{name}\n{module.table(found[name])}\n")
            sys.stdout.flush()
    if arguments.json:
        sys.stdout.write(json.dumps(found[arguments.names[0]] if len(arguments.names) == 1 else found) + "\n")
    return 0


def fastest(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Each contestant's smallest number of ``rounds``, in which they take turns."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, turn in contestants.items():
            best[name] = min(best.get(name, float("inf")), turn())
    return best
