"""The examples in the docstrings of the engine are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import rnncore

MODULES = ["rnncore", *(found.name for found in pkgutil.walk_packages(rnncore.__path__, "rnncore."))]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    tests = [
        doctest.DocTestFinder().find(importlib.import_module(name)) for name in ("rnncore.recipe", "rnncore.events")
    ]
    assert all(any(test.examples for test in found) for found in tests)
