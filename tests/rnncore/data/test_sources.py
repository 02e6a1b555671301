"""Reading a text: the same characters whatever the encoding, the line ends, the compression and the block size."""

import gzip
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore.data import sources
from rnncore.data.sources import open_text
from rnncore.errors import DataError

SENTENCE = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich – für 5 €.\n"


@pytest.fixture
def file(tmp_path):
    def write(data: bytes):
        path = tmp_path / "text.txt"
        path.write_bytes(data)
        return path

    return write


def read(path):
    with open_text(path) as text:
        blocks = list(text)
    assert all(blocks)
    return "".join(blocks), text


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("lines", [1, 400])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_same_text_from_every_encoding(file, codec, lines, pack):
    found, text = read(file(pack((SENTENCE * lines).encode(codec))))
    assert found == SENTENCE * lines
    assert text.compression == ("gzip" if pack is gzip.compress else None)
    assert text.undecodable.count == 0
    assert text.encoding_guessed == (codec in ("utf-16-le", "utf-16-be", "cp1252"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.text(st.sampled_from("aé€😀\r\n \0"), min_size=1, max_size=60),
    codec=st.sampled_from(["utf-8-sig", "utf-16"]),
    block=st.integers(1, 7),
)
def test_blocks_of_any_size_give_the_same_text(file, monkeypatch, content, codec, block):
    content = "x" + content  # a NUL behind the mark of UTF-16 would be UTF-32
    path = file(content.encode(codec))
    monkeypatch.setattr(sources, "BLOCK", block)
    found, text = read(path)
    assert found == content.replace("\r\n", "\n").replace("\r", "\n")
    assert text.nul.count == content.count("\0")
    assert text.line_endings["\r\n"] == content.count("\r\n")
    assert text.line_endings["\r"] == content.count("\r") - content.count("\r\n")
    assert text.line_endings["\n"] == content.count("\n") - content.count("\r\n")


@pytest.mark.parametrize("block", [3, 1 << 20])
def test_undecodable_bytes_are_replaced_one_by_one_and_located(file, monkeypatch, block):
    data = "Grüße\n".encode() * 10 + b"\xff\xfe ok \xe2\x82 " + b"\xc3"
    monkeypatch.setattr(sources, "BLOCK", block)
    found, text = read(file(data))
    assert found == "Grüße\n" * 10 + "\ufffd\ufffd ok \ufffd\ufffd \ufffd"
    assert text.undecodable.count == 5
    assert text.undecodable.offsets == [80, 81, 86, 87, 89]


def test_only_the_first_offsets_are_kept(file):
    _, text = read(file("ä".encode() * 900 + b"\xff" * 300))
    assert text.undecodable.count == 300
    assert text.undecodable.offsets == list(range(1800, 1810))


@pytest.mark.parametrize("block", [3, 1 << 20])
def test_utf16_lone_surrogates_and_half_a_unit(file, monkeypatch, block):
    monkeypatch.setattr(sources, "BLOCK", block)
    found, text = read(file("\ufeffa\ud83d b\ude00".encode("utf-16-le", "surrogatepass") + b"\0"))
    assert found == "a\ufffd b\ufffd\ufffd"
    assert text.undecodable.offsets == [4, 10, 12]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_nul_bytes_are_kept_and_located(file, codec):
    found, text = read(file("é\0ab\0".encode(codec) + ("über Öl " * 50).encode(codec.replace("16", "16-le"))))
    assert found.startswith("é\0ab\0")
    assert text.nul.count == 2
    assert text.nul.offsets == {"utf-8": [2, 5], "utf-16": [4, 10], "cp1252": [1, 4]}[codec]


def test_reading_twice_counts_once(file):
    with open_text(file(b"a\r\nb\0")) as text:
        assert "".join(text) == "".join(text) == "a\nb\0"
    assert text.nul.count == text.line_endings["\r\n"] == 1


def test_gzip_of_several_members_with_padding(file):
    tiny = b"".join(gzip.compress(bytes([byte])) for byte in SENTENCE.encode("utf-16"))
    assert read(file(tiny + b"\0" * 512))[0] == SENTENCE


@pytest.mark.parametrize("cut", [1, 8, 9, 5000])
def test_a_cut_gzip_says_how_far_it_went(file, cut):
    packed = gzip.compress(os.urandom(30_000).hex().encode())
    with pytest.raises(DataError, match=r"ends too early, after [0-9,]+ unpacked bytes") as caught:
        read(file(packed[:-cut]))
    assert 40_000 < caught.value.offset <= 60_000


def test_a_damaged_gzip(file):
    packed = bytearray(gzip.compress(SENTENCE.encode() * 100))
    packed[-6] ^= 1  # in the checksum
    with pytest.raises(DataError, match="damaged after"):
        read(file(bytes(packed)))
    with pytest.raises(DataError, match="damaged after"):
        read(file(gzip.compress(b"text\n") + b"not gzip"))


def test_a_gzip_bomb_is_refused_early(file):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"a" * (1 << 20)) for _ in range(200)) + packer.flush()
    with pytest.raises(DataError, match="bomb") as caught:
        read(file(bomb))
    assert caught.value.offset <= sources.BOMB_FREE + 2 * sources.BLOCK


def test_a_monotonous_text_is_no_bomb(file):
    log = b"".join(b"%06d GET /index.html 200\n" % line for line in range(200_000))
    assert len(log) > 4 * len(gzip.compress(log))
    assert read(file(gzip.compress(log)))[0] == log.decode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"\xef\xbb\xbf", "byte order mark and nothing else"),
        (b"\xff\xfe", "byte order mark and nothing else"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG image"),
        (b"PK\x03\x04\x14\0\0\0", "zip archive"),
        (b"\x7fELF\x02\x01\x01\0", "ELF"),
        ("text".encode("utf-32"), "UTF-32"),
        (gzip.compress(gzip.compress(b"text")), "gzip within gzip"),
        (b"\0" * 100, "binary file"),
        (bytes(range(256)) * 8, "binary file"),
        (gzip.compress(bytes(range(256)) * 8), "binary file"),
    ],
)
def test_what_is_no_text_is_refused(file, data, message):
    with pytest.raises(DataError, match=message) as caught:
        open_text(file(data))
    assert "text.txt" in str(caught.value)
    assert caught.value.hint


@given(seed=st.randoms(use_true_random=False))
def test_random_bytes_are_refused(tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "noise"
    path.write_bytes(seed.randbytes(2000))
    with pytest.raises(DataError):
        open_text(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        open_text(tmp_path / "missing.txt")
    with pytest.raises(DataError, match="is not a file"):
        open_text(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        open_text("a\0b")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from Linux")
def test_a_long_text_needs_little_memory(tmp_path):
    """100 MB in a single line, in a process of its own."""
    path = tmp_path / "line.txt"
    with path.open("wb") as out:
        for _ in range(100):
            out.write(b"abcdefghij" * 100_000)
    # Not getrusage: what it calls the peak may be that of the process that forked this one.
    program = (
        "import sys\n"
        "from rnncore.data.inspect import inspect\n"
        "inspect(sys.argv[1])\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
    )
    run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 250_000  # kB


def test_the_torch_free_part_stays_light():
    program = (
        "import sys\n"
        "from rnncore.data import sources, inspect, tokens, store, streams, ngram, synthetic\n"
        "print([name for name in ('torch', 'tokenizers', 'charset_normalizer', 'polars') if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
