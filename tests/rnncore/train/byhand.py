"""Truncated backpropagation through time, written out: the streams, every time step, the carry, the cut."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = dict[str, Tensor]


def lstm_step(w: Weights, k: int, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One time step of layer ``k``, from the paper."""
    size = h.shape[1]
    a = x @ w[f"rnn.weight_ih_l{k}"].T + w[f"rnn.bias_ih_l{k}"]
    a = a + h @ w[f"rnn.weight_hh_l{k}"].T + w[f"rnn.bias_hh_l{k}"]
    i, f, g, o = (a[:, gate * size : (gate + 1) * size] for gate in range(4))
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def train(
    text: str, start: Weights, *, batch: int, length: int, rate: float, documents: str | None = None
) -> Iterator[tuple[float, Weights, Weights]]:
    """Plain gradient descent with momentum 0.9 on two layers: loss, gradients and new weights of each step.

    The last tenth of the text is held back. ``documents``: the character that ends a document; the state is zero before
    it is read.
    """
    vocabulary = {character: index for index, character in enumerate(sorted(set(text)))}
    kept = text[: len(text) - math.ceil(len(text) / 10)]
    tokens = torch.tensor([vocabulary[character] for character in kept])
    shortest, longer = divmod(len(tokens) - 1, batch)
    lengths = [shortest + (stream < longer) for stream in range(batch)]
    starts = [sum(lengths[:stream]) for stream in range(batch)]
    w = {name: value.clone().requires_grad_() for name, value in start.items()}
    velocity = {name: torch.zeros_like(value) for name, value in w.items()}
    size, at = w["rnn.weight_hh_l0"].shape[1], 0
    while True:
        if at == 0:
            carry = [(torch.zeros(batch, size), torch.zeros(batch, size)) for _ in range(2)]
        terms = []
        for time in range(at, min(at + length, max(lengths))):
            here = [min(begin + time, len(tokens) - 2) for begin in starts]
            x = w["embedding.weight"][tokens[here]]
            ends = torch.tensor([[documents is not None and kept[position] == documents] for position in here])
            for k in range(2):
                h, c = (item.masked_fill(ends, 0) if time else item for item in carry[k])
                carry[k] = lstm_step(w, k, x, h, c)
                x = carry[k][0]
            scores = F.log_softmax(x @ w["head.weight"].T + w["head.bias"], dim=1)
            terms += [-scores[s, tokens[starts[s] + time + 1]] for s in range(batch) if time < lengths[s]]
        loss = torch.stack(terms).mean()
        gradients = dict(zip(w, torch.autograd.grad(loss, list(w.values())), strict=True))
        for name in w:
            velocity[name] = 0.9 * velocity[name] + gradients[name]
            w[name] = (w[name] - rate * velocity[name]).detach().requires_grad_()
        yield loss.item(), gradients, {name: value.detach() for name, value in w.items()}
        carry = [tuple(item.detach() for item in state) for state in carry]
        at = at + length if at + length < max(lengths) else 0
