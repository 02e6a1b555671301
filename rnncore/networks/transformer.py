"""The baseline that is not recurrent: a small transformer behind the interface of a stack.

::

    x → W_in x → blocks → norm
    block:  a = norm(h);  h' = h + W_o attention(W_q a, W_kv a);  h'' = h' + W_down gelu(W_up norm(h'))

A. Vaswani et al., "Attention is all you need", NeurIPS 2017, with the norm before each part (R. Xiong et al., ICML
2020) and rotary positions (J. Su et al., RoFormer, arXiv:2104.09864). A step sees itself and the ``context`` steps
before it, of a bidirectional stack also as many after it. What is carried from chunk to chunk is what each block has
read in these steps (Z. Dai et al., Transformer-XL, ACL 2019), so a score does not depend on where a text is cut.

A head has 32 units, or a few more where they do not divide the hidden size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore.infer.attending import BASE, heads
from rnncore.networks.padding import Ends
from rnncore.networks.stack import Carry, Stack


class Transformer(Stack):
    """``num_layers`` blocks. A state is what a block has read in the last ``context`` steps, ``(batch, context,
    hidden)``, and which of them there were, ``(batch, context)`` boolean. ``nonlinearity`` is not used.

    A bidirectional one has ``hidden_size`` outputs all the same: each step looks both ways itself.
    """

    def __init__(
        self, cell: str, input_size: int, hidden_size: int, num_layers: int,
        *, dropout: float = 0.0, bias: bool = True, nonlinearity: str = "tanh", bidirectional: bool = False,
        context: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if not context:
            raise ValueError("a transformer wants context, the number of steps that it looks back")
        self.hidden_size = self.output_size = hidden_size
        self.dropout, self.bidirectional, self.context = dropout, bidirectional, context
        self.input = nn.Linear(input_size, hidden_size, bias=bias)
        self.layers = nn.ModuleList(Block(hidden_size, dropout=dropout, bias=bias) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_size, bias=bias)

    def zero_carry(self, batch: int) -> Carry:
        weight = self.input.weight
        window = weight.new_zeros(batch, self.context, self.hidden_size)
        there = torch.zeros(batch, self.context, dtype=torch.bool, device=weight.device)
        return ((window, there),) * len(self.layers)

    def forward(self, x: Tensor, carry: Carry, resets: Tensor | None = None) -> tuple[Tensor, Carry]:
        self._refuse_streams()
        there = _with_steps(carry[0][1], len(x))
        seen = _near(len(x), self.context, x.device) & there.unsqueeze(1)  # (batch, time, context + time)
        if resets is not None and resets.any():
            starts = F.pad(resets.to(x.device).T.cumsum(1), (self.context, 0))  # how often each stream started anew
            seen = seen & (starts[:, self.context :].unsqueeze(2) == starts.unsqueeze(1))
            there = there & (starts == starts[:, -1:])
        output, read = self._run(x, [window for window, _ in carry], seen.unsqueeze(1))
        there = there[:, -self.context :].contiguous()
        return output, tuple((_batch_first(some[-self.context :]), there) for some in read)

    def read(self, x: Tensor, lengths: Tensor | None = None, carry: Carry | None = None) -> tuple[Tensor, Carry]:
        """See :meth:`Stack.read`. Gives a state a block; a bidirectional one, too, and it takes no ``carry``."""
        if carry is not None and self.bidirectional:
            raise ValueError("a bidirectional transformer reads whole records: it has no carry to go on from")
        ends = Ends(x, lengths)
        before = 0 if carry is None else self.context
        seen = _near(len(x), self.context, x.device, before=before, after=self.context if self.bidirectional else 0)
        there = (self.zero_carry(x.shape[1]) if carry is None else carry)[0][1]
        there = _with_steps(there, len(x))
        if carry is not None:
            seen = (seen & there.unsqueeze(1)).unsqueeze(1)
        elif self.bidirectional and not ends.equal:  # forwards, what is beyond the end is not seen as it is
            seen = (seen & ~ends.beyond.squeeze(2).T.unsqueeze(1)).unsqueeze(1)
        output, read = self._run(x, [None] * len(self.layers) if carry is None else [item for item, _ in carry], seen)
        there = ends.window(there.T, self.context).T.contiguous()
        windows = (ends.window(F.pad(some, (0, 0, 0, 0, self.context - before, 0)), self.context) for some in read)
        return ends.cut(output), tuple((_batch_first(window), there) for window in windows)

    def _run(self, x: Tensor, windows: list[Tensor | None], seen: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The outputs, and what each block has read: its window and the chunk."""
        h, read = F.dropout(self.input(x), self.dropout, self.training), []
        for block, window in zip(self.layers, windows, strict=True):
            read.append(h if window is None else torch.cat([window.transpose(0, 1).to(h.dtype), h]))
            h = block(h, read[-1], seen)
        return self.norm(h), read


