"""Datasets: pasted text, names, deletion, the bytes once."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from webapp.datasets import blobs, parts, selectors, services
from webapp.datasets.models import Dataset, Upload, Version
from webapp.problems import Invalid
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db


def test_pasted_text_is_an_upload_like_any_other(alice, settings):
    dataset = services.create_from_text(user=alice, team=alice.personal_team, name="Bären", text="Grüß Gott 🐻\n")
    version = dataset.version
    assert (dataset.name, version.filename, version.status) == ("Bären", "Bären.txt", "processing")
    assert (settings.DATA / version.source).read_text() == "Grüß Gott 🐻\n"
    assert version.bytes == len("Grüß Gott 🐻\n".encode())
    assert selectors.uploads_of(alice) == []


def test_half_a_character_is_refused(alice):
    with pytest.raises(Invalid, match="text"):
        services.create_from_text(user=alice, team=alice.personal_team, name="a", text="ab\ud800")
    assert not Upload.objects.exists()


def test_a_viewer_may_not_and_an_outsider_sees_nothing(alice, bob, charlie, make):
    team = alice.personal_team
    dataset = make.dataset(team)
    Membership.objects.filter(user=bob, team=team).update(role="viewer")
    given = {"filename": "a.txt", "length": 1, "team": team}
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        with pytest.raises(error):
            services.create_upload(user=user, **given)
        with pytest.raises(error):
            services.rename(user=user, dataset=dataset, name="mine")
        with pytest.raises(error):
            services.delete(user=user, dataset=dataset)
        with pytest.raises(error):
            services.create_from_text(user=user, team=team, name="a", text="b")
    assert Dataset.objects.get().name == "foxes.txt"


def test_unfinished_uploads_can_be_found_again_and_taken_back(alice, charlie):
    upload = services.create_upload(user=alice, team=alice.personal_team, filename="a.txt", length=10)
    with parts.writing(upload.id) as part:
        parts.write(part, b"abc")
    found = selectors.uploads_of(alice)
    assert [(item.id, item.offset) for item in found] == [(upload.id, 3)]
    assert selectors.uploads_of(charlie) == []
    services.cancel_upload(user=alice, upload=upload)
    assert selectors.uploads_of(alice) == []
    assert parts.length(upload.id) is None


def test_the_newest_version_is_the_dataset(alice, make, django_assert_num_queries):
    dataset = make.dataset(alice.personal_team)
    make.dataset(alice.personal_team)
    newer = Version.objects.create(dataset=dataset, number=2, filename="b.txt")
    with django_assert_num_queries(3):
        listed = list(selectors.datasets_of(alice))
        assert [item.version.number for item in listed] == [1, 2]
    assert selectors.dataset_for(alice, dataset.id).version == newer
    assert Dataset.objects.get(id=dataset.id).version == newer


def test_the_same_bytes_lie_once_and_go_with_their_last_owner(alice, make):
    first, second = make.dataset(alice.personal_team), make.dataset(alice.personal_team)
    path = blobs.path_of(first.version.sha256)
    services.delete(user=alice, dataset=first)
    assert path.exists()
    services.delete(user=alice, dataset=second)
    assert not path.exists()
    assert not Version.objects.exists()


def test_a_run_holds_on_to_its_data(alice, make):
    dataset = make.dataset(alice.personal_team)
    make.run(alice.personal_team, dataset=dataset)
    with pytest.raises(services.InUse, match="1 run uses it: “a run”"):
        services.delete(user=alice, dataset=dataset)
    assert blobs.path_of(dataset.version.sha256).exists()


def test_bytes_that_nobody_has_read_yet_go_as_well(alice, settings):
    dataset = services.create_from_text(user=alice, team=alice.personal_team, name="a", text="b")
    source = settings.DATA / dataset.version.source
    assert source.exists()
    services.delete(user=alice, dataset=dataset)
    assert not source.exists()


def test_putting_the_same_bytes_twice_keeps_one(settings):
    folder = settings.DATA / "uploads"
    folder.mkdir(exist_ok=True)
    for name in ("one", "two"):
        (folder / name).write_bytes(b"same")
        path = blobs.put(folder / name, "ab" * 32)
        assert path.read_bytes() == b"same"
        assert not (folder / name).exists()
    blobs.remove("ab" * 32)
    assert not path.exists()
