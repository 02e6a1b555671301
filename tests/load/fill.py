"""Fills a scratch studio: many runs in the list, one run with very many points.

    .venv/bin/python -m tests.load.fill --data /tmp/scratch [--runs 10000] [--points 1000000]

Prints one line of JSON: with what to sign in, and the id of the long run. Do it while no studio runs on the folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.load import scratch


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.fill", description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a data folder to make or to add to")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    given = parser.parse_args()
    scratch.connect(given.data.resolve())
    user = scratch.person()
    run = scratch.long_run(user, given.points) if given.points else None
    scratch.listed(user, given.runs)
    print(json.dumps({"email": scratch.EMAIL, "password": scratch.PASSWORD, "run": run and run.id}))


if __name__ == "__main__":
    main()
