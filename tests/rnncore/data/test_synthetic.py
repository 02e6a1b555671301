"""Made data: reproducible, no record twice, and its optimum is what it says."""

from __future__ import annotations

import csv
import math
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import date

import numpy as np
import pytest

from rnncore.data import splits, synthetic
from rnncore.data.backtest import pinball
from rnncore.data.inspect import inspect
from rnncore.data.synthetic import dates, distinct, jingles, seasonal
from rnncore.data.table import open_table
from rnncore.errors import RequestError

TABLES = [name for name in synthetic.NAMES if name != "grammar"]
DISTINCT = ("sum", "reverse", "dates")


def rows(tmp_path, name, count=300, seed=1, **options):
    synthetic.write(name, tmp_path / "data.csv", count, seed, **options)
    with (tmp_path / "data.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", TABLES)
def test_same_seed_same_bytes(tmp_path, name):
    first, second, other = (rows(tmp_path, name, 50, seed) for seed in (1, 1, 2))
    assert len(first) == 50
    assert first == second != other


@pytest.mark.parametrize("name", synthetic.NAMES)
def test_every_optimum_has_its_figures(name):
    found = synthetic.optimum(name)
    assert found["words"].endswith(".") and math.isfinite(found["value"]) and found["loss"] >= 0
    assert synthetic.entropy(name) == found["loss"]


@pytest.mark.parametrize("name", DISTINCT)
def test_no_record_is_drawn_twice(tmp_path, name):
    found = rows(tmp_path, name, 5000)
    assert len({next(iter(row.values())) for row in found}) == 5000


def test_digits_are_summed(tmp_path):
    assert all(int(row["label"]) == sum(map(int, row["text"].split())) for row in rows(tmp_path, "sum"))
    found = rows(tmp_path, "sum_mod_10", 3000)
    assert all(int(row["label"]) == sum(map(int, row["text"].split())) % 10 for row in found)
    lengths = Counter(len(row["text"].split()) for row in rows(tmp_path, "sum", 3000))
    assert lengths == {2: 100, 3: 967, 4: 967, 5: 966}  # there are only a hundred of two digits


def test_short_sums_modulo_ten_come_as_often_as_long_ones(tmp_path):
    found = rows(tmp_path, "sum_mod_10", 3001)
    assert Counter(len(row["text"].split()) for row in found) == {2: 750, 3: 750, 4: 750, 5: 751}
    counts = Counter(row["text"] for row in found)
    assert {len(text.split()) for text, count in counts.items() if count > 1} == {2}
    assert {count for text, count in counts.items() if len(text) == 3} == {7, 8}
    groups = {(row["text"], row["group"]) for row in found}
    assert len(groups) == len({text for text, _ in groups}) == len({group for _, group in groups})


def test_no_split_has_a_copy_on_both_sides(tmp_path):
    rows(tmp_path, "sum_mod_10", 2000)
    found = inspect(tmp_path / "data.csv")
    assert (found["task"], found["roles"]) == (
        "classification",
        {"text": ["text"], "label": ["label"], "group": ["group"]},
    )
    table = open_table(tmp_path / "data.csv")
    parts = splits.records(2000, valid=0.2, test=0.1, seed=1, groups=table.columns["group"])
    texts = [{table.columns["text"][row] for row in part} for part in parts.values()]
    assert all(texts) and not texts[0] & texts[1] and not texts[0] & texts[2] and not texts[1] & texts[2]


def test_all_sequences_are_there_when_all_are_asked_for():
    found = list(distinct.sequences("ab", 6, (1, 2), random.Random(1)))
    assert sorted(found) == [("a",), ("a", "a"), ("a", "b"), ("b",), ("b", "a"), ("b", "b")]
    with pytest.raises(RequestError, match="there are 6 different sequences"):
        list(distinct.sequences("ab", 7, (1, 2), random.Random(1)))


def test_the_marked_numbers_are_added(tmp_path):
    for row in rows(tmp_path, "adding", 50, length="30"):
        values, markers = (np.array(row[name].split(), float) for name in ("values", "markers"))
        assert len(values) == len(markers) == 30
        assert markers[:15].sum() == markers[15:].sum() == 1
        assert values @ markers == pytest.approx(float(row["target"]))


def test_to_say_one_misses_the_sum_by_a_sixth(tmp_path):
    targets = np.array([float(row["target"]) for row in rows(tmp_path, "adding", 20_000, length="2")])
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.03)


def test_the_letters_come_again_after_the_silence(tmp_path):
    for row in rows(tmp_path, "copy", 20):
        text, tags = row["text"].split(), row["tags"].split()
        assert len(text) == len(tags) == 120
        assert tags[-10:] == text[:10] and set(text[:10]) <= set("abcdefgh")
        assert text.index(":") == 110 and set(tags[:110]) == {"_"} == set(text[111:] + text[10:110])


def test_letters_are_reversed(tmp_path):
    assert all(row["target"] == row["source"][::-1] for row in rows(tmp_path, "reverse"))
    assert {len(row["source"]) for row in rows(tmp_path, "reverse", length="6-20")} <= set(range(6, 21))


