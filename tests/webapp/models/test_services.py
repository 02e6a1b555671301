"""Models: published, described, shared, deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from webapp.models import selectors, services
from webapp.models.folders import folder_of
from webapp.models.models import Model, Share
from webapp.problems import Conflict, Invalid
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(alice, make):
    return make.trained(alice.personal_team)


@pytest.fixture
def model(alice, make, run):
    return make.model(alice.personal_team, alice, run=run)


@pytest.mark.parametrize(("wanted", "step"), [("best", 10), ("last", 20), (10, 10), ("20", 20)])
def test_a_checkpoint_becomes_a_model(alice, run, wanted, step):
    model = services.publish(user=alice, run=run, checkpoint=wanted, name="foxes")
    version = model.newest
    folder = folder_of(version.id)
    assert (folder / "model.safetensors").read_bytes() == b"weights of step %d" % step
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors", "network.json", "tokenizer.json", "recipe.json"}  # fmt: skip
    assert version.bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert (version.step, model.task, version.dataset) == (step, "language_model", run.version.dataset)


def test_the_card_is_filled_from_the_run(alice, run, model):
    assert model.newest.metrics == {"loss": 1.5, "bits_per_character": 2.16}
    assert model.newest.baseline == {"name": "3-gram", "loss": 2.5, "metrics": {"bits_per_character": 3.6}}
    card = model.newest.card
    assert card["data"]["name"] == "foxes.txt"
    assert card["data"]["characters"] == run.version.inspection["statistics"]["characters"]
    assert card["evaluation"] == {"split": "valid", "step": 10, "loss": 1.5, "metrics": {"bits_per_character": 2.16}}
    assert card["samples"][0]["text"] == "quick ```<b>dog</b>"
    assert card["recipe"] == run.filled
    last = services.publish(user=alice, run=run, checkpoint="last", name="last").newest.card
    assert (last["evaluation"]["loss"], last["evaluation"]["step"]) == (1.7, 20)


def test_before_the_first_validation_there_is_a_card_as_well(alice, make):
    run = make.run(alice.personal_team, status="running")
    with pytest.raises(Conflict, match="no checkpoint yet"):
        services.publish(user=alice, run=run, name="early")
    make.checkpoint(run, 5)
    version = services.publish(user=alice, run=run, name="early").newest
    assert (version.step, version.metrics, version.baseline, version.card["samples"]) == (5, {}, {}, [])


def test_what_is_not_there_cannot_be_published(alice, run):
    with pytest.raises(Invalid, match="10, 20"):
        services.publish(user=alice, run=run, checkpoint=15, name="foxes")
    with pytest.raises(Invalid, match="name"):
        services.publish(user=alice, run=run, name=" ")
    assert not Model.objects.exists()


def test_a_checkpoint_that_goes_while_it_is_copied_leaves_nothing(alice, run, monkeypatch):
    def gone(*args: object) -> None:
        raise FileNotFoundError

    before = set(folder_of("any").parent.glob("*"))
    monkeypatch.setattr("webapp.models.folders._copy", gone)
    with pytest.raises(Conflict):
        services.publish(user=alice, run=run, name="foxes")
    assert not Model.objects.exists()
    assert set(folder_of("any").parent.glob("*")) == before


def test_name_and_card_can_change(alice, model):
    services.update(user=alice, model=model, name="bears", card={"description": "of the forest", "samples": None})
    model = selectors.model_for(alice, model.id)
    card = selectors.version_of(model).card
    assert (model.name, card["description"]) == ("bears", "of the forest")
    assert "samples" not in card
    assert card["data"]["name"] == "foxes.txt"
    with pytest.raises(Invalid, match="card"):
        services.update(user=alice, model=model, card={"description": "a" * 300_000})


def test_a_card_that_was_read_can_be_sent_back(alice, model):
    sent = {
        **model.newest.card,
        "description": "of the forest",
        "licence": "CC0-1.0",
        "tags": ["foxes"],
        "mood": "good",
    }
    model = services.update(user=alice, model=model, card=sent)
    assert model.newest.card == sent


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", 5), ("evaluation", 5), ("baselines", {"unigram": 1}), ("samples", [{}]), ("recipe", "lstm"),
        ("data", {"characters": "many"}), ("training", {"step": "last"}), ("task", ["a"]),
        ("licence", "\ud800"), ("\udfff", 1), ("accuracy", float("nan")), ("accuracy", [float("inf")]),
    ],
)  # fmt: skip
def test_a_card_that_no_page_could_show_is_refused(alice, model, field, value):
    before = dict(model.newest.card)
    with pytest.raises(Invalid, match="card"):
        services.update(user=alice, model=model, card={field: value})
    assert selectors.version_of(selectors.model_for(alice, model.id)).card == before


def test_a_link_opens_the_model_until_it_is_revoked(alice, model):
    share, path = services.share(user=alice, model=model)
    secret = path.removeprefix("/s/")
    assert secret not in str(Share.objects.values().get())
    assert selectors.shared(secret).model == model
    assert selectors.shared(secret + "x") is None
    assert list(selectors.shares_of(alice, model)) == [share]
    services.revoke(user=alice, share=share)
    services.revoke(user=alice, share=share)
    assert selectors.shared(secret) is None
    assert not selectors.shares_of(alice, model).exists()


def test_a_link_ends_when_it_says(alice, model):
    now = timezone.now()
    with pytest.raises(Invalid, match="expires_at"):
        services.share(user=alice, model=model, expires_at=now)
    share, path = services.share(user=alice, model=model, expires_at=now + timedelta(hours=1))
    assert selectors.shared(path.removeprefix("/s/")) == share
    Share.objects.update(expires_at=now - timedelta(seconds=1))
    assert selectors.shared(path.removeprefix("/s/")) is None


def test_a_deleted_model_is_gone_with_its_files_and_links(alice, model):
    _, path = services.share(user=alice, model=model)
    folder = folder_of(model.newest.id)
    services.delete(user=alice, model=model)
    assert not folder.exists()
    assert selectors.shared(path.removeprefix("/s/")) is None


def test_a_viewer_may_not_and_an_outsider_sees_nothing(alice, bob, charlie, model, run):
    share, _ = services.share(user=alice, model=model)
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        with pytest.raises(error):
            services.publish(user=user, run=run, name="mine")
        with pytest.raises(error):
            services.update(user=user, model=model, name="mine")
        with pytest.raises(error):
            services.share(user=user, model=model)
        with pytest.raises(error):
            services.revoke(user=user, share=share)
        with pytest.raises(error):
            selectors.share_for(user, share.id)
        with pytest.raises(error):
            services.delete(user=user, model=model)
    assert selectors.model_for(bob, model.id) == model
    with pytest.raises(Http404):
        selectors.shares_of(charlie, model)
    assert Model.objects.get().name == "foxes"
