"""The recipe as a form: every field is there, and what a person types is what the recipe gets."""

import pytest

from rnncore import recipe
from rnncore.recipe import Recipe
from webapp.datasets.models import Dataset
from webapp.runs.estimate import planned
from webapp.runs.recipe_form import KIND, TOPICS, WORDS, RecipeForm, read, summary, write

SPECS = {spec.path: spec for spec in recipe.fields()}
LEFT_OUT = {KIND, "network.bidirectional"}  # of a language model's form: the task has a field of its own


@pytest.fixture
def form(make, alice):
    dataset = make.read(alice.personal_team)
    return lambda data=None: RecipeForm(dataset.version, Dataset.objects.none(), data)


def test_every_field_of_a_recipe_is_there_with_its_text(form):
    fields = form().fields
    for path, spec in SPECS.items():
        if path not in LEFT_OUT and spec.serves("language_model"):
            assert fields[path].label == spec.label
            own = WORDS.get(path, {}).get("language_model", (spec.help,))
            assert fields[path].help_text.startswith(own[0])


def test_every_topic_has_a_fold():
    shown = (spec for path, spec in SPECS.items() if path not in LEFT_OUT and spec.serves("language_model"))
    assert {spec.topic for spec in shown if not spec.prominent} <= {*TOPICS}


def test_an_empty_form_is_the_plain_recipe(form):
    filled = form({})
    assert filled.is_valid()
    assert filled.recipe.to_dict() == {"task": {"kind": "language_model"}}
    assert filled.plan.recipe.network.hidden_size == int(filled.placeholders()["network.hidden_size"])


def test_what_is_typed_arrives(form):
    given = form({
        "task.tokens": "word", "task.documents": "\\n---\\n", "network.cell": "gru", "network.tied": "true",
        "training.batch_size": "1,024", "training.learning_rate": "4e-3", "sampling.prompts": "\r\nROMEO:\\n",
        "sampling.temperatures": "0.5, 1 2",
    })  # fmt: skip
    assert given.is_valid(), given.errors
    assert given.recipe.to_dict() == {
        "task": {"kind": "language_model", "tokens": "word", "documents": "\n---\n"},
        "network": {"cell": "gru", "tied": True},
        "training": {"batch_size": 1024, "learning_rate": 0.004},
        "sampling": {"prompts": ["", "ROMEO:\n"], "temperatures": [0.5, 1.0, 2.0]},
    }


@pytest.mark.parametrize(
    ("path", "typed", "message"),
    [
        ("network.hidden_size", "big", "Must be a whole number, not 'big'."),
        ("network.hidden_size", "1.5", "Must be a whole number, not '1.5'."),
        ("training.learning_rate", "nan", "finite"),
        ("training.batch_size", "0", "Must be at least 1, not 0."),
        ("network.cell", "<b>", "'<b>' is not one of rnn, gru, lstm, mingru, minlstm, transformer."),
        ("network.tied", "perhaps", "true or false"),
        ("sampling.temperatures", "0.5 hot", "number"),
        ("sampling.prompts", "x" * 10_001, "10,001 characters"),
        ("training.device", "abacus", "not one of"),
    ],
)
def test_what_is_wrong_stands_at_its_field(form, path, typed, message):
    wrong = form({path: typed})
    assert not wrong.is_valid()
    assert [*wrong.errors] == [path]
    assert message in " ".join(wrong.errors[path])


def test_contradictions_stand_at_a_field_and_the_rest_is_kept(form):
    wrong = form({"network.cell": "lstm", "network.nonlinearity": "relu", "training.batch_size": "7"})
    assert [*wrong.errors] == ["network.nonlinearity"]
    assert wrong.offered.recipe.training.batch_size == 7


def test_where_the_rest_contradicts_itself_too_the_text_alone_decides(form):
    wrong = form({"training.test_fraction": "0.5", "training.validation_fraction": "0.6", "network.cell": "none"})
    assert not wrong.is_valid()
    assert wrong.offered.recipe.network.cell == "lstm"


def test_unlimited_is_said_in_words(form):
    assert form().placeholders()["training.max_steps"] == "no limit"


def test_what_is_written_is_read_again(form):
    body = {
        "task": {"kind": "language_model", "documents": "\n--\n"}, "sampling": {"prompts": ["", "a\nb"]},
        "training": {"max_steps": 10**6, "max_minutes": 0.5, "weight_decay": 1e-5},
    }  # fmt: skip
    filled = planned(form().version, Recipe.parse(body)).recipe
    for path, spec in SPECS.items():
        value = getattr(getattr(filled, spec.table), spec.name)
        if path not in LEFT_OUT and not spec.choices and spec.type is not bool and value is not None:
            assert read(spec, write(spec, value)) == value, path


def test_each_topic_comes_to_a_line(form):
    given = form({"network.dropout": "0.25", "network.embedding_size": "96", "network.cell": "gru"})
    assert given.is_valid()
    filled = given.offered.recipe
    assert summary("network", filled) == "GRU · dropout 0.25 · embedding 96"
    for topic in TOPICS.keys() - {"columns"}:  # a text has none
        assert summary(topic, filled)
