"""What there is to choose from: tasks, token kinds, cells, optimizers … by name, with a label and a sentence.

Torch-free. Forms, REST, the command line and the recipe's validation read the same entries; the code behind an entry
lives in a module of its name (``rnncore.cells.lstm``, ``rnncore.tasks.language_model``) that is imported when used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Choice:
    """One value of a field: its name in a recipe, its label on a page, and what it does in a sentence."""

    name: str
    label: str
    help: str


T = TypeVar("T", bound=Choice)


@dataclass(frozen=True)
class TaskChoice(Choice):
    """A task.

    ``fields``: those of a recipe that not every task has and this one does. ``shape``: from what to what, as texts
    on recurrent networks draw it. ``metric``: the figure that stands for the
    task beside its loss, and whether ``higher`` is better. ``generates``: it writes forwards and cannot read what is
    not written yet. ``predicts``: it answers an input (``rnncore predict``) rather than writing on. ``defaults``: the
    module of :mod:`rnncore.defaults` that fills in its recipes. ``loss``: what its loss counts.
    """

    shape: str
    metric: str
    fields: tuple[str, ...]
    higher: bool = True
    generates: bool = False
    predicts: bool = True
    defaults: str = "records"
    loss: str = "nats per token"


@dataclass(frozen=True)
class CellChoice(Choice):
    """A cell. ``inits``: which of :data:`INITS` suit its weights. ``bounded``: its outputs have passed a tanh, and one
    that is near 1 hardly learns."""

    inits: tuple[str, ...] = ("default", "orthogonal", "chrono")
    bounded: bool = True


def _choices(*choices: T) -> dict[str, T]:
    return {choice.name: choice for choice in choices}


_TEXT = ("tokens", "vocabulary_size", "sequence_length")
_POOLED = ("text_column", "value_columns", "label_column", "group_column", *_TEXT, "pooling")

TASKS = _choices(
    TaskChoice("language_model", "Language model", "text goes on", "many to many, aligned", "bits_per_character",
               (*_TEXT, "documents", "tied", "prompts", "temperatures", "length"),
               higher=False, generates=True, predicts=False, defaults="language_model"),
    TaskChoice("classification", "Classification", "a sequence gets a label", "many to one", "accuracy", _POOLED,
               loss="nats per record"),
    TaskChoice("regression", "Regression", "a sequence gets a number", "many to one", "mae", _POOLED, higher=False,
               loss="squared error, scaled"),
    TaskChoice("tagging", "Tagging", "each word gets a tag", "many to many, aligned", "accuracy",
               ("text_column", "tag_column", "group_column", "vocabulary_size", "sequence_length", "crf",
                "character_size")),
    TaskChoice("seq2seq", "Sequence to sequence", "a sequence becomes another", "many to many, not aligned",
               "exact_match", ("source_column", "target_column", "group_column", *_TEXT, "target_tokens", "attention",
                               "teacher_forcing", "beam_size", "tied")),
    TaskChoice("conditional_generation", "Conditional generation", "a label or numbers become a sequence",
               "one to many", "bits_per_character",
               ("text_column", "condition_columns", "group_column", *_TEXT, "tied", "temperatures", "length"),
               higher=False, generates=True, predicts=False),
    TaskChoice("forecasting", "Forecasting", "a series goes on", "series to future", "mase",
               ("time_column", "value_columns", "known_columns", "strategy", "horizon", "lookback", "quantiles",
                "season", "split_rows"), higher=False, defaults="series", loss="pinball loss, scaled"),
)  # fmt: skip

POOLINGS = _choices(
    Choice("last", "Last state", "what is in mind after the last step (of both directions)"),
    Choice("mean", "Mean", "the mean of the outputs of all steps"),
    Choice("max", "Max", "the largest output of each unit"),
    Choice("attention", "Attention", "a learned weighted mean of the outputs (Yang et al. 2016)"),
)

ATTENTIONS = _choices(
    Choice("none", "None", "the last state alone carries the source: shows what is lost"),
    Choice("dot", "Dot product", "decoder state times encoder output (Luong et al. 2015)"),
    Choice("general", "General", "the same with a learned matrix between (Luong et al. 2015)"),
    Choice("additive", "Additive", "a small network scores each pair (Bahdanau et al. 2015)"),
)

STRATEGIES = _choices(
    Choice("direct", "Direct", "all steps of the horizon at once"),
    Choice("recursive", "Recursive", "one step after the other, each read back in"),
)

TOKENS = _choices(
    Choice("char", "Characters", "one token a character: a small vocabulary, no unknown words"),
    Choice("byte", "Bytes", "one token a UTF-8 byte: any text at all, 256 tokens"),
    Choice("word", "Words", "words and punctuation marks; rare ones become one unknown token"),
    Choice("bpe", "Byte pairs", "frequent pieces of words, learned from the text"),
)

CELLS = _choices(
    CellChoice("rnn", "RNN", "the plain recurrence of Elman (1990): fast, forgets quickly",
               inits=("default", "orthogonal")),
    CellChoice("gru", "GRU", "two gates (Cho et al. 2014): nearly an LSTM with a quarter fewer weights"),
    CellChoice("lstm", "LSTM", "three gates and a memory cell (Hochreiter and Schmidhuber 1997)"),
    CellChoice("mingru", "minGRU", "one gate that sees the input alone: all steps at once (Feng et al. 2024)",
               inits=("default", "chrono"), bounded=False),
    CellChoice("minlstm", "minLSTM", "two gates that see the input alone: all steps at once (Feng et al. 2024)",
               inits=("default", "chrono"), bounded=False),
    CellChoice("transformer", "Transformer", "no recurrence: attends to the steps of a window (Vaswani et al. 2017)",
               inits=("default",), bounded=False),
)  # fmt: skip

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
