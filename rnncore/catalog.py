"""What there is to choose from: tasks, token kinds, cells, optimizers … by name, with a label and a sentence.

Torch-free. Forms, REST, the command line and the recipe's validation read the same entries; the code behind an entry
lives in a module of its name (``rnncore.cells.lstm``, ``rnncore.tasks.language_model``) that is imported when used.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One value of a field: its name in a recipe, its label on a page, and what it does in a sentence."""

    name: str
    label: str
    help: str


def _choices(*choices: Choice) -> dict[str, Choice]:
    return {choice.name: choice for choice in choices}


TASKS = _choices(
    Choice("language_model", "Language model", "text goes on"),
)

TOKENS = _choices(
    Choice("char", "Characters", "one token a character: a small vocabulary, no unknown words"),
    Choice("byte", "Bytes", "one token a UTF-8 byte: any text at all, 256 tokens"),
    Choice("word", "Words", "words and punctuation marks; rare ones become one unknown token"),
    Choice("bpe", "Byte pairs", "frequent pieces of words, learned from the text"),
)

CELLS = _choices(
    Choice("rnn", "RNN", "the plain recurrence of Elman (1990): fast, forgets quickly"),
    Choice("gru", "GRU", "two gates (Cho et al. 2014): nearly an LSTM with a quarter fewer weights"),
    Choice("lstm", "LSTM", "three gates and a memory cell (Hochreiter and Schmidhuber 1997)"),
)

NONLINEARITIES = _choices(
    Choice("tanh", "tanh", "bounded: gradients vanish before they explode"),
    Choice("relu", "ReLU", "unbounded: wants a careful start and clipping"),
)

INITS = _choices(
    Choice("default", "Default", "uniform within 1/sqrt(hidden size), as PyTorch does"),
    Choice("orthogonal", "Orthogonal", "recurrent weights keep the length of the state (Saxe et al. 2014)"),
    Choice("chrono", "Chrono", "forget gates start open for as long as a chunk (Tallec and Ollivier 2018)"),
)

SCHEDULES = _choices(
    Choice("constant", "Constant", "stays where the warm-up ends"),
    Choice("cosine", "Cosine", "falls to a twentieth along half a cosine, by the end of training"),
    Choice("plateau", "Plateau", "halves when validation stops improving"),
)

OPTIMIZERS = _choices(
    Choice("adamw", "AdamW", "Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)"),
    Choice("adam", "Adam", "adaptive moments (Kingma and Ba 2015)"),
    Choice("sgd", "SGD", "plain gradient descent with momentum 0.9"),
)

PRECISIONS = _choices(
    Choice("auto", "Automatic", "bfloat16 where this machine multiplies it faster, else float32"),
    Choice("float32", "float32", "single precision throughout"),
    Choice("bfloat16", "bfloat16", "matrix products in bfloat16, weights and optimizer in float32"),
)
