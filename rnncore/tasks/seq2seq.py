"""Sequence to sequence, many to many and not aligned: a source is read, then a target is written.

Loss is nats per target token, the end token counted, each scored with the true tokens before it. The other figures are
those of what the network writes on its own: greedily for some sources of the validation part, by beam search for all of
the test part. A source with several targets has several right answers; its records stay in one part.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from rnncore import networks, text_metrics
from rnncore.data import vocabulary
from rnncore.data.buckets import Buckets
from rnncore.data.vocabulary import Vocabulary
from rnncore.defaults import Facts
from rnncore.errors import CheckpointError, DataError, PromptError, RecipeError
from rnncore.events import Baseline, Example
from rnncore.networks.encoder_decoder import EncoderDecoder
from rnncore.networks.init import tied_embedding
from rnncore.recipe import Recipe
from rnncore.tasks import Measured, Sources, answers, known, records
from rnncore.tasks.answers import Limits, Question
from rnncore.tasks.inputs import TextInput
from rnncore.tasks.records import Part, Records
from rnncore.tasks.written import ended, mean_loss, never_empty, record_losses, shifted
from rnncore.text_metrics import Text
from rnncore.train import diagnostics
from rnncore.train.precision import Forward

SHOWN = 4
"""Sources of the validation part that every sample shows."""

CEILING = 10
"""Times the loss of a network that knows nothing."""

PROBED = 32
"""Records on which the gradient's reach is looked at: always the same."""

WIDEST = 64
"""Beam of a prediction, at most."""

_DAMAGE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, RecipeError, DataError)

_FIELDS = (
    "cell", "embedding_size", "hidden_size", "num_layers", "dropout", "bidirectional", "nonlinearity", "bias", "tied",
)  # fmt: skip


