"""What was done already: names and the keys of what it was done from, in one small JSON file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path


def fingerprint(*parts: str | Path) -> str:
    """A hash of texts, and of the names and contents of files (a folder: of all files in it). Missing files count."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            _add(digest, b"text", part.encode())
            continue
        for path in _files(part):
            name = path.relative_to(part.parent).as_posix()
            _add(digest, name.encode(), path.read_bytes() if path.is_file() else b"(missing)")
    return digest.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _add(digest: hashlib._Hash, *blocks: bytes) -> None:
    for block in blocks:
        digest.update(len(block).to_bytes(8, "big") + block)


class Stamps:
    """A file of stamps. One that is unreadable (a cut write, another version) counts as empty: the work is redone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, name: str) -> str | None:
        return self._read().get(name)

    def set(self, **stamps: str | None) -> None:
        """Sets stamps, takes back those that are None; whole or not at all."""
        kept = {name: value for name, value in (self._read() | stamps).items() if value is not None}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.write_text(json.dumps(kept, indent=1) + "\n")
        fresh.replace(self.path)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
