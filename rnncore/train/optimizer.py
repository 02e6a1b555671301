"""How a gradient becomes a step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rnncore.recipe import Training

BETAS = (0.9, 0.99)
"""Adam's memory: a hundred steps for the squares, not a thousand. A small network has few steps to learn in."""


def build(network: nn.Module, training: Training) -> torch.optim.Optimizer:
    """The optimizer of the recipe. Weight decay pulls on matrices; biases are left alone."""
    matrices = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in network.parameters() if parameter.dim() < 2]
    groups = [{"params": matrices, "weight_decay": training.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    rate = training.learning_rate
    match training.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, lr=rate, betas=BETAS, fused=True)
        case "adam":
            return torch.optim.Adam(groups, lr=rate, betas=BETAS, fused=True)
        case _:
            return torch.optim.SGD(groups, lr=rate, momentum=0.9, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's memory as named tensors: ``{"0.exp_avg": …, "0.step": …}``, by the parameter's number."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": value for index, slots in state.items() for name, value in slots.items()}


def load(optimizer: torch.optim.Optimizer, saved: dict[str, Tensor]) -> None:
    """The inverse of :func:`tensors`, for an optimizer of the same recipe."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in saved.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
