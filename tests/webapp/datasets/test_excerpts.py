import gzip

import pytest

from rnncore.data.inspect import inspect
from webapp.datasets import blobs
from webapp.datasets.excerpts import Excerpts

TEXT = "".join(f"line {number:04d} of the text\n" for number in range(400))


@pytest.fixture
def version(make, alice):
    def of(raw: bytes):
        dataset = make.dataset(alice.personal_team)
        version = dataset.version
        path = blobs.path_of(version.sha256)
        path.write_bytes(raw)
        version.bytes, version.inspection = len(raw), inspect(path)
        return version

    return of


def test_plain_text_is_read_where_it_is_asked_for(version):
    with Excerpts(version(TEXT.encode())) as text:
        for position in (0, 1, 3333, len(TEXT) - 5):
            assert text.at(position, len(TEXT), 20) == TEXT[position : position + 20]


def test_half_a_character_is_left_out(version):
    raw = ("äöüß€ " * 500).encode()
    with Excerpts(version(raw)) as text:
        for position in range(40):
            assert set(text.at(position, len(raw), 9)) <= set("äöüß€ ")


def test_utf_16_is_read_in_step(version):
    with Excerpts(version(TEXT.encode("utf-16"))) as text:
        found = text.at(2001, len(TEXT), 12)
        assert found in TEXT
        assert text.at(0, len(TEXT), 8) == TEXT[:8]


def test_line_ends_are_those_that_are_trained_on(version):
    with Excerpts(version(TEXT.replace("\n", "\r\n").encode())) as text:
        assert text.at(0, len(TEXT), 60) == TEXT[:60]


def test_of_a_compressed_file_the_preview_is_shown(version):
    with Excerpts(version(gzip.compress(TEXT.encode()))) as text:
        assert text.at(0, len(TEXT), 9) == TEXT[:9]
        assert text.at(len(TEXT) // 2, len(TEXT), 12) in TEXT
