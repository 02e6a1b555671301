"""The three floors and their one direction: webapp → jobs → rnncore, and never torch above the engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "rnncore": ("jobs", "webapp", "supervisor", "django", "celery", "redis"),
    "jobs": ("webapp", "supervisor", "torch"),
    "webapp": ("supervisor", "torch"),
    "supervisor": ("jobs", "webapp", "rnncore", "django"),
}
TORCH_FREE = (
    "recipe", "catalog", "events", "errors", "facts", "fitness", "plan", "cost", "defaults", "data", "continuing",
    "weights", "familiar",
)  # of rnncore  # fmt: skip


def imports(floor: str) -> Iterator[tuple[str, str]]:
    """(file, imported module) for every import of the floor, also those inside functions."""
    for path in sorted((ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((str(path.relative_to(ROOT)), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((str(path.relative_to(ROOT)), f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("floor", FORBIDDEN)
def test_a_floor_knows_nothing_of_those_above_it(floor):
    found = list(imports(floor))
    assert found
    assert [(file, name) for file, name in found if name.split(".")[0] in FORBIDDEN[floor]] == []


@pytest.mark.parametrize("floor", ["jobs", "webapp"])
def test_only_the_torch_free_part_of_the_engine_is_imported(floor):
    engine = [(file, name) for file, name in imports(floor) if name.startswith("rnncore.")]
    assert engine
    assert [(file, name) for file, name in engine if name.split(".")[1] not in TORCH_FREE] == []
