"""The two forecasters: shapes, segments, levels, paths."""

from __future__ import annotations

import pytest
import torch

from rnncore.networks.forecaster import DirectForecaster, RecursiveForecaster, drawn, segments

SIZES = {"columns": 2, "known": 1, "lookback": 10, "cell": "gru", "hidden_size": 5, "num_layers": 1, "dropout": 0.0,
         "bias": True, "nonlinearity": "tanh"}  # fmt: skip


def direct(**more):
    torch.manual_seed(1)
    plain = {"horizon": 3, "quantiles": 4, "segment": 3, "centred": True, "bidirectional": False}
    return stirred(DirectForecaster(**{**SIZES, **plain, **more}))


def recursive(**more):
    torch.manual_seed(1)
    return stirred(RecursiveForecaster(**{**SIZES, "quantiles": 4, "centred": True, **more}))


def stirred(network):
    """Its head starts at zero: let it say something."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    return network.eval()


def windows(batch=6):
    torch.manual_seed(2)
    return torch.randn(10, batch, 3), torch.randn(3, batch, 1), torch.randn(3, batch, 2)


def test_before_the_first_step_all_stays_as_it_is():
    read, known, truth = windows()
    plain = {**SIZES, "quantiles": 4, "centred": True}
    network = DirectForecaster(horizon=3, segment=1, bidirectional=False, **plain)
    assert torch.equal(network(read, known)[0], read[-1, :, :2, None].expand(3, 6, 2, 4))
    found, _ = RecursiveForecaster(**plain)(read, known, truth)
    assert torch.equal(found[0], read[-1, :, :2, None].expand(6, 2, 4))
    assert torch.equal(found[2], truth[1][..., None].expand(6, 2, 4))


def test_a_line_to_each_step_is_added():
    """Of a head that says nothing: the weights times the differences to the last value, the same for all quantiles."""
    read, _, _ = windows()
    network = DirectForecaster(horizon=3, segment=5, bidirectional=False, quantiles=4, centred=True,
                               **{**SIZES, "known": 0})  # fmt: skip
    with torch.no_grad():
        network.line.weight[1, 4] = 2.0
    found, _ = network(read[..., :2], read.new_zeros(3, 6, 0))
    last = read[-1, :, :2]
    assert torch.allclose(found[1], (last + 2 * (read[4, :, :2] - last))[..., None].expand(6, 2, 4))
    assert torch.equal(found[0], last[..., None].expand(6, 2, 4))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("segment", [1, 3, 10])
def test_direct_shapes(segment, bidirectional):
    read, known, _ = windows()
    found, _ = direct(segment=segment, bidirectional=bidirectional)(read, known)
    assert found.shape == (3, 6, 2, 4) and found.dtype == torch.float32


def test_segments_hold_neighbouring_steps_and_are_filled_up_in_front():
    found = segments(torch.arange(1.0, 11).view(5, 1, 2), 2)
    assert found.tolist() == [[[0, 0, 1, 2]], [[3, 4, 5, 6]], [[7, 8, 9, 10]]]


@pytest.mark.parametrize("network", [direct(), recursive()], ids=["direct", "recursive"])
def test_a_higher_level_is_a_higher_forecast(network):
    """Centred: shift the values, and the forecast shifts; what is known stays."""
    read, known, truth = windows()
    more = () if isinstance(network, DirectForecaster) else (truth,)
    plain, _ = network(read, known, *more)
    read[..., :2] += 7.0
    shifted, _ = network(read, known, *(truth + 7.0 for truth in more))
    assert torch.allclose(shifted, plain + 7.0, atol=1e-4)


def test_levels_are_seen_where_it_is_not_centred():
    read, known, _ = windows()
    network = direct(centred=False)
    plain, _ = network(read, known)
    read[..., :2] += 7.0
    assert not torch.allclose(network(read, known)[0], plain + 7.0, atol=1e-2)


def test_drawn_lies_on_the_lines_between_quantiles():
    quantiles = torch.tensor([[[1.0, 2.0, 4.0]]])
    levels = torch.tensor([0.25, 0.5, 0.75])
    for place, wanted in ((0.25, 1.0), (0.375, 1.5), (0.5, 2.0), (0.75, 4.0), (0.125, 0.5), (0.875, 5.0)):
        assert drawn(quantiles, levels, torch.tensor([[place]])).item() == pytest.approx(wanted)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "mingru", "minlstm", "transformer"])
def test_paths_step_as_training_reads(cell):
    """A path read back as truth is forecast the same: at the median, each step is the network's own median."""
    read, known, _ = windows()
    network = recursive(cell=cell, quantiles=3)
    levels = torch.tensor([0.25, 0.5, 0.75])
    chance = torch.full((3, 2, 2), 0.5)
    paths = network.paths(read, known, chance, levels)
    assert paths.shape == (3, 12, 2)
    assert torch.allclose(paths[:, 0::2], paths[:, 1::2], atol=1e-6)  # the paths of a window stand together
    found, _ = network(read, known, paths[:, 0::2])
    assert torch.allclose(found.sort(-1).values[..., 1], paths[:, 0::2], atol=1e-5)


def test_weights_have_the_names_of_pytorch():
    names = set(direct().state_dict())
    assert {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "head.weight", "mix.weight", "ahead.weight"} <= names
