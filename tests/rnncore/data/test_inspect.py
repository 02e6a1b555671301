"""What a text is said to hold, against what it holds."""

import gzip
import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore.data import sources
from rnncore.data.inspect import PREVIEW, inspect
from rnncore.errors import DataError

TEXT = "The first line\nthe second, longer line\n\nünïcödé 東京 😀\nThe first line\nno end"


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "text.txt"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def found(result, part):
    return next((problem for problem in result["problems"] if part in problem["message"]), None)


def test_statistics(file):
    result = inspect(file(TEXT))
    lengths = sorted(map(len, TEXT.split("\n")))
    bars = dict(result["statistics"].pop("line_lengths"))
    assert sum(bars.values()) == 6 and max(bars) == 23
    assert bars[23] == lengths.count(23) and sum(bars[upto] for upto in bars if upto <= 14) == 5
    assert result["statistics"] == {
        "characters": len(TEXT),
        "lines": 6,
        "vocabulary_size": len(set(TEXT)),
        "vocabulary": [[c, n] for c, n in sorted(Counter(TEXT).items(), key=lambda item: (-item[1], item[0]))],
        "longest_line": 23,
        "longest_line_number": 2,
        "non_ascii_share": 7 / len(TEXT),
        "duplicate_lines": 1,
        "duplicate_lines_estimated": False,
        "nul_bytes": 0,
        "undecodable_bytes": 0,
    }
    assert (result["format"], result["encoding"], result["compression"]) == ("text", "utf-8", None)
    assert (result["line_endings"], result["bytes"]) == ("lf", len(TEXT.encode()))
    assert not result["encoding_guessed"]
    json.dumps(result)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("ab€\n"), min_size=2, max_size=60), block=st.integers(1, 9))
def test_statistics_however_the_text_is_cut(file, monkeypatch, text, block):
    path = file("ab" + text)
    monkeypatch.setattr(sources, "BLOCK", block)
    statistics = inspect(path)["statistics"]
    lines = ("ab" + text).split("\n")
    lines = lines if lines[-1] else lines[:-1]
    assert statistics["lines"] == len(lines)
    assert statistics["longest_line"] == max(map(len, lines))
    assert statistics["longest_line_number"] == 1 + max(range(len(lines)), key=lambda index: len(lines[index]))
    assert statistics["vocabulary_size"] == len(set("ab" + text))
    full = [line for line in lines if line]
    assert statistics["duplicate_lines"] == len(full) - len(set(full))


@pytest.mark.parametrize(
    ("data", "endings"),
    [(b"a\nb\n", "lf"), (b"a\r\nb\r\n", "crlf"), (b"a\rb\r", "cr"), (b"a\r\nb\nc", "mixed"), (b"ab", "none")],
)
def test_line_endings(file, data, endings):
    result = inspect(file(data))
    assert result["line_endings"] == endings
    assert bool(found(result, "Line ends of several kinds")) == (endings == "mixed")


def test_gzip_and_a_guessed_encoding(file):
    packed = gzip.compress("Käse über Öl – für größere Höhen\n".encode("cp1252") * 50)
    result = inspect(file(packed))
    assert (result["compression"], result["encoding"], result["encoding_guessed"]) == ("gzip", "cp1252", True)
    assert result["bytes"] == len(packed)
    assert found(result, "read as cp1252")["severity"] == "info"


def test_the_vocabulary_lists_the_most_frequent(file):
    rare = "".join(chr(0x4E00 + i) for i in range(1000))
    vocabulary = inspect(file("ab" * 10 + "a" + rare))["statistics"]["vocabulary"]
    assert vocabulary[:2] == [["a", 11], ["b", 10]]
    assert len(vocabulary) == 500