def test_dates_mean_what_they_say(tmp_path):
    months = [name.lower()[:3] for name in dates._MONTHS]
    for row in rows(tmp_path, "dates", 500):
        day = date.fromisoformat(row["target"])
        words = row["source"].lower()
        assert str(day.year) in words and months[day.month - 1] in words
        number = re.search(rf"(?<!\d){day.day}(?!\d)", words.replace(str(day.year), ""))
        assert number or dates._ORDINALS[day.day - 1] in words
        if "day" in words:
            assert dates._WEEKDAYS[day.weekday()].lower() in words


def test_no_two_dates_are_written_alike():
    everything = (row for row in dates.records(dates.MAX_COUNT // 50, random.Random(1)))
    sources = [source for source, _ in everything]
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize(("day", "written"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd")])
def test_endings_of_days(day, written):
    assert f"{day}{dates._ending(day)}" == written


def test_the_seasonal_optimum_is_that_of_its_noise(tmp_path):
    values = np.array([float(row["value"]) for row in rows(tmp_path, "seasonal", 168 * 120)])
    truth = np.array([seasonal.expected(hour) for hour in range(len(values))])
    optimum = synthetic.optimum("seasonal")
    assert np.abs(values - truth).mean() == pytest.approx(optimum["value"], rel=0.02)
    bands = truth[:, None] + np.array([-1.2816, 0, 1.2816])
    loss = pinball(values, bands, np.array(seasonal.QUANTILES)).mean() / values.std()
    assert loss == pytest.approx(optimum["loss"], rel=0.02)


def test_a_tune_has_its_head_its_bars_and_its_end(tmp_path):
    heads = {"waltz": 3 / 4, "march": 4 / 4, "jig": 6 / 8, "lullaby": 2 / 4}
    for row in rows(tmp_path, "jingles", 200):
        metre, unit, bars = re.fullmatch(r"\[M:(\d/\d)\]\[L:(\d/\d)\]\[K:\w\](.*)\|\]", row["tune"]).groups()
        numerator, denominator = map(int, metre.split("/"))
        assert numerator / denominator == heads[row["label"]]
        beats = numerator / denominator * int(unit[-1])
        assert len(bars.split("|")) in (4, 6, 8)
        for bar in bars.split("|"):
            notes = re.sub(r'"\w"', "", bar)
            assert sum(int(length or 1) for _, length in re.findall(r"([A-Ga-g])(\d?)", notes)) == beats


def test_the_jingles_optimum_is_the_mean_surprise_of_its_tunes():
    """Walked apart from the code under test; and no tune has two derivations, else its surprise would be less."""
    rng, total, tokens, seen = random.Random(3), 0.0, 0, {}
    for label in ("waltz", "march", "jig", "lullaby"):
        rules = jingles.grammar(label).rules
        for _ in range(3000):
            text, surprise, stack = "", 0.0, ["<tune>"]
            while stack:
                part = stack.pop()
                if part in rules:
                    (probability, parts), *_ = rng.choices(rules[part], [weight for weight, _ in rules[part]])
                    surprise -= math.log(probability)
                    stack += reversed(parts)
                else:
                    text += part
            assert seen.setdefault(text, surprise) == pytest.approx(surprise)
            total, tokens = total + surprise, tokens + len(text) + 1
    optimum = synthetic.optimum("jingles")
    assert optimum["loss"] == pytest.approx(total / tokens, rel=0.01)
    assert optimum["loss_without_label"] == pytest.approx((total + 12_000 * math.log(4)) / tokens, rel=0.01)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("poem", {}, "name: 'poem' is not one of grammar, sum_mod_10"),
        ("grammar", {"count": 0}, "count: must be between 1"),
        ("dates", {"count": 10**6}, "count: must be between 1 and 876,588"),
        ("sum", {"count": 200_000}, "count: there are 111,100 different sequences"),
        ("dates", {"length": "5"}, "length: dates has none"),
        ("copy", {"length": "ten"}, "length: must be a number or two"),
        ("copy", {"length": "9-3"}, "length: must rise"),
    ],
)
def test_bad_requests_say_which(tmp_path, name, options, message):
    with pytest.raises(RequestError, match=re.escape(message)):
        synthetic.write(name, tmp_path / "x", **options)


def test_the_command_line_writes_and_says_the_optimum(tmp_path):
    command = [
        sys.executable,
        "-m",
        "rnncore",
        "synthetic",
        "copy",
        "--out",
        str(tmp_path / "copy.csv"),
        "--count",
        "3",
    ]
    found = subprocess.run([*command, "--length", "5"], capture_output=True, text=True, timeout=60)
    assert found.returncode == 0 and "no loss is left" in found.stdout
    assert (tmp_path / "copy.csv").read_text().splitlines()[1].count("_") == 5 + 9 + 15
    refused = subprocess.run([*command, "--length", "0"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "length" in refused.stderr
