"""Texts that are on the machine already and that anybody may learn from: nothing is downloaded, nothing is shipped."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from rnncore.errors import DataError, RequestError

NAMES = ("python",)

MOST = 4 << 20
"""Bytes of an example at most."""


def write(name: str, out: str | Path) -> None:
    """Write the example ``name`` to ``out``. The same machine gives the same bytes.

    Raises RequestError for an unknown name, DataError where it is not on this machine.
    """
    if name not in NAMES:
        raise RequestError(f"name: {name!r} is not one of {', '.join(NAMES)}")
    _python(Path(sysconfig.get_path("stdlib")), Path(out))


def _python(folder: Path, out: Path) -> None:
    """The modules of the standard library (Python Software Foundation License) that are one file, by name, each below
    a comment with its name; the first of them until there is enough. What is no UTF-8 is left out."""
    sources = sorted(folder.glob("*.py"))
    left = MOST
    with out.open("wb") as file:
        for source in sources:
            body = f"# {source.name}\n".encode() + source.read_bytes().replace(b"\r\n", b"\n").rstrip() + b"\n\n\n"
            if len(body) > left or not _is_text(body):
                continue
            file.write(body)
            left -= len(body)
    if left == MOST:
        raise DataError(
            f"there is no source of Python's standard library in {folder}",
            hint="This Python came without it; upload a text of your own.",
        )


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
