"""The transformer behind a stack's interface: chunks, resets, padding, both ways."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional as F

from rnncore.infer.attending import heads
from rnncore.networks.stack import Recurrent, Stack
from rnncore.networks.transformer import Transformer, rotated

LENGTHS = torch.tensor([4, 1, 9, 7, 9])


def make(context: int = 4, **more) -> Stack:
    torch.manual_seed(3)
    return Stack("transformer", 5, 6, 2, context=context, **more).double()


def noise(time: int = 9, batch: int = 5) -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randn(time, batch, 5, dtype=torch.float64)


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


def written_out(stack: Transformer, x):
    """One record, step by step, head by head, as the papers write it: ``(time, input)``."""
    h = stack.input(x)
    time, units = len(x), stack.hidden_size // stack.layers[0].heads
    for block in stack.layers:
        a = block.norm_attention(h)
        query, (key, value) = block.query(a), block.key_value(a).chunk(2, dim=1)
        rows = []
        for t in range(time):
            near = range(max(0, t - stack.context), min(time, t + 1 + stack.context * stack.bidirectional))
            row = []
            for head in range(block.heads):
                own = slice(head * units, (head + 1) * units)
                q = turn(query[t, own], t)
                scores = torch.stack([q @ turn(key[s, own], s) for s in near]) / units**0.5
                row.append(scores.softmax(0) @ torch.stack([value[s, own] for s in near]))
            rows.append(torch.cat(row))
        h = h + block.attended(torch.stack(rows))
        h = h + block.down(F.gelu(block.up(block.norm_feed(h)), approximate="tanh"))
    return stack.norm(h)


def turn(x, step):
    """Unit k and unit k + n/2 are a point of the plane, turned by step · 10000^(-2k/n)."""
    half, found = len(x) // 2, x.clone()
    for k in range(half):
        angle = torch.tensor(step * 10_000.0 ** (-k / half), dtype=x.dtype)
        found[k] = x[k] * angle.cos() - x[k + half] * angle.sin()
        found[k + half] = x[k] * angle.sin() + x[k + half] * angle.cos()
    return found


def test_a_stack_of_the_cell_is_one():
    assert isinstance(make(), Transformer) and isinstance(Stack("gru", 5, 6, 2), Recurrent)
    assert isinstance(copy.deepcopy(make()), Transformer)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("context", [3, 100])
def test_it_is_what_the_papers_say(context, bidirectional):
    stack = make(context, bidirectional=bidirectional)
    for block in stack.layers:
        block.heads = 2
    x = noise()
    output, _ = stack.read(x)
    for record in range(5):
        close(output[:, record], written_out(stack, x[:, record]))


@pytest.mark.parametrize("cuts", [[1, 2, 9], [5], [8], range(1, 10)])
def test_chunks_do_not_matter(cuts):
    stack, x = make(), noise(10)
    whole, last = stack(x, stack.zero_carry(5))
    carry, outputs = stack.zero_carry(5), []
    for start, end in zip([0, *cuts], [*cuts, 10], strict=True):
        if start < end:
            output, carry = stack(x[start:end], carry)
            outputs.append(output)
    close(torch.cat(outputs), whole)
    close(carry, last)
    close(stack.read(x), (whole, last))


def test_a_step_sees_its_context_and_no_more():
    stack, x = make(3), noise(12, 1).requires_grad_()
    output, _ = stack(x, stack.zero_carry(1))
    (gradient,) = torch.autograd.grad(output[9].square().sum(), x)
    seen = gradient.abs().sum((1, 2)) > 0
    assert seen.tolist() == [False] * 3 + [True] * 7 + [False] * 2  # two blocks of three steps, and itself


def test_resets_start_a_stream_anew():
    stack, x = make(), noise(12, 4).requires_grad_()
    resets = torch.zeros(12, 4, dtype=torch.bool)
    resets[0, 0] = resets[5, 1] = resets[5, 3] = resets[6, 1] = resets[11, 2] = True
    _, carry = stack(noise(3, 4), stack.zero_carry(4))
    output, after = stack(x, carry, resets)
    further, _ = stack(noise(2, 4), after)
    for stream, starts in {0: [0], 1: [5, 6], 2: [11], 3: [5]}.items():
        alone = tuple(tuple(item[stream : stream + 1] for item in state) for state in carry)
        pieces = []
        for start, end in zip([0, *starts], [*starts, 12], strict=True):
            if start in starts:
                alone = stack.zero_carry(1)
            if start < end:
                piece, alone = stack(x[start:end, stream : stream + 1], alone)
                pieces.append(piece)
        close(output[:, stream], torch.cat(pieces)[:, 0])
        close(further[:, stream], stack(noise(2, 4)[:, stream : stream + 1], alone)[0][:, 0])
    (gradient,) = torch.autograd.grad(output[5:, 3].square().sum(), x)
    assert gradient[:5, 3].abs().max() == 0 and gradient[5:, 3].abs().min() > 0


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forwards", "both ways"])
def test_a_record_is_read_as_if_it_were_alone(bidirectional):
    stack, x = make(bidirectional=bidirectional), noise()
    longer = torch.cat([x, 9 * noise(3)])
    output, last = stack.read(longer, LENGTHS)
    for record, length in enumerate(LENGTHS.tolist()):
        wanted, ends = stack.read(x[:length, record : record + 1])
        close(output[:length, record], wanted[:, 0])
        assert output[length:, record].abs().max() == 0
        for state, end in zip(last, ends, strict=True):
            assert torch.equal(state[1][record], end[1][0])
            close(state[0][record][state[1][record]], end[0][0][end[1][0]])


def test_a_record_goes_on_from_a_carry():
    stack, x = make(), noise(10)
    whole, after = stack.read(x, torch.full((5,), 9))
    _, carry = stack.read(x[:4])
    output, last = stack.read(x[4:], torch.full((5,), 5), carry)
    close((output, last), (whole[4:], after))
    close(stack(x[9:], last)[0], stack(x, stack.zero_carry(5))[0][9:])


def test_both_ways_want_whole_records():
    stack = make(bidirectional=True)
    with pytest.raises(ValueError, match="read"):
        stack(noise(), stack.zero_carry(5))
    with pytest.raises(ValueError, match="carry"):
        stack.read(noise(), LENGTHS, stack.zero_carry(5))
    with pytest.raises(ValueError, match="length 0"):
        stack.read(noise(), torch.tensor([4, 0, 9, 7, 9]))


def test_it_wants_a_context():
    with pytest.raises(ValueError, match="context"):
        Stack("transformer", 5, 6, 2)


@pytest.mark.parametrize(
    ("hidden", "count"), [(1, 1), (24, 1), (32, 1), (33, 1), (64, 2), (96, 3), (100, 2), (128, 4), (512, 16)]
)
def test_heads_divide_the_hidden_size(hidden, count):
    assert heads(hidden) == count and hidden % count == 0


def test_an_odd_unit_is_not_turned():
    x = torch.randn(2, 6, 5)
    assert torch.equal(rotated(x)[..., 4], x[..., 4])
    torch.testing.assert_close(rotated(x).norm(dim=-1), x.norm(dim=-1))


def test_dropout_acts_while_training_alone():
    stack, x = make(dropout=0.5), noise()
    close(stack.eval().read(x), make().read(x))
    assert not torch.equal(stack.train().read(x)[0], stack.read(x)[0])


def test_it_runs_on_cast_weights():
    stack, x = make().float(), noise().float()
    half = {name: weight.bfloat16() for name, weight in stack.named_parameters()}
    carry = tuple((window.bfloat16(), there) for window, there in stack.zero_carry(5))
    output, after = functional_call(stack, half, (x.bfloat16(), carry))
    assert output.dtype == after[0][0].dtype == torch.bfloat16
    torch.testing.assert_close(output.float(), stack(x, stack.zero_carry(5))[0], rtol=0.1, atol=0.1)
