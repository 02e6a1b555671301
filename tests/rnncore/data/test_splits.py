"""Which records are trained on, and which are measured on."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data import splits
from rnncore.errors import DataError

LABELS = ["a"] * 700 + ["b"] * 250 + ["c"] * 40 + ["d"] * 9 + ["e"]


@pytest.mark.parametrize("by", [{}, {"labels": LABELS}, {"groups": [str(row // 10) for row in range(1000)]}], ids=str)
def test_every_record_is_in_one_part(by):
    found = splits.records(1000, valid=0.2, test=0.1, seed=1, **by)
    assert sorted(np.concatenate(list(found.values()))) == list(range(1000))
    assert abs(len(found["valid"]) - 200) <= 10 and abs(len(found["test"]) - 100) <= 10
    assert all((np.diff(part) > 0).all() for part in found.values())


def test_the_seed_decides():
    one, same, other = (splits.records(100, valid=0.2, test=0, seed=seed)["valid"] for seed in (1, 1, 2))
    assert (one == same).all() and not np.array_equal(one, other)


def test_labels_have_their_share_in_every_part_and_one_record_to_learn_from():
    for seed in range(5):
        found = splits.records(1000, valid=0.2, test=0.2, seed=seed, labels=LABELS)
        for name, share in (("train", 0.6), ("valid", 0.2), ("test", 0.2)):
            part = [LABELS[row] for row in found[name]]
            assert part.count("a") == pytest.approx(700 * share, abs=2)
            assert part.count("b") == pytest.approx(250 * share, abs=2)
        assert {LABELS[row] for row in found["train"]} == set("abcde")


def test_a_group_is_never_divided():
    groups = [f"g{number}" for number in np.random.default_rng(1).integers(0, 40, 500)]
    found = splits.records(500, valid=0.3, test=0.2, seed=3, groups=groups)
    parts = [{groups[row] for row in rows} for rows in found.values()]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert len(found["valid"]) == pytest.approx(150, abs=25)


def test_a_small_share_of_few_records_is_one_record():
    assert len(splits.records(6, valid=0.05, test=0, seed=1)["valid"]) == 1
    assert len(splits.records(6, valid=0.0, test=0, seed=1)["valid"]) == 0


def test_a_series_is_cut_along_time():
    assert splits.series(100, valid=0.2, test=0.1) == {
        "train": range(70),
        "valid": range(70, 90),
        "test": range(90, 100),
    }
    found = splits.series(100, valid=0, test=0, split_rows=[50, 20, 10])
    assert found == {"train": range(50), "valid": range(50, 70), "test": range(70, 80)}
    with pytest.raises(DataError, match=r"split_rows asks for 90 \+ 10 \+ 5 = 105 rows; the series has 100"):
        splits.series(100, valid=0, test=0, split_rows=[90, 10, 5])
