"""The scan against the recurrence, and the minimal cells against their paper's scan in log space."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from rnncore import cells
from rnncore.cells.scan import scan


def step_by_step(keep, write, h):
    outputs = []
    for share, item in zip(keep, write, strict=True):
        h = share * h + item
        outputs.append(h)
    return torch.stack(outputs)


@pytest.mark.parametrize("time", [1, 2, 3, 7, 16, 130])
def test_it_is_the_recurrence_in_value_and_gradient(time):
    torch.manual_seed(1)
    keep = torch.rand(time, 3, 4, dtype=torch.float64)
    keep[time // 2] = 0  # all that came before is gone
    inputs = [keep.requires_grad_(), torch.randn_like(keep, requires_grad=True), torch.randn(3, 4, dtype=torch.float64)]
    inputs[2].requires_grad_()
    chosen = torch.randn_like(keep)
    found, wanted = scan(*inputs), step_by_step(*inputs)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad((output * chosen).sum(), inputs) for output in (found, wanted)]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_what_is_hardly_kept_for_a_thousand_steps_stays_finite():
    keep = torch.full((1000, 1, 2), 1e-3, requires_grad=True)
    output = scan(keep, torch.ones_like(keep), torch.ones(1, 2))
    torch.testing.assert_close(output[-1], torch.full((1, 2), 1 / (1 - 1e-3)))
    (gradient,) = torch.autograd.grad(output.sum(), keep)
    assert gradient.isfinite().all()


def log_positive(x):
    return torch.where(x >= 0, (x.relu() + 0.5).log(), -F.softplus(-x))


def in_log_space(log_keep, log_write, first):
    """Feng et al. 2024, appendix B.1: what F. Heinsen 2023 makes of a linear recurrence of positive numbers."""
    since = F.pad(log_keep.cumsum(0), (0, 0, 0, 0, 1, 0))
    values = torch.cat([first.log().unsqueeze(0), log_write])
    return (since + (values - since).logcumsumexp(0))[1:].exp()


def paper(name, projected, first):
    if name == "mingru":
        z, n = projected.chunk(2, dim=-1)
        return in_log_space(-F.softplus(z), -F.softplus(-z) + log_positive(n), first)
    i, f, n = projected.chunk(3, dim=-1)
    difference = F.softplus(-f) - F.softplus(-i)
    return in_log_space(-F.softplus(difference), -F.softplus(-difference) + log_positive(n), first)


@pytest.mark.parametrize("name", ["mingru", "minlstm"])
def test_minimal_cells_equal_their_paper(name):
    torch.manual_seed(1)
    layer = cells.get(name).layer(5, 7, bias=True, nonlinearity="tanh").double()
    x, first = torch.randn(40, 3, 5, dtype=torch.float64), torch.rand(3, 7, dtype=torch.float64)
    found, last = layer(x, first.unsqueeze(0))
    torch.testing.assert_close(found, paper(name, cells.project(layer, x), first), rtol=1e-10, atol=1e-10)
    assert torch.equal(last[0], found[-1])


@pytest.mark.parametrize("name", ["mingru", "minlstm"])
def test_half_precision_is_scanned_in_single(name):
    """Two hundred steps of bfloat16 would drown in rounding."""
    torch.manual_seed(1)
    layer = cells.get(name).layer(5, 7, bias=True, nonlinearity="tanh")
    x = torch.randn(200, 3, 5).bfloat16()
    exact = layer.bfloat16().double()(x.double(), torch.zeros(1, 3, 7, dtype=torch.float64))[0]
    found, last = layer.bfloat16()(x, torch.zeros(1, 3, 7).bfloat16())
    assert found.dtype == last.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), exact, rtol=0.03, atol=0.03)
