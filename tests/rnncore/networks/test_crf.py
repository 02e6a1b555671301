"""A chain over tags, beside every path written out."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch

from rnncore.networks.crf import Chain

TAGS, LENGTHS = 3, [4, 1, 3]


@pytest.fixture
def chain():
    torch.manual_seed(3)
    chain = Chain(TAGS).double()
    for weight in chain.parameters():
        torch.nn.init.normal_(weight)
    return chain


@pytest.fixture
def emissions():
    return torch.randn(
        max(LENGTHS), len(LENGTHS), TAGS, dtype=torch.float64, generator=torch.Generator().manual_seed(5)
    )


def paths(chain, emissions, place):
    """Every path of a sentence with its score, by the definition."""
    length = LENGTHS[place]
    found = {}
    for path in product(range(TAGS), repeat=length):
        score = chain.first[path[0]] + chain.last[path[-1]]
        score = score + sum(emissions[step, place, tag] for step, tag in enumerate(path))
        found[path] = (score + sum(chain.between[a, b] for a, b in pairwise(path))).item()
    return found


def test_partition_score_best_path_and_marginals_are_those_of_all_paths(chain, emissions):
    lengths = torch.tensor(LENGTHS)
    partition, best = chain.log_partition(emissions, lengths), chain.best(emissions, lengths)
    marginals = chain.marginals(emissions, lengths)
    for place, length in enumerate(LENGTHS):
        every = paths(chain, emissions, place)
        scores = torch.tensor(list(every.values()), dtype=torch.float64)
        assert partition[place].item() == pytest.approx(scores.logsumexp(0).item(), abs=1e-10)
        assert tuple(best[:length, place].tolist()) == max(every, key=every.get)
        for path, score in every.items():
            tags = torch.full((max(LENGTHS), len(LENGTHS)), 2)
            tags[:length, place] = torch.tensor(path)
            assert chain.score(emissions, tags, lengths)[place].item() == pytest.approx(score, abs=1e-10)
        for step in range(length):
            shares = [sum(score.exp() for path, score in zip(every, scores, strict=True) if path[step] == tag)
                      for tag in range(TAGS)]  # fmt: skip
            wanted = torch.stack(shares) / scores.exp().sum()
            assert torch.allclose(marginals[step, place], wanted, atol=1e-10)


def test_more_padding_changes_nothing(chain, emissions):
    lengths = torch.tensor(LENGTHS)
    longer = torch.cat([emissions, torch.randn(3, len(LENGTHS), TAGS, dtype=torch.float64)])
    assert torch.allclose(chain.log_partition(longer, lengths), chain.log_partition(emissions, lengths), atol=1e-12)
    assert (chain.best(longer, lengths)[: max(LENGTHS)] == chain.best(emissions, lengths)).all()
