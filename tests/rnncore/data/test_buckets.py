"""Batches of records of different lengths."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data.buckets import Buckets, in_order, pad

LENGTHS = np.random.default_rng(3).lognormal(3, 1, 1003).astype(int) + 1


@pytest.mark.parametrize("batch_size", [1, 7, 64, 2000])
def test_every_record_is_read_once_an_epoch_and_each_epoch_in_another_order(batch_size):
    found = Buckets(LENGTHS, batch_size, seed=1)
    orders = [np.concatenate([next(found) for _ in range(found.per_epoch)]) for _ in range(2)]
    for order in orders:
        assert sorted(order) == list(range(len(LENGTHS)))
    assert (orders[0] != orders[1]).any()


def test_like_is_with_like():
    def padding(batches):
        return sum(len(batch) * LENGTHS[batch].max() for batch in batches) / LENGTHS.sum()

    found = Buckets(LENGTHS, 16, seed=1)
    chance = np.array_split(np.random.default_rng(0).permutation(len(LENGTHS)), found.per_epoch)
    assert padding([next(found) for _ in range(found.per_epoch)]) < 1.3 < 2 < padding(chance)


def test_it_goes_on_where_it_stood():
    one, other = Buckets(LENGTHS, 16, seed=5), Buckets(LENGTHS, 16, seed=5)
    for _ in range(one.per_epoch + 7):
        next(one)
    other.load_state_dict(one.state_dict())
    for _ in range(2 * one.per_epoch):
        assert (next(one) == next(other)).all()


def test_another_seed_is_another_order():
    assert any(next(Buckets(LENGTHS, 16, seed=1)) != next(Buckets(LENGTHS, 16, seed=2)))


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_for_measuring_each_record_comes_once_and_no_batch_is_too_large(batch_size):
    batches = list(in_order(LENGTHS, batch_size, steps=1000))
    assert sorted(np.concatenate(batches)) == list(range(len(LENGTHS)))
    for batch in batches:
        assert len(batch) <= batch_size
        assert len(batch) == 1 or len(batch) * LENGTHS[batch].max() <= 1000


def test_padding_is_on_the_right():
    array, lengths = pad([np.array([1, 2, 3]), np.array([4])])
    assert array.T.tolist() == [[1, 2, 3], [4, 0, 0]]
    assert lengths.tolist() == [3, 1]
    array, _ = pad([np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)])
    assert array.shape == (2, 2, 3) and array.dtype == np.float32 and array[1, 1].sum() == 0
