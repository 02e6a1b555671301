"""What the tasks share whose network writes a sequence token by token: targets that end, their inputs, their losses."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rnncore.data.vocabulary import END, PADDING, START, UNKNOWN
from rnncore.train.precision import wide


def ended(sequences: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Each with the end token, ``(steps + 1,)``."""
    return [np.append(sequence, END) for sequence in sequences]


def never_empty(sequences: Iterable[np.ndarray]) -> list[np.ndarray]:
    """What has no token (spaces alone, read by words) has one unknown token: a network reads one step at least."""
    return [sequence if len(sequence) else np.array([UNKNOWN]) for sequence in sequences]


def shifted(targets: Tensor) -> Tensor:
    """What is read while ``targets`` ``(steps, batch)`` are written: the start token, and then all but the last."""
    return torch.cat([torch.full_like(targets[:1], START), targets[:-1]])


def mean_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Nats per token of ``targets`` ``(steps, batch)``, padding left out, by scores ``(steps, batch, vocabulary)``."""
    return F.cross_entropy(wide(scores).flatten(0, 1), targets.flatten(), ignore_index=PADDING)


def record_losses(scores: Tensor, targets: Tensor) -> np.ndarray:
    """Nats of each record, ``(batch,)`` in float64."""
    scores = wide(scores)
    losses = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=PADDING, reduction="none")
    return losses.view(targets.shape).sum(0, dtype=torch.float64).cpu().numpy()
