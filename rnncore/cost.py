"""What a network and a training cost, from formulas: numbers, memory, time. Torch-free, answers in microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnncore.recipe import Network, Training

GATES = {"rnn": 1, "gru": 3, "lstm": 4, "mingru": 2, "minlstm": 3}
_STATES = {"rnn": 1, "gru": 1, "lstm": 2, "mingru": 2, "minlstm": 2, "transformer": 2}
STEPPED = ("rnn", "gru", "lstm")
"""Cells with recurrent weights: they take one time step after the other. The others take a whole chunk at once."""

_OPTIMIZER_NUMBERS = {"adamw": 2, "adam": 2, "sgd": 1}


PROCESS_BYTES = 350 * 2**20
"""Python, PyTorch and the kernels it prepares, before there is a network: measured on a CPU."""


@dataclass(frozen=True)
class Calibration:
    """How fast a machine trains: ``rnncore bench calibration`` measures it.

    ``flops``: floating-point operations a second in a large training step; ``step_overhead``: seconds that a layer
    takes for one time step however small it is; ``fixed``: seconds that a training step takes on top.
    """

    flops: float
    step_overhead: float
    fixed: float

    @classmethod
    def of(cls, body: dict[str, Any]) -> Calibration:
        """From what ``rnncore bench calibration --json`` printed; further keys do not matter. Raises KeyError."""
        return cls(**{name: float(body[name]) for name in ("flops", "step_overhead", "fixed")})


TWO_CORES = Calibration(flops=1.2e11, step_overhead=2e-5, fixed=2e-3)
"""A guess for machines nobody has measured: two CPU cores in float32."""


def stack_parameters(network: Network, inputs: int) -> int:
    """How many numbers the recurrent stack learns, exactly, where it reads ``inputs`` numbers a step."""
    hidden, biases = network.hidden_size, 1 if network.bias else 0
    if network.cell == "transformer":  # two norms, three products to attend and one after, two that feed forward
        block = 12 * hidden * hidden + 2 * hidden + biases * 11 * hidden
        return hidden * (inputs + biases) + network.num_layers * block + hidden * (1 + biases)
    directions, recurrent = (2 if network.bidirectional else 1), network.cell in STEPPED
    total = 0
    for _ in range(network.num_layers):
        a_unit = inputs + biases + ((hidden + biases) if recurrent else 0)
        total += directions * GATES[network.cell] * hidden * a_unit
        inputs = directions * hidden
    return total


def parameters(network: Network, vocabulary_size: int) -> int:
    """How many numbers a language network learns, exactly. ``network`` is filled in."""
    head = vocabulary_size * (1 if network.tied else network.hidden_size + 1)
    return vocabulary_size * network.embedding_size + stack_parameters(network, network.embedding_size) + head


def training_bytes(network: Network, training: Training, vocabulary_size: int) -> int:
    """Memory of a training in bytes: the process, weights, gradients, the optimizer, what the backward pass keeps."""
    hidden, directions = network.hidden_size, 2 if network.bidirectional else 1
    gates = 12 if network.cell == "transformer" else GATES[network.cell]
    a_layer = directions * hidden * (2 * gates + _STATES[network.cell] + (2 if network.dropout else 1))
    a_token = 2 * network.embedding_size + network.num_layers * a_layer + 3 * vocabulary_size
    numbers = (2 + _OPTIMIZER_NUMBERS[training.optimizer]) * parameters(network, vocabulary_size)
    return PROCESS_BYTES + 4 * (numbers + training.batch_size * training.sequence_length * a_token)


def token_flops(network: Network, vocabulary_size: int) -> float:
    """Floating-point operations to learn from one token: two a weight forwards, and twice that backwards."""
    weights = stack_parameters(network, network.embedding_size)
    return 6.0 * (weights + network.hidden_size * vocabulary_size)


def step_seconds(network: Network, training: Training, vocabulary_size: int, machine: Calibration = TWO_CORES) -> float:
    """How long one optimizer step takes."""
    times = training.sequence_length
    called = network.num_layers * (2 if network.bidirectional else 1) * (times if network.cell in STEPPED else 1)
    work = token_flops(network, vocabulary_size) * training.batch_size * times / machine.flops
    return machine.fixed + machine.step_overhead * called + work


def record_bytes(network: Network, training: Training, parameters: int, steps: float, pairs: float = 0) -> int:
    """Memory of a training on records of ``steps`` time steps, in bytes, about. ``pairs``: numbers that are kept of
    each pair of a source's and a target's step, where a small network scores them."""
    hidden, directions = network.hidden_size, 2 if network.bidirectional else 1
    gates = 12 if network.cell == "transformer" else GATES[network.cell]
    a_step = 2 * network.embedding_size + network.num_layers * directions * hidden * (2 * gates + 4)
    numbers = (2 + _OPTIMIZER_NUMBERS[training.optimizer]) * parameters
    return round(PROCESS_BYTES + 4 * (numbers + training.batch_size * (steps * a_step + steps * steps * pairs)))


def record_seconds(
    network: Network, training: Training, steps: float, scores: float, stacks: int, machine: Calibration = TWO_CORES
) -> float:
    """How long one optimizer step over records of ``steps`` time steps takes, about. ``scores``: numbers that the head
    gives a record; ``stacks``: recurrent ones, an encoder-decoder has two."""
    directions, times = (2 if network.bidirectional else 1), (steps if network.cell in STEPPED else 1)
    work = 6.0 * training.batch_size * (steps * stacks * stack_parameters(network, network.embedding_size)
                                        + scores * network.hidden_size)  # fmt: skip
    overhead = machine.step_overhead * network.num_layers * directions * stacks * times
    return machine.fixed + overhead + work / machine.flops
