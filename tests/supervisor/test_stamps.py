from __future__ import annotations

import pytest

from supervisor.stamps import Stamps, fingerprint


def test_stamps_are_kept_and_taken_back(tmp_path):
    stamps = Stamps(tmp_path / "made" / "stamps.json")
    assert stamps.get("base") is None
    stamps.set(base="1", torch="2")
    stamps.set(base=None)
    again = Stamps(stamps.path)
    assert (again.get("base"), again.get("torch")) == (None, "2")
    assert [path.name for path in stamps.path.parent.iterdir()] == ["stamps.json"]


@pytest.mark.parametrize("content", ["", '{"base": "1', "[1]", "null"])
def test_a_cut_file_counts_as_empty(tmp_path, content):
    path = tmp_path / "stamps.json"
    path.write_text(content)
    assert Stamps(path).get("base") is None
    Stamps(path).set(base="2")
    assert Stamps(path).get("base") == "2"


def test_a_fingerprint_changes_with_names_and_contents(tmp_path):
    folder = tmp_path / "folder"
    seen = {fingerprint(folder)}

    def changed() -> bool:
        now = fingerprint(folder)
        fresh = now not in seen
        seen.add(now)
        return fresh

    folder.mkdir()
    assert changed()
    (folder / "a").write_text("x")
    assert changed()
    (folder / "a").write_text("y")
    assert changed()
    (folder / "a").rename(folder / "b")
    assert changed()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "b.pyc").write_text("z")
    assert not changed()


def test_a_fingerprint_keeps_its_parts_apart():
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
