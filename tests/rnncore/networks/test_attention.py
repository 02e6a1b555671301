"""Attention against its formulas, written out."""

from __future__ import annotations

import pytest
import torch

from rnncore.networks.attention import Attention

SIZE, STEPS, BATCH, SOURCE = 5, 3, 2, 4


def test_dot_by_hand():
    queries = torch.tensor([[[1.0, 0.0]]])
    memory = torch.tensor([[[2.0, 0.0]], [[0.0, 1.0]], [[9.0, 9.0]]])
    there = torch.tensor([[True], [True], [False]])
    context, weights = Attention("dot", 2)(queries, memory, there)
    first = torch.tensor(2.0).exp() / (torch.tensor(2.0).exp() + 1)
    assert weights[0, 0].tolist() == pytest.approx([first.item(), 1 - first.item(), 0])
    assert context[0, 0].tolist() == pytest.approx([2 * first.item(), 1 - first.item()])


@pytest.mark.parametrize("kind", ["dot", "general", "additive"])
def test_it_equals_the_formula_pair_by_pair(kind):
    torch.manual_seed(0)
    attention = Attention(kind, SIZE).double()
    queries = torch.randn(STEPS, BATCH, SIZE, dtype=torch.float64)
    memory = torch.randn(SOURCE, BATCH, SIZE, dtype=torch.float64)
    lengths = [SOURCE, 2]
    there = torch.arange(SOURCE).unsqueeze(1) < torch.tensor(lengths)
    contexts, weights = attention(queries, memory, there)
    for batch, length in enumerate(lengths):
        for step in range(STEPS):
            h, m = queries[step, batch], memory[:length, batch]
            match kind:
                case "dot":
                    scores = [h @ one for one in m]
                case "general":
                    scores = [h @ attention.project.weight @ one for one in m]
                case _:
                    query = attention.query.weight @ h + attention.query.bias
                    scores = [attention.score.weight[0] @ (query + attention.project.weight @ one).tanh() for one in m]
            wanted = torch.stack(scores).softmax(0)
            torch.testing.assert_close(weights[step, batch, :length], wanted)
            assert not weights[step, batch, length:].any()
            torch.testing.assert_close(contexts[step, batch], (wanted.unsqueeze(1) * m).sum(0))