class Task:
    """See :class:`rnncore.tasks.Task`."""

    done = 0.0

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        self.data = Records(recipe, files, tick)
        self.recipe = self.data.recipe
        self.parts, table = self.data.parts, self.recipe.task
        train, taken = self.parts["train"], known.of(folder)
        if taken:
            both = taken.vocabularies()
            self.source = TextInput(table.source_column, both["source"])
            self.target = TextInput(table.target_column, both["target"])
        else:
            self.source = _input(train, table.source_column, table.tokens, table.vocabulary_size, at_least=2)
            self.target = _input(train, table.target_column, table.target_tokens, table.vocabulary_size, at_least=1)
        self.sources = {name: never_empty(self.source.sequences(part)) for name, part in self.parts.items()}
        self.targets = {name: ended(self.target.sequences(part)) for name, part in self.parts.items()}
        both_parts = chain(self.sources["train"], self.targets["train"])
        self.unknown = known.share_unknown(train.table.name, both_parts) if taken else None
        read, wrote = (records.lengths_of(some["train"]) for some in (self.sources, self.targets))
        self.limits = Limits(int(read.max()), int(wrote.max()))
        self.asked: dict[str, list[Question]] = {}
        self.facts = Facts(
            tokens=int(read.sum() + wrote.sum()), vocabulary_size=self.source.vocabulary.size,
            records=sum(map(len, self.parts.values())), longest=max(self.limits.source, self.limits.target),
            outputs=self.target.vocabulary.size,
        )  # fmt: skip

    def begin(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def network(self) -> nn.Module:
        network = build(self._description())
        memory = self.recipe.training.sequence_length
        for stack in (network.encoder, network.decoder):
            networks.initialize(stack, self.recipe.network.init, memory=memory)
        if self.recipe.network.tied:
            tied_embedding(network.embedding.weight)
        return network

    def texts(self) -> dict[str, str]:
        both = {"source": self.source.vocabulary, "target": self.target.vocabulary}
        description = json.dumps(self._description(), indent=1, ensure_ascii=False)
        return {"network.json": description, "tokenizer.json": vocabulary.save(both)}

    def batches(self) -> Buckets:
        most = self.recipe.training.sequence_length
        self.read = [records.cut(sequence, most) for sequence in self.sources["train"]]
        self.wanted = [records.cut(sequence, most) for sequence in self.targets["train"]]
        return records.training_batches(records.lengths_of(self.read) + records.lengths_of(self.wanted), self.recipe)

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        """While it trains, the share of the truth that the decoder reads falls from 1 to ``task.teacher_forcing`` as
        ``done`` rises (S. Bengio et al., "Scheduled sampling for sequence prediction with recurrent neural networks",
        NeurIPS 2015, with the likeliest token in place of a drawn one)."""
        source, lengths = records.padded([self.read[record] for record in batch], device)
        targets, _ = records.padded([self.wanted[record] for record in batch], device)
        inputs = shifted(targets)
        share = 1 - (1 - self.recipe.task.teacher_forcing) * self.done
        known = None
        if forward.network.training and share < 1:
            known = torch.rand(inputs.shape, device=device) < share
        scores, _ = forward(source, lengths, inputs, known)
        return mean_loss(scores, targets), sum(len(self.wanted[record]) for record in batch), None

    def splits(self) -> tuple[str, ...]:
        return tuple(name for name in ("valid", "test") if name in self.parts)

    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        asked = self._questions(split)
        if split == "valid":
            asked = answers.some(asked)
        beam_size = self.recipe.task.beam_size if split == "test" else 1
        return measured(
            forward, self.parts[split], self.sources[split], self.targets[split], asked, self.source, self.target,
            self.limits, beam_size, device, tick,
        )  # fmt: skip

    def quick_baselines(self) -> list[Baseline]:
        if "valid" not in self.parts:
            return []
        return [answers.copied(answers.some(self._questions("valid")), self.target.vocabulary)]

    def baselines(self) -> None:
        return None

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Example]:
        name = "valid" if "valid" in self.parts else "train"
        chosen = self._questions(name)[:SHOWN]
        sources = [self.sources[name][question.records[0]] for question in chosen]
        device = next(network.parameters()).device
        for question, found in zip(chosen, answers.decode(network, sources, self.limits, 1, device, tick), strict=True):
            yield Example(
                step=step, source=answers.shown(question.source),
                output=self.target.vocabulary.decode(found[0].tokens), reference=question.references[0].text,
            )  # fmt: skip

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        """Of the scores of the first token, by steps before the source's end."""
        most = self.recipe.training.sequence_length
        x, lengths = records.padded([records.cut(one, most) for one in self.sources["train"][:PROBED]], device)
        return diagnostics.gradient_to_the_end(network, network.embed(x), lengths)

    def ceiling(self) -> float:
        return CEILING * float(np.log(self.target.vocabulary.size))

    def _questions(self, split: str) -> list[Question]:
        if split not in self.asked:
            self.asked[split] = answers.questions(self.parts[split], self.source.column, self.target)
        return self.asked[split]

    def _description(self) -> dict[str, Any]:
        """``network.json`` of the filled-in recipe."""
        recipe = self.recipe
        return {
            "format": networks.FORMAT, "task": recipe.task.kind,
            **{name: getattr(recipe.network, name) for name in _FIELDS},
            "attention": recipe.task.attention, "context": recipe.training.sequence_length,
            "source": self.source.to_dict(), "target": self.target.to_dict(), "longest": vars(self.limits),
            "beam_size": recipe.task.beam_size,
        }  # fmt: skip


def _input(part: Part, column: str, tokens: str, size: int | None, *, at_least: int) -> TextInput:
    """``at_least``: how often a word must occur to be known."""
    size = (size or 0) if tokens in ("word", "bpe") else 0
    often = at_least if tokens == "word" else 1
    return TextInput(column, Vocabulary.build(tokens, part.column(column), size, at_least=often))


def build(description: dict[str, Any]) -> EncoderDecoder:
    """The network of a description, with PyTorch's initial weights."""
    return EncoderDecoder(
        description["source"]["vocabulary_size"], description["target"]["vocabulary_size"],
        **{name: description[name] for name in (*_FIELDS, "attention", "context")},
    )  # fmt: skip


