"""Where records that lie side by side, padded on the right, end."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor


class Ends:
    """The ends of records ``x`` ``(time, batch, feature)`` of which ``lengths`` ``(batch,)`` steps are there.

    ``equal``: nothing is padded. Raises ValueError for a length outside 1 … time.
    """

    def __init__(self, x: Tensor, lengths: Tensor | None) -> None:
        self.time, self.batch = x.shape[:2]
        self.equal = lengths is None
        if lengths is None:
            return
        if lengths.shape != (self.batch,):
            raise ValueError(f"lengths has shape {tuple(lengths.shape)}; one a record is ({self.batch},)")
        shortest, longest = lengths.min().item(), lengths.max().item()
        if not 1 <= shortest <= longest <= self.time:
            wrong = shortest if shortest < 1 else longest
            raise ValueError(f"a record has length {wrong}; lengths are 1 to {self.time}, the steps of the batch")
        self.equal = shortest == self.time
        self.lengths = lengths.to(x.device)

    @cached_property
    def beyond(self) -> Tensor:
        """True where nothing is: ``(time, batch, 1)``."""
        times = torch.arange(self.time, device=self.lengths.device).unsqueeze(1)
        return (times >= self.lengths).unsqueeze(2)

    def cut(self, x: Tensor) -> Tensor:
        """Zero beyond the ends."""
        return x if self.equal else x.masked_fill(self.beyond, 0)

    def last(self, x: Tensor) -> Tensor:
        """The last step of each record: ``(batch, feature)``."""
        return x[-1] if self.equal else x[self.lengths - 1, torch.arange(self.batch, device=x.device)]

    def window(self, x: Tensor, size: int) -> Tensor:
        """Of each record the ``size`` steps until its end, ``(size, batch, …)``; ``x`` has ``size`` steps more in
        front."""
        if self.equal:
            return x[-size:]
        steps = torch.arange(size, device=x.device).unsqueeze(1) + self.lengths
        return x[steps, torch.arange(self.batch, device=x.device)]

    def flip(self, x: Tensor) -> Tensor:
        """Each record from its last step to its first; what is beyond stays where it is."""
        return x.flip(0) if self.equal else x.flatten(0, 1).index_select(0, self._flipped).unflatten(0, x.shape[:2])

    @cached_property
    def _flipped(self) -> Tensor:
        """Which row of ``(time · batch)`` comes to which."""
        times = torch.arange(self.time, device=self.lengths.device).unsqueeze(1)
        from_end = torch.where(self.beyond.squeeze(2), times, self.lengths - 1 - times)  # (time, batch)
        return (from_end * self.batch + torch.arange(self.batch, device=from_end.device)).flatten()
