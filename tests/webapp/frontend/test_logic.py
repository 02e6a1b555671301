"""What the pages reckon without a page: feeds, smoothing, sockets, links. Node runs the *.test.ts beside this file.

Where the browser draws what the server or the trainer reckons too, both are held to the same figures.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from rnncore.recipe import Training
from supervisor import frontend
from webapp.pages.templatetags.charts import sparkline

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def node() -> Path:
    npm = frontend.npm(os.environ, Path(sys.prefix))
    return npm[0] if npm and len(npm) == 2 else Path(shutil.which("node"))


@pytest.fixture(scope="module")
def built(node, tmp_path_factory) -> list[Path]:
    out = tmp_path_factory.mktemp("frontend")
    subprocess.run([node, HERE / "build.mjs", out], cwd=settings.BASE_DIR, check=True, capture_output=True)
    return sorted(out.glob("*.test.mjs"))


def rates(plan: dict[str, object], end: int) -> list[float]:
    from rnncore.train.schedule import Schedule

    schedule = Schedule(Training(**plan))
    # The trainer asks before a step, with the share of the training that lies behind; a chart draws it at the step.
    return [schedule.rate(step, step / end) for step in range(1, end + 1)]


def test_logic_of_the_pages(node, built, tmp_path):
    plans = [
        {"learning_rate": 0.004, "warmup_steps": 5, "schedule": "cosine"},
        {"learning_rate": 0.1, "warmup_steps": 0, "schedule": "constant"},
    ]
    points = [[0, 4.2], [10, 2.5], [20, None], [40, 1.5]]
    expected = {
        "schedules": [{"plan": plan, "end": 40, "rates": rates(plan, 40)} for plan in plans],
        "spark": {"points": points, "path": re.search(r' d="([^"]+)"', sparkline(points))[1]},
    }
    figures = tmp_path / "expected.json"
    figures.write_text(json.dumps(expected))
    assert len(built) == len(list(HERE.glob("*.test.ts")))
    ran = subprocess.run(
        [node, "--test", "--test-reporter=tap", *built], env={**os.environ, "EXPECTED": str(figures)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