class Block(nn.Module):
    """Attention, then a layer of its own for each step; both are added to what comes in."""

    def __init__(self, hidden_size: int, *, dropout: float, bias: bool) -> None:
        super().__init__()
        self.heads = heads(hidden_size)
        self.dropout = dropout
        self.norm_attention = nn.LayerNorm(hidden_size, bias=bias)
        self.query = nn.Linear(hidden_size, hidden_size, bias=bias)
        self.key_value = nn.Linear(hidden_size, 2 * hidden_size, bias=bias)
        self.attended = nn.Linear(hidden_size, hidden_size, bias=bias)
        self.norm_feed = nn.LayerNorm(hidden_size, bias=bias)
        self.up = nn.Linear(hidden_size, 4 * hidden_size, bias=bias)
        self.down = nn.Linear(4 * hidden_size, hidden_size, bias=bias)

    def forward(self, h: Tensor, read: Tensor, seen: Tensor) -> Tensor:
        """``h`` ``(time, batch, hidden)``; ``read`` is what may be looked at, ``h`` its last steps; ``seen``: which of
        it each step does look at, boolean, ``(time, read)`` or ``(batch, 1, time, read)``."""
        h = h + self._dropped(self.attended(self._attend(read, len(h), seen)))
        return h + self._dropped(self.down(F.gelu(self.up(self.norm_feed(h)), approximate="tanh")))

    def _attend(self, read: Tensor, time: int, seen: Tensor) -> Tensor:
        read = self.norm_attention(read)
        parts = self.query(read[-time:]), *self.key_value(read).chunk(2, dim=2)
        query, key, value = (part.unflatten(2, (self.heads, -1)).permute(1, 2, 0, 3) for part in parts)
        query, key = rotated(query, len(read) - time), rotated(key)  # (batch, heads, steps, units)
        found = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        return found.permute(2, 0, 1, 3).flatten(2)

    def _dropped(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training)


def rotated(x: Tensor, first: int = 0) -> Tensor:
    """Pairs of units turned by an angle that grows with the step, ``(…, steps, units)`` from step ``first`` on: what
    two steps say of each other then depends on their distance alone. An odd unit stays."""
    half = x.shape[-1] // 2
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    turns = BASE ** (-torch.arange(half, device=x.device, dtype=wide) / max(1, half))
    angle = torch.arange(first, first + x.shape[-2], device=x.device, dtype=wide).unsqueeze(1) * turns
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    one, other, odd = x.split([half, half, x.shape[-1] - 2 * half], dim=-1)
    return torch.cat([one * cos - other * sin, one * sin + other * cos, odd], dim=-1)


def _near(time: int, context: int, device: torch.device, *, before: int | None = None, after: int = 0) -> Tensor:
    """Which steps each of ``time`` is close enough to: ``(time, before + time)``, boolean. ``before``: the steps that
    are kept from before, by default ``context``; ``after``: how far it looks ahead."""
    before = context if before is None else before
    ahead = torch.arange(-before, time, device=device) - torch.arange(time, device=device).unsqueeze(1)
    return (ahead >= -context) & (ahead <= after)


def _with_steps(there: Tensor, time: int) -> Tensor:
    """Which steps of a window ``(batch, context)`` and of the chunk after it there are."""
    return torch.cat([there, there.new_ones(len(there), time)], 1)


def _batch_first(window: Tensor) -> Tensor:
    return window.transpose(0, 1).contiguous()