class Model:
    """See :class:`rnncore.tasks.Model`."""

    def __init__(self, folder: Path) -> None:
        try:
            self.description = json.loads((folder / "network.json").read_bytes())
            self.recipe = Recipe.load(folder / "recipe.json")
            network = build(self.description)
            network.load_state_dict(load_file(folder / "model.safetensors"))
            known = vocabulary.load(folder / "tokenizer.json")
            self.source = TextInput(self.description["source"]["column"], known["source"])
            self.target = TextInput(self.description["target"]["column"], known["target"])
            self.limits = Limits(**self.description["longest"])
            self.beam_size = int(self.description["beam_size"])
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            RuntimeError,
            SafetensorError,
            RecipeError,
            DataError,
        ) as error:
            raise CheckpointError(f"{folder} is not a whole model: {error}") from None
        self.network = network.eval()
        self.device = torch.device("cpu")

    def predict(
        self, inputs: list[Any], beam_size: int | None = None, alternatives: int | None = None
    ) -> list[dict[str, Any]]:
        """``{"text", "output_tokens", "source_tokens", "alternatives", "attention"}``.

        ``alternatives``: what beam search found, the text itself first, ``[{"text", "probability", "score"}]``; the
        score, nats per token, ranks them. So many at most where it is given. ``attention``: a row an output token, a
        column a source token; not there where the network has none.
        """
        sources = [self.source.sequence(item, number) for number, item in enumerate(inputs, 1)]
        for name, value in (("beam_size", beam_size), ("alternatives", alternatives)):
            if value is not None and not 1 <= value <= WIDEST:
                raise PromptError(f"{name}: must be 1 to {WIDEST}, not {value}")
        size = self.beam_size if beam_size is None else beam_size
        found = answers.decode(self.network, sources, self.limits, size, self.device, lambda: None)
        outputs = [
            self._output(self.source.pieces(item, number), some[:alternatives])
            for number, (item, some) in enumerate(zip(inputs, found, strict=True), 1)
        ]
        weights = answers.attention(self.network, sources, [some[0].tokens for some in found], self.device)
        if weights is None:
            return outputs
        return [output | {"attention": matrix} for output, matrix in zip(outputs, weights, strict=True)]

    def _output(self, pieces: list[str], found: list[answers.Found]) -> dict[str, Any]:
        known = self.target.vocabulary
        best = answers.written(known, found[0].tokens)
        return {
            "text": best.text, "output_tokens": list(best.tokens), "source_tokens": pieces,
            "alternatives": [{
                "text": known.decode(one.tokens), "score": one.score,
                "probability": float(np.exp(one.log_probability)),
            } for one in found],
        }  # fmt: skip

    def inputs(self, data: Path) -> list[Any]:
        return records.inputs_of(data)

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        part = records.whole_part(data, self.recipe, [self.source.column, self.target.column])
        sources, targets = never_empty(self.source.sequences(part)), ended(self.target.sequences(part))
        asked = answers.questions(part, self.source.column, self.target)
        found = measured(
            Forward(self.network, "plain"), part, sources, targets, asked, self.source, self.target, self.limits,
            self.beam_size, self.device, lambda: None,
        )  # fmt: skip
        baseline = answers.copied(asked, self.target.vocabulary)
        return {"loss": found.loss, "metrics": found.metrics, "baseline": {baseline.name: baseline.loss}}


@torch.no_grad()
def losses_of(
    forward: Forward, sources: list[np.ndarray], targets: list[np.ndarray], device: torch.device,
    tick: Callable[[], None], batch_size: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Nats of each record, ``(records,)``, every token scored with the true ones before it."""
    found = np.empty(len(sources))
    for index in records.in_batches(records.lengths_of(sources) + records.lengths_of(targets), tick, batch_size):
        x, lengths = records.padded([sources[record] for record in index], device)
        y, _ = records.padded([targets[record] for record in index], device)
        found[index] = record_losses(forward(x, lengths, shifted(y), None)[0], y)
    return found


def measured(
    forward: Forward, part: Part, sources: list[np.ndarray], targets: list[np.ndarray], asked: list[Question],
    source: TextInput, target: TextInput, limits: Limits, beam_size: int, device: torch.device,
    tick: Callable[[], None],
) -> Measured:  # fmt: skip
    """The loss over every record of a part, and the figures of what is written for the questions ``asked``."""
    nats, counts = losses_of(forward, sources, targets, device, tick), records.lengths_of(targets)
    read = [sources[question.records[0]] for question in asked]
    network: Any = forward.network
    found = answers.decode(network, read, limits, beam_size, device, tick)
    outputs: list[Text] = [answers.written(target.vocabulary, some[0].tokens) for some in found]
    judged = answers.judged(asked, outputs)
    each = nats / counts
    losses = np.array([each[question.records].min() for question in asked])

    def matrix(number: int) -> dict[str, Any] | None:
        weights = answers.attention(network, [read[number]], [found[number][0].tokens], device)
        pieces = source.vocabulary.pieces(asked[number].source)
        return weights and {"source": pieces, "output": list(outputs[number].tokens), "weights": weights[0]}

    report = answers.report(part, asked, judged, records.lengths_of(read), losses, matrix)
    return Measured(float(nats.sum() / counts.sum()), text_metrics.figures(judged), report)
