"""The command line of `./studio`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from supervisor import database, places, valkey
from supervisor.console import Problem
from supervisor.environment import Environment
from supervisor.up import up

USAGE = """\
usage: ./studio COMMAND …

  up [--host 127.0.0.1] [--port 8000] [--data DIR] [--workers N] [--no-browser]
                                 run the studio: web server, workers, Redis
  test [PYTEST ARGUMENTS …]      run the tests
  screenshots [--out DIR] [--only TEXT]
                                 take every page of a filled scratch studio: light, dark, wide, narrow
  manage [--data DIR] COMMAND …  Django's manage.py, on the data folder of `up`
                                 (create_user EMAIL --password P · create_token EMAIL · help · …)
  rnncore …                      the engine's command line (train · generate · evaluate · plan · …)

Each sets up first what it needs. The environment lies in .venv (or UNROLL_VENV), the data in var (or UNROLL_DATA);
.env.example lists every setting.
"""
TESTS_OWN = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "UNROLL_DATA")  # tests never touch anybody's studio
WITHOUT_DATABASE = ("", "help", "--help", "-h", "--version", "check", "migrate", "makemigrations", "showmigrations")


def main(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Runs a command and returns its exit code."""
    signal.signal(signal.SIGTERM, _leave)
    command, rest = (argv[0] if argv else "", list(argv[1:]))
    run = {"up": _up, "test": _test, "screenshots": _screenshots, "manage": _manage, "rnncore": _rnncore}.get(command)
    if run is None:
        print(USAGE, end="", file=sys.stdout if command in ("-h", "--help", "help") else sys.stderr)
        return 0 if command in ("-h", "--help", "help") else 2
    try:
        return run(rest, places.settings(environ))
    except Problem as problem:
        print(f"studio: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"studio: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstudio: interrupted; the next start goes on from here", file=sys.stderr)
        return 130


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _up(argv: list[str], environ: Mapping[str, str]) -> int:
    parser = argparse.ArgumentParser(prog="studio up", description="Runs the studio.")
    parser.add_argument("--host", default="127.0.0.1", help="where the web server listens (%(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="(%(default)s)")
    parser.add_argument("--data", metavar="DIR", help="the data folder (UNROLL_DATA, else var)")
    parser.add_argument("--workers", type=_positive, metavar="N", help="trainings side by side (one a GPU, else 1)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser when it is ready")
    return up(parser.parse_args(argv), environ)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def _manage(argv: list[str], environ: Mapping[str, str]) -> int:
    given, rest = None, argv
    if argv and argv[0].startswith("--data="):
        given, rest = argv[0].removeprefix("--data="), argv[1:]
    elif len(argv) > 1 and argv[0] == "--data":
        given, rest = argv[1], argv[2:]
    data, environment = places.data_folder(given, environ), Environment(environ=environ)
    environment.prepare()
    environ = places.inside(environment.folder, data, environ)
    if not environ.get("REDIS_URL") and valkey.address_file(data).exists():
        environ["REDIS_URL"] = valkey.address_file(data).read_text()
    if (rest[0] if rest else "") not in WITHOUT_DATABASE:
        data.mkdir(parents=True, exist_ok=True)
        database.prepare(environment, data, environ)
    _become(environment, [str(places.ROOT / "manage.py"), *rest], environ)


def _rnncore(argv: list[str], environ: Mapping[str, str]) -> int:
    environment = Environment(environ=environ)
    environment.prepare()
    # The engine is found from any folder; paths on the command line stay relative to where one is.
    environ = places.inside(environment.folder, places.data_folder(None, environ), environ)
    _become(environment, ["-m", "rnncore", *argv], environ | {"PYTHONPATH": str(places.ROOT)})


def _test(argv: list[str], environ: Mapping[str, str]) -> int:
    return _with_browser(["-m", "pytest", *argv], environ)


def _screenshots(argv: list[str], environ: Mapping[str, str]) -> int:
    return _with_browser(["-m", "tests.screenshots", *argv], environ)


def _with_browser(arguments: list[str], environ: Mapping[str, str]) -> int:
    environment = Environment(environ=environ)
    environment.prepare(tests=True, pages=True)
    environ = places.inside(environment.folder, places.data_folder(None, environ), environ)
    environ = {name: value for name, value in environ.items() if name not in TESTS_OWN}
    if not environ.get("CHROMIUM"):
        found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if found:
            environ["CHROMIUM"] = found
        else:
            print("studio: looking at pages needs Chromium; on Debian: sudo apt-get install chromium", file=sys.stderr)
    os.chdir(places.ROOT)
    _become(environment, arguments, environ)


def _become(environment: Environment, arguments: list[str], environ: Mapping[str, str]) -> NoReturn:
    """Turns into Python inside the environment: signals, output and exit code are then its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(environment.python, [str(environment.python), *arguments], dict(environ))  # noqa: S606
