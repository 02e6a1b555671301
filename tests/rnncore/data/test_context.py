"""Some lines around one, read without the rest of the file."""

from __future__ import annotations

import gzip

import pytest

from rnncore.data import context, sources
from rnncore.data.context import around
from rnncore.data.sources import open_text
from rnncore.errors import DataError

LINES = [f"line {number} " + "ü€x"[number % 3] * (number % 7) for number in range(1, 200)]


def index_of(path):
    with open_text(path) as file:
        for _ in file:
            pass
        return file.index


def shown(found):
    return [(line.number, line.text) for line in found.lines]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_any_lines_by_the_index(tmp_path, monkeypatch, ending, encoding, block):
    monkeypatch.setattr(sources, "BLOCK", block)
    path = tmp_path / "text.txt"
    path.write_bytes(ending.join(LINES).encode(encoding))
    index = index_of(path)
    assert len(index) > 3 or block > 64
    for first, last in ((1, 3), (50, 50), (120, 140), (197, 205)):
        assert shown(around(path, first, last, index)) == [
            (number, LINES[number - 1]) for number in range(first, min(last, 199) + 1)
        ]
    assert around(path, 5, 9, index).more and not around(path, 190, 250, index).more


def test_reading_begins_near_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 64)
    monkeypatch.setattr(context, "REACH", 300)
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES))
    assert shown(around(path, 150, 151, index_of(path))) == [(150, LINES[149]), (151, LINES[150])]
    with pytest.raises(DataError, match="line 151 lies more than 300"):
        around(path, 150, 151)


def test_an_index_is_thinned_and_still_right(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 16)
    monkeypatch.setattr(sources, "MOST_MARKS", 10)
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES))
    index = index_of(path)
    assert 4 < len(index) <= 10
    assert shown(around(path, 180, 180, index)) == [(180, LINES[179])]


def test_a_packed_file_is_read_from_its_start(tmp_path):
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress("\n".join(LINES).encode()))
    assert index_of(path) == []
    assert shown(around(path, 7, 8, [])) == [(7, LINES[6]), (8, LINES[7])]


def test_a_long_line_is_cut_and_says_how_long_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 1000)
    path = tmp_path / "text.txt"
    path.write_text("a\n" + "x" * 5000 + "\nb")
    (line,) = around(path, 2, 2).lines
    assert (len(line.text), line.length, line.cut) == (context.SHOWN, 5000, True)


def test_troubles_know_their_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 5)
    path = tmp_path / "text.txt"
    path.write_bytes(b"one\r\ntwo \0\rthree\n" + "ü".encode() * 9 + b"\n\xffx\n")
    with open_text(path) as file:
        "".join(file)
    assert (file.nul.lines, file.undecodable.lines) == ([2], [5])