def test_previews_show_start_middle_and_end_in_whole_lines(file, monkeypatch):
    lines = [f"line {number:06d}\n" for number in range(30_000)]
    for block in (1 << 20, 1 << 14):
        monkeypatch.setattr(sources, "BLOCK", block)
        preview = inspect(file("".join(lines)))["preview"]
        assert preview["start"] == "".join(lines[: PREVIEW // 12])
        assert preview["end"] == "".join(lines[-(PREVIEW // 12) :])
        assert preview["middle"].startswith("line 01")
        assert all(len(text) <= PREVIEW for text in preview.values())
        assert abs(int(preview["middle"][5:11]) - 15_000) < 1500


def test_a_short_text_is_shown_once(file):
    assert inspect(file(TEXT))["preview"] == {"start": TEXT, "middle": "", "end": ""}


def test_a_long_line_is_previewed_in_bounds(file):
    preview = inspect(file("ab" * 100_000))["preview"]
    assert [len(preview[name]) for name in ("start", "middle", "end")] == [PREVIEW] * 3


def test_problems_say_where(file):
    ok = "A line of ordinary text, such as there are many.\n"
    many = [f"{ok[:-1]} Number {number}.\n" for number in range(100)]
    assert inspect(file("".join(many)))["problems"] == []

    data = "".join(many).encode() + b"\xe2\x82 stray \xff\xff\n"
    problem = found(inspect(file(data)), "not utf-8")
    assert (problem["severity"], problem["offset"], problem["count"]) == ("warning", len(data) - 12, 4)

    data = "".join(many).encode() + b"one\0two\0\n"
    problem = found(inspect(file(data)), "NUL")
    assert (problem["offset"], problem["count"]) == (len(data) - 6, 2)

    problem = found(inspect(file("".join(many) + "bell\x07 and\x1b[0m\n")), "Control characters")
    assert (problem["line"], problem["count"]) == (101, 2)
    assert "U+0007" in problem["message"]

    problem = found(inspect(file("".join(many) + "ab" * 60_000)), "A line of 120,000 characters")
    assert problem["line"] == 101

    problem = found(inspect(file(ok * 100)), "more than once")
    assert problem["count"] == 99

    assert found(inspect(file(ok)), "Only 49 characters")["severity"] == "warning"


@pytest.mark.parametrize("data", [b"a", b"aaaa" * 1000, b"\n\n\n", "€".encode("utf-16")])
def test_one_character_again_and_again_is_refused(file, data):
    with pytest.raises(DataError, match="again and again"):
        inspect(file(data))


def test_progress(file, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 10)
    calls = []
    inspect(file(TEXT), progress=lambda *call: calls.append(call))
    assert calls[-1] == (len(TEXT.encode()), len(TEXT.encode()))
    assert calls == sorted(calls)

    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    with pytest.raises(Stop):
        inspect(file(TEXT), progress=stop)


def test_real_texts(real_data):
    statistics = inspect(real_data / "tinyshakespeare.txt")["statistics"]
    assert (statistics["characters"], statistics["lines"], statistics["vocabulary_size"]) == (1_115_394, 40_000, 65)
    assert statistics["vocabulary"][0] == [" ", 169_892]


@pytest.mark.parametrize(
    ("odd", "words"),
    [("\x1b", "Control characters"), ("\u202e", "turn the direction"), ("\u200b", "without a width"),
     ("\ufeff", "without a width"), ("\u00a0", "do not break"), ("\u2028", "Line ends of Unicode")],
)  # fmt: skip
def test_what_cannot_be_seen_is_told_with_its_line(file, odd, words):
    result = inspect(file(f"one\ntwo\nthr{odd}ee\nfo{odd}ur\n" * 9))
    problem = found(result, words)
    assert (problem["line"], problem["count"]) == (3, 18)
    assert found(inspect(file("one\ntwo\n" * 9)), words) is None


def test_a_byte_order_mark_is_told(file):
    assert inspect(file("\ufeffone two".encode()))["byte_order_mark"]
    assert not inspect(file(b"one two"))["byte_order_mark"]
