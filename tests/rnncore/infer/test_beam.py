"""Beam search against a look at every sequence there is."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rnncore.data.vocabulary import END, START
from rnncore.infer import beam

VOCABULARY, SOURCES, LIMIT = 7, 3, 3
CPU = torch.device("cpu")


class Decoder:
    """Scores that depend on the source and on all tokens before: the carry is a number made from them."""

    def __init__(self, seed: int = 0) -> None:
        self.scores = np.random.default_rng(seed).normal(0, 2, (10_007, VOCABULARY))

    def step(self, tokens: Tensor, carry: Any, rows: Tensor) -> tuple[Tensor, Any]:
        ((code,),) = carry
        assert (code // 5_000 == rows).all(), "a carry went to another source"
        code = 5_000 * rows + (code % 5_000 * 8 + tokens + 1) % 5_000
        return torch.from_numpy(self.scores[(code % 10_007).numpy()]), ((code,),)

    def carry(self) -> Any:
        return ((5_000 * torch.arange(SOURCES),),)

    def log_probabilities(self, source: int, tokens: tuple[int, ...]) -> np.ndarray:
        """Of the token after the start and ``tokens``."""
        carry: Any = ((torch.tensor([5_000 * source]),),)
        for token in (START, *tokens):
            scores, carry = self.step(torch.tensor([token]), carry, torch.tensor([source]))
        scores = scores[0].clone()
        scores[[0, 1, 2]] = float("-inf")
        return scores.log_softmax(0).numpy()

    def total(self, source: int, tokens: tuple[int, ...], ended: bool) -> float:
        whole = (*tokens, END) if ended else tokens
        return sum(self.log_probabilities(source, whole[:at])[token] for at, token in enumerate(whole))


def searched(decoder: Decoder, size: int, limits: tuple[int, ...] = (LIMIT,) * SOURCES) -> list[list[beam.Found]]:
    return beam.search(decoder.step, decoder.carry(), limits, size, CPU)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_is_best_of_all(seed):
    decoder = Decoder(seed)
    for source, found in enumerate(searched(decoder, 64)):
        everything = [
            (tokens, decoder.total(source, tokens, True))
            for length in range(LIMIT)
            for tokens in product(range(4, VOCABULARY), repeat=length)
        ]
        everything.sort(key=lambda item: -item[1] / (len(item[0]) + 1))
        ended = [one for one in found if one.ended]
        assert [tuple(one.tokens) for one in ended] == [tokens for tokens, _ in everything]
        assert [one.log_probability for one in ended] == pytest.approx([total for _, total in everything])


@pytest.mark.parametrize("seed", range(6))
def test_a_beam_of_one_is_greedy(seed):
    decoder, limits = Decoder(seed), (6, 1, 4)
    for source, (found,) in enumerate(searched(decoder, 1, limits)):
        tokens: tuple[int, ...] = ()
        while len(tokens) < limits[source]:
            best = int(decoder.log_probabilities(source, tokens).argmax())
            if best == END:
                break
            tokens = (*tokens, best)
        ended = len(tokens) < limits[source]
        assert (tuple(found.tokens), found.ended) == (tokens, ended)
        assert found.log_probability == pytest.approx(decoder.total(source, tokens, ended))


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_is_what_a_plain_search_with_lists_finds(seed):
    """The definition, one source at a time: the best beginnings go on, one that ends takes its place with it."""
    size, limit, decoder = 3, 5, Decoder(seed)
    for source, found in enumerate(searched(decoder, size, (limit,) * SOURCES)):
        live, over = [((), 0.0)], []
        while live:
            grown = [
                ((*tokens, token), total + gain)
                for tokens, total in live
                for token, gain in enumerate(decoder.log_probabilities(source, tokens))
                if np.isfinite(gain)
            ]
            grown = sorted(grown, key=lambda item: -item[1])[: size - len(over)]
            over += [item for item in grown if item[0][-1] == END or len(item[0]) == limit]
            live = [item for item in grown if item not in over]
        over.sort(key=lambda item: (item[0][-1] != END, -item[1] / len(item[0])))
        whole = [(*one.tokens, END) if one.ended else tuple(one.tokens) for one in found]
        assert whole == [tokens for tokens, _ in over]


def test_what_did_not_end_comes_last_and_the_limit_holds():
    decoder = Decoder()
    decoder.scores[:, END] -= 6
    found = searched(decoder, 4, (2, 3, 5))
    for limit, some in zip((2, 3, 5), found, strict=True):
        assert [one.ended for one in some] == sorted((one.ended for one in some), reverse=True)
        assert all(len(one.tokens) + one.ended <= limit for one in some)
        assert not some[-1].ended


def test_padding_unknown_and_start_are_never_written():
    decoder = Decoder()
    decoder.scores[:, :3] += 100
    assert all(min(one.tokens, default=4) > END for some in searched(decoder, 3) for one in some)


def test_it_can_be_ended_from_outside():
    class Enough(Exception):
        pass

    def tick() -> None:
        raise Enough

    decoder = Decoder()
    with pytest.raises(Enough):
        beam.search(decoder.step, decoder.carry(), (3,) * SOURCES, 2, CPU, tick)
