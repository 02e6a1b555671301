"""Sequences of symbols: each drawn once, lengths as even as there are enough of them; or lengths evenly, the short ones
again and again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from rnncore.errors import RequestError


def sequences(
    symbols: Sequence[str], count: int, length: tuple[int, int], draw: random.Random
) -> Iterator[tuple[str, ...]]:
    """``count`` different sequences of the lengths ``length`` (from, to) in an order of chance.

    Raises RequestError where there are not so many.
    """
    lengths = list(range(length[0], length[1] + 1))
    shares = dict(zip(lengths, _shares([len(symbols) ** size for size in lengths], count), strict=True))
    drawn = [(size, number) for size, share in shares.items() for number in _numbers(len(symbols) ** size, share, draw)]
    draw.shuffle(drawn)
    for size, number in drawn:
        yield _spelled(symbols, size, number)


def evenly(
    symbols: Sequence[str], count: int, length: tuple[int, int], draw: random.Random
) -> Iterator[tuple[tuple[str, ...], int]]:
    """``count`` sequences, as many of each length, in an order of chance, each with a number that its copies share.

    Of the short ones there are fewer than are wanted: all of them stand there, about equally often.
    """
    lengths = range(length[0], length[1] + 1)
    drawn: list[tuple[int, int]] = []
    for place, size in enumerate(lengths):
        share, there = (count - len(drawn)) // (len(lengths) - place), len(symbols) ** size
        numbers = list(range(there)) * (share // there) if share >= there else []
        drawn += [(size, number) for number in numbers + _numbers(there, share - len(numbers), draw)]
    draw.shuffle(drawn)
    known: dict[tuple[int, int], int] = {}
    for size, number in drawn:
        yield _spelled(symbols, size, number), known.setdefault((size, number), len(known) + 1)


def _spelled(symbols: Sequence[str], size: int, number: int) -> tuple[str, ...]:
    """The sequence of this length with this number."""
    digits = []
    for _ in range(size):
        number, digit = divmod(number, len(symbols))
        digits.append(symbols[digit])
    return tuple(digits)


def _shares(there: list[int], count: int) -> list[int]:
    """``count`` dealt out evenly, to none more than ``there`` are; ascending."""
    if count > sum(there):
        raise RequestError(f"count: there are {sum(there):,} different sequences of this length, not {count:,}")
    shares, left = [], count
    for index, most in enumerate(there):
        shares.append(min(most, -(-left // (len(there) - index))))
        left -= shares[-1]
    return shares


def _numbers(most: int, count: int, draw: random.Random) -> list[int]:
    """Different numbers below ``most``, which may be larger than any range."""
    if most <= 2**40:
        return draw.sample(range(most), count)
    found: dict[int, None] = {}
    while len(found) < count:
        found[draw.randrange(most)] = None
    return list(found)
