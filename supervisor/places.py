"""Where things lie: the checkout, the virtual environment, the data folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def settings(environ: Mapping[str, str], file: Path = ROOT / ".env") -> dict[str, str]:
    """The environment, and where that is silent what a file of `NAME=value` lines says (see `.env.example`)."""
    lines = file.read_text().splitlines() if file.is_file() else []
    pairs = (line.split("=", 1) for line in map(str.strip, lines) if "=" in line and not line.startswith("#"))
    in_file = {name.strip(): value.strip().strip("'\"") for name, value in pairs}
    return {name: value for name, value in in_file.items() if value} | dict(environ)


def environment_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The virtual environment: `.venv/` in the checkout, or UNROLL_VENV."""
    return _absolute(environ.get("UNROLL_VENV") or ROOT / ".venv")


def data_folder(given: str | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The data folder: what was asked for, else UNROLL_DATA, else `var/` in the checkout."""
    return _absolute(given or environ.get("UNROLL_DATA") or ROOT / "var")


def _absolute(path: str | Path) -> Path:
    # Not resolve(): a link that somebody made keeps its name in what people read.
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100


def inside(environment: Path, data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for a process that works inside the environment on a data folder."""
    path = f"{environment / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
    kept = {name: value for name, value in environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    return kept | {"PATH": path, "VIRTUAL_ENV": str(environment), "UNROLL_DATA": str(data)}
