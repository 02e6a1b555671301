"""Reading an upload: ready with its hash, refused with the place, given back, never read in vain."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from jobs import ingest, memory
from jobs.ports import Check, Ingest, Source, Unavailable
from tests.jobs.desks import MemoryDesk
from tests.jobs.recipes import TEXT


@pytest.fixture
def desk(tmp_path, monkeypatch) -> MemoryDesk:
    desk = MemoryDesk(tmp_path)
    monkeypatch.setattr(ingest, "SAY_EVERY", 0.0)
    monkeypatch.setattr(ingest, "dataset_store", lambda: desk.datasets)
    monkeypatch.setattr(ingest, "wake", lambda task: None)
    return desk


@pytest.fixture(autouse=True)
def _not_stopping():
    yield
    ingest.stopping.clear()


def test_all_that_wait_are_read(desk):
    for name in ("one", "two"):
        desk.upload(name, TEXT.encode())
    ingest.work()
    for name in ("one", "two"):
        version = desk.datasets.versions[name]
        assert version.status == "ready"
        assert version.inspection["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
        assert version.inspection["statistics"]["lines"] == 400
        assert version.inspection["bytes"] == len(TEXT)


def test_progress_grows_to_the_whole_file(desk):
    said = []
    content = TEXT.encode() * 400  # several blocks
    desk.upload("one", content)
    claimed = desk.datasets.claim("w")
    tell = desk.datasets.progress
    desk.datasets.progress = lambda ingest, done, total: (said.append((done, total)), tell(ingest, done, total))
    ingest.read(desk.datasets, claimed)
    shares = [done / total for done, total in said]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] == pytest.approx(1.0)
    assert {total for _, total in said} == {len(content)}


TABLES = {
    ".csv": b"word,kind\n" + b"aei,soft\nbcd,hard\n" * 20, ".tsv": b"word\tkind\n" + b"aei\tsoft\nbcd\thard\n" * 20,
    ".jsonl": b'{"word": "aei", "kind": "soft"}\n{"word": "bcd", "kind": "hard"}\n' * 20,
}  # fmt: skip


@pytest.mark.parametrize("ending", [*TABLES, ".csv.gz"])
def test_the_name_that_a_person_gave_says_whether_it_is_a_table(desk, ending):
    content = TABLES.get(ending) or gzip.compress(TABLES[".csv"])
    desk.upload("one", content, ending)
    desk.upload("two", content)
    ingest.work()
    table, text = desk.datasets.versions["one"], desk.datasets.versions["two"]
    assert [column["name"] for column in table.inspection["columns"]] == ["word", "kind"]
    assert table.inspection["statistics"]["records"] == 40
    assert text.inspection["format"] == "text"
    assert json.loads(json.dumps(table.inspection)) == table.inspection, "it is kept as JSON"


def test_numbers_that_are_none_are_kept_as_none(desk):
    desk.upload("one", b'{"a": 1e999, "b": "x"}\n{"a": 2, "b": "y"}\n' * 20, ".jsonl")
    ingest.work()
    version = desk.datasets.versions["one"]
    assert version.status == "ready", version.error
    json.dumps(version.inspection, allow_nan=False)


def test_a_table_that_cannot_be_read_says_where(desk):
    desk.upload("one", TABLES[".csv"] + b"one,too,many\n", ".csv")
    ingest.work()
    error = desk.version("one")["error"]
    assert error["line"] == 42
    assert "one.csv" in error["message"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40])
def test_what_cannot_be_trained_on_is_refused_with_a_reason(desk, content):
    desk.upload("one", content)
    ingest.work()
    version = desk.version("one")
    assert version["status"] == "failed"
    assert version["error"]["message"].startswith("one.txt ")  # as the person knows it, not as it lies here
    assert version["error"]["hint"]


def test_an_error_of_ours_fails_the_version_and_not_the_worker(desk, monkeypatch):
    monkeypatch.setattr(ingest, "inspect", lambda *_, **given: 1 / 0)
    for name in ("one", "two"):
        desk.upload(name, b"text")
    ingest.work()
    assert [desk.version(name)["status"] for name in ("one", "two")] == ["failed", "failed"]
    assert "ZeroDivisionError" in desk.version("one")["error"]["message"]
    assert "of the studio" in desk.version("one")["error"]["hint"]


def test_when_the_studio_ends_the_file_is_given_back(desk, monkeypatch):
    desk.upload("one", TEXT.encode())
    monkeypatch.setattr(ingest, "inspect", lambda path, progress, **given: (ingest.stopping.set(), progress(1, 2)))
    ingest.work()
    assert desk.version("one")["status"] == "processing"
    assert desk.datasets.claim("next") is not None
    ingest.work()
    assert desk.version("one")["status"] == "processing"  # nothing more is begun


def test_a_deleted_version_is_read_no_further(desk, monkeypatch):
    desk.upload("one", TEXT.encode())
    told = []
    monkeypatch.setattr(
        ingest,
        "inspect",
        lambda path, progress, **given: (desk.delete_version("one"), progress(1, 2), told.append("read on")),
    )
    ingest.work()
    assert told == []


def test_a_database_that_is_away_for_a_while_costs_no_second_reading(desk, monkeypatch):
    desk.upload("one", TEXT.encode())
    ready, progress, refused = desk.datasets.ready, desk.datasets.progress, []

    def away(method):
        def call(*args):
            if len(refused) < 4:
                refused.append(method.__name__)
                raise Unavailable("away")
            return method(*args)

        return call

    monkeypatch.setattr(ingest.stopping, "wait", lambda seconds: False)
    desk.datasets.ready, desk.datasets.progress = away(ready), away(progress)
    ingest.work()
    assert {"ready", "progress"} == set(refused)
    assert desk.version("one")["status"] == "ready"


def test_no_more_than_two_are_read_at_a_time(desk):
    desk.upload("one", b"to be or not to be")
    for _ in range(ingest.READERS):
        assert ingest._free.acquire(blocking=False)
    try:
        ingest.work()
        assert desk.version("one")["status"] == "processing"
    finally:
        for _ in range(ingest.READERS):
            ingest._free.release()
    ingest.work()
    assert desk.version("one")["status"] == "ready"


def ask(desk, name: str, content: bytes, other: bytes | None = None, **question) -> Check:
    sources = []
    for place, body in enumerate([content] if other is None else [content, other]):
        path = desk.folder / f"{name}{place}"
        path.write_bytes(body)
        sources.append(Source(path, f"{name}{place}.csv"))
    desk.datasets.checks[name] = Check(name, *sources, **question)
    return desk.datasets.checks[name]


COLOURS = (
    b"word,kind\n" + b"".join(b"w%d,%s\n" % (n, b"red" if n % 2 else b"blue") for n in range(20)) + b"w3,red\nw4,red\n"
)


def test_problems_follow_what_columns_are_for(desk):
    ask(desk, "labels", COLOURS, task="classification", roles={"kind": "label"})
    ask(desk, "tune", COLOURS, task="conditional_generation", roles={"word": "text", "kind": "label"})
    ingest.work()
    (problems, error), (others, _) = desk.datasets.answers["labels"], desk.datasets.answers["tune"]
    assert error == "" and any("different labels" in problem["message"] for problem in problems)
    assert not any("different labels" in problem["message"] for problem in others)


def test_records_that_stand_in_two_files(desk):
    ask(desk, "both", COLOURS, b"word,kind\nnew,red\nw1,red\nw2,red\n", columns=["word", "kind"])
    ingest.work()
    ((problem,), _) = desk.datasets.answers["both"]
    assert (problem["count"], problem["lines"]) == (1, [3])
    assert "both1.csv that stand in both0.csv" in problem["message"]


def test_a_question_that_cannot_be_answered_says_why(desk, monkeypatch):
    ask(desk, "bad", b"a,b\n1,2,3\n")
    ask(desk, "ours", COLOURS)
    inspect = ingest.inspect
    broken = lambda path, *_, name, **given: 1 / 0 if name == "ours0.csv" else inspect(path, name=name)  # noqa: E731
    monkeypatch.setattr(ingest, "inspect", broken)
    ingest.work()
    assert "3 cells" in desk.datasets.answers["bad"][1]
    assert "ZeroDivisionError" in desk.datasets.answers["ours"][1]


def test_a_worker_that_ends_gives_a_question_back(desk):
    check = ask(desk, "one", COLOURS)
    assert desk.datasets.claim_check() == check
    ingest.stopping.set()
    ingest.answer(desk.datasets, check)
    assert desk.datasets.claim_check() == check and not desk.datasets.answers


def test_an_example_is_written_and_read(desk, tmp_path):
    path = tmp_path / "example.part"
    desk.datasets.versions["one"] = memory.Version("one", path, "python.py.txt")
    ingest.read(desk.datasets, Ingest("one", path, "python.py.txt", make="python"))
    version = desk.datasets.versions["one"]
    assert version.status == "ready", version.error
    assert "argparse.py" in path.read_text() and version.inspection["bytes"] <= 4 << 20
