"""The lock files: whole, free of addresses, and enough for a PyTorch that comes alone."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(lock: Path) -> set[str]:
    """``name==version`` with its marker, as locked."""
    return {line.rstrip(" \\") for line in lock.read_text().splitlines() if re.match(r"[a-z0-9]", line)}


def names(lock: Path) -> set[str]:
    return {re.split(r"[=\[]", pin)[0] for pin in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_all_with_hashes_and_names_no_index(lock):
    text = lock.read_text()
    assert "://" not in text
    assert "index-url" not in re.sub(r"^#.*", "", text, flags=re.MULTILINE)
    assert all("==" in pin for pin in pins(lock))
    assert len(re.findall(r"^[a-z0-9].*\\\n    --hash=sha256:", text, flags=re.MULTILINE)) == len(pins(lock))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_what_its_source_asks_for(lock):
    lines = lock.with_suffix(".in").read_text().splitlines()
    asked = {re.split(r"[~=<>\[ #]", line)[0].lower() for line in lines if line and line[0] not in "#-"}
    assert asked
    assert {name.replace("_", "-") for name in asked} <= names(lock)


def test_tests_run_on_what_is_locked_for_people():
    assert pins(ROOT / "requirements" / "base.txt") <= pins(ROOT / "requirements" / "test.txt")


def test_torch_needs_nothing_that_is_not_locked():
    """On a CPU it is installed without its dependencies."""
    needed = {re.split(r"[^\w-]", line)[0] for line in metadata.requires("torch") if "extra ==" not in line}
    foreign = {name for name in needed if name.startswith(("nvidia", "triton", "cuda"))}  # a build for GPUs
    assert needed - foreign <= names(ROOT / "requirements" / "base.txt")


def test_the_javascript_lock_names_no_registry():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 1
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)
