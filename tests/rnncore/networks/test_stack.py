"""The stack against its written-out loop and against one nn.LSTM of several layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call

from rnncore import cells
from rnncore.networks import stack as stack_module
from rnncore.networks.stack import Stack

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS = [*LAYERS, "mingru", "minlstm"]
SIZES = {"input_size": 5, "hidden_size": 6, "num_layers": 3}


def make(cell: str, **more) -> Stack:
    torch.manual_seed(2)
    return Stack(cell, *SIZES.values(), **more).double()


def written_out(stack: Stack, x, resets=None):
    """Layer by layer, step by step, stream by stream."""
    after = []
    for layer in stack.layers:
        state = tuple(torch.zeros(x.shape[1], 6, dtype=x.dtype) for _ in range(stack.cell.STATES))
        outputs = []
        for time, projected in enumerate(cells.project(layer, x)):
            if resets is not None:
                keep = (~resets[time]).to(x.dtype).unsqueeze(1)
                state = tuple(item * keep for item in state)
            state = stack.cell.step(layer, projected, state)
            outputs.append(state[0])
        x = torch.stack(outputs)
        after.append(state)
    return x, tuple(after)


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_it_equals_its_written_out_loop(cell):
    stack, x = make(cell), torch.randn(11, 4, 5, dtype=torch.float64)
    output, carry = stack(x, stack.zero_carry(4))
    close((output, carry), written_out(stack, x))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", LAYERS)
def test_its_weights_load_straight_into_pytorchs_stack(cell, bias):
    stack, x = make(cell, bias=bias), torch.randn(11, 4, 5, dtype=torch.float64)
    other = LAYERS[cell](*SIZES.values(), bias=bias).double()
    other.load_state_dict(stack.state_dict())
    close(stack(x, stack.zero_carry(4))[0], other(x)[0])
    back = make(cell, bias=bias)
    back.load_state_dict(other.state_dict())
    close(back.state_dict(), other.state_dict())


def test_a_weight_that_is_missing_is_missed():
    weights = make("lstm").state_dict()
    del weights["weight_hh_l1"]
    with pytest.raises(RuntimeError, match="weight_hh_l0"):
        make("lstm").load_state_dict(weights)


@pytest.mark.parametrize("cell", CELLS)
def test_two_chunks_equal_one(cell):
    stack, x = make(cell), torch.randn(12, 4, 5, dtype=torch.float64)
    whole, last = stack(x, stack.zero_carry(4))
    first, carry = stack(x[:5], stack.zero_carry(4))
    second, after = stack(x[5:], carry)
    close((torch.cat([first, second]), after), (whole, last))


@pytest.mark.parametrize("rare", [True, False], ids=["in pieces", "step by step"])
@pytest.mark.parametrize("cell", CELLS)
def test_resets_start_a_stream_anew(monkeypatch, cell, rare):
    monkeypatch.setattr(stack_module, "STEPS_A_PIECE", 1 if rare else 1000)
    stack, x = make(cell), torch.randn(12, 4, 5, dtype=torch.float64, requires_grad=True)
    resets = torch.zeros(12, 4, dtype=torch.bool)
    resets[0, 0] = resets[5, 1] = resets[5, 3] = resets[6, 1] = resets[11, 2] = True
    carry = tuple(tuple(torch.randn_like(item) for item in state) for state in stack.zero_carry(4))
    output, after = stack(x, carry, resets)
    ends = {0: [0], 1: [5, 6], 2: [11], 3: [5]}
    for stream, starts in ends.items():
        alone = [tuple(item[stream : stream + 1] for item in state) for state in carry]
        pieces = []
        for start, end in zip([0, *starts], [*starts, 12], strict=True):
            if start in starts:
                alone = stack.zero_carry(1)
            if start < end:
                piece, alone = stack(x[start:end, stream : stream + 1], alone)
                pieces.append(piece)
        close(output[:, stream], torch.cat(pieces)[:, 0])
        close([item[stream] for state in after for item in state], [item[0] for state in alone for item in state])
    (gradient,) = torch.autograd.grad(output[5:, 3].sum(), x)
    assert gradient[:5, 3].abs().max() == 0 and gradient[5:, 3].abs().min() > 0


def test_dropout_acts_while_training_alone_and_after_every_layer():
    stack, x = make("gru", dropout=0.5), torch.randn(11, 4, 5, dtype=torch.float64)
    plain = make("gru")(x, stack.zero_carry(4))[0]
    close(stack.eval()(x, stack.zero_carry(4))[0], plain)
    dropped = stack.train()(x, stack.zero_carry(4))[0]
    assert 0.3 < (dropped == 0).double().mean() < 0.7


@pytest.mark.parametrize("cell", CELLS)
def test_it_runs_on_cast_weights(cell):
    stack = make(cell).float()
    half = {name: weight.bfloat16() for name, weight in stack.named_parameters()}
    x = torch.randn(11, 4, 5)
    carry = tuple(tuple(item.bfloat16() for item in state) for state in stack.zero_carry(4))
    resets = torch.ones(11, 4, dtype=torch.bool)
    for where in (None, resets):
        output, after = functional_call(stack, half, (x.bfloat16(), carry, where))
        assert output.dtype == after[0][0].dtype == torch.bfloat16
        torch.testing.assert_close(output.float(), stack(x, stack.zero_carry(4), where)[0], rtol=0.05, atol=0.05)
