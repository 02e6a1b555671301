"""Padded records against PyTorch's packed sequences."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore.networks.stack import Stack

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS = [*LAYERS, "mingru", "minlstm"]
LENGTHS = torch.tensor([4, 1, 9, 7, 9])


def make(cell: str, layers: int = 2, **more) -> Stack:
    torch.manual_seed(3)
    return Stack(cell, 5, 6, layers, **more).double()


def padded() -> torch.Tensor:
    """Records of LENGTHS with noise where nothing is: it must not matter."""
    torch.manual_seed(5)
    return torch.randn(9, 5, 5, dtype=torch.float64)


def packed(other: nn.RNNBase, x, lengths, first=None):
    """Outputs, and the last states as the stack orders them: a tuple of states a layer and direction."""
    output, last = other(pack_padded_sequence(x, lengths, enforce_sorted=False), first)
    last = last if isinstance(last, tuple) else (last,)
    return pad_packed_sequence(output)[0], tuple(zip(*last, strict=True))


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("carried", [False, True], ids=["from zero", "from a carry"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forwards", "both ways"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", LAYERS)
def test_padded_equals_packed(cell, layers, bidirectional, carried, bias):
    stack = make(cell, layers, bidirectional=bidirectional, bias=bias)
    other = LAYERS[cell](5, 6, layers, bidirectional=bidirectional, bias=bias).double()
    other.load_state_dict(stack.state_dict())
    x = padded().requires_grad_()
    states = [[torch.randn(5, 6, dtype=torch.float64) for _ in range(stack.cell.STATES)] for _ in stack.zero_carry(5)]
    carry = first = None
    if carried:
        carry = tuple(map(tuple, states))
        first = tuple(map(torch.stack, zip(*states, strict=True)))
        first = first if cell == "lstm" else first[0]
    results = []
    for output, last in (stack.read(x, LENGTHS, carry), packed(other, x, LENGTHS, first)):
        torch.manual_seed(7)
        loss = (output * torch.randn_like(output)).sum()
        loss = loss + sum((item * torch.randn_like(item)).sum() for state in last for item in state)
        module = other if results else stack
        names = [name for name, _ in other.named_parameters()]
        held = dict(module.state_dict(keep_vars=True))
        results.append((output, last, torch.autograd.grad(loss, [x, *(held[name] for name in names)])))
    for found, wanted in zip(*results, strict=True):
        close(found, wanted)
    gradient = results[0][2][0]
    assert gradient[4:, 0].abs().max() == 0 and gradient[:4, 0].abs().min() > 0


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forwards", "both ways"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_record_is_read_as_if_it_were_alone(cell, bidirectional):
    stack, x = make(cell, bidirectional=bidirectional), padded().requires_grad_()
    output, last = stack.read(x, LENGTHS)
    alone = x.detach().clone().requires_grad_()
    loss = 0
    for record, length in enumerate(LENGTHS.tolist()):
        wanted, ends = stack.read(alone[:length, record : record + 1])
        close(output[:length, record], wanted[:, 0])
        assert length == 9 or output[length:, record].abs().max() == 0
        close([item[record] for state in last for item in state], [item[0] for state in ends for item in state])
        loss = loss + wanted.square().sum()
    loss.backward()
    output.square().sum().backward()
    close(x.grad, alone.grad)


@pytest.mark.parametrize("cell", CELLS)
def test_without_lengths_all_records_are_whole(cell):
    stack, x = make(cell, bidirectional=True), padded()
    whole = stack.read(x)
    close(whole, stack.read(x, torch.full((5,), 9)))
    longer = torch.cat([x, torch.randn(3, 5, 5, dtype=torch.float64)])
    output, last = stack.read(longer, torch.full((5,), 9))
    close((output[:9], last), whole)
    assert output[9:].abs().max() == 0


@pytest.mark.parametrize("cell", CELLS)
def test_reading_forwards_is_a_stream_that_ends(cell):
    stack, x = make(cell), padded()
    close(stack.read(x), stack(x, stack.zero_carry(5)))


def test_a_single_step_at_a_time_goes_on_from_a_record():
    stack, x = make("lstm"), padded()
    _, carry = stack.read(x[:8], torch.tensor([4, 1, 8, 7, 8]))
    output, _ = stack(x[8:], carry)
    alone, _ = stack.read(torch.cat([x[:4, :1], x[8:, :1]]))
    close(output[0, 0], alone[-1, 0])


@pytest.mark.parametrize(
    ("lengths", "words"),
    [([4, 0, 9, 7, 9], "length 0"), ([4, 1, 10, 7, 9], "length 10"), ([4, 1], r"shape \(2,\)")],
)
def test_wrong_lengths_are_refused(lengths, words):
    with pytest.raises(ValueError, match=words):
        make("gru").read(padded(), torch.tensor(lengths))


def test_a_stream_has_no_end_to_start_from():
    stack = make("gru", bidirectional=True)
    with pytest.raises(ValueError, match="read"):
        stack(padded(), stack.zero_carry(5))


def test_dropout_falls_between_and_after_the_layers():
    stack, x = make("lstm", dropout=0.5, bidirectional=True), padded()
    close(stack.eval().read(x, LENGTHS), make("lstm", bidirectional=True).read(x, LENGTHS))
    dropped, _ = stack.train().read(x)
    assert 0.3 < (dropped == 0).double().mean() < 0.7


@pytest.mark.parametrize("cell", CELLS)
def test_it_reads_with_cast_weights(cell):
    stack, x = make(cell, bidirectional=True).float(), padded().float()
    half = {name: weight.bfloat16() for name, weight in stack.named_parameters()}
    reader = _Reader(stack)
    output, last = functional_call(reader, {f"stack.{name}": weight for name, weight in half.items()}, (x.bfloat16(),))
    assert output.dtype == last[0][0].dtype == torch.bfloat16
    torch.testing.assert_close(output.float(), stack.read(x, LENGTHS)[0], rtol=0.05, atol=0.05)


class _Reader(nn.Module):
    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack = stack

    def forward(self, x):
        return self.stack.read(x, LENGTHS)
