"""The list, pasted text and one dataset, as owner, team mate, viewer and outsider."""

import pytest

from webapp.datasets.models import Dataset, Upload, Version
from webapp.teams.models import Membership

MARKUP = "<script>alert(1)</script> & \0 \ufffd\n" * 50


def body(response) -> str:
    return response.content.decode()


def test_the_list_shows_what_there_is(signed_in, make, alice):
    make.read(alice.personal_team, name="<b>poems</b>.txt")
    make.dataset(alice.personal_team, name="on its way.txt", status="processing")
    make.dataset(alice.personal_team, name="nothing.txt", status="failed")
    text = body(signed_in.get("/datasets/"))
    assert "&lt;b&gt;poems&lt;/b&gt;.txt" in text
    assert "<b>poems" not in text
    assert "8,800 characters" in text
    assert "The file is empty." in text
    assert text.count("hx-trigger") == 1  # what is being read asks for itself again, nothing else does


def test_an_empty_list_has_a_drop_zone(signed_in, settings):
    text = body(signed_in.get("/datasets/"))
    assert f'data-max-bytes="{settings.MAX_UPLOAD_BYTES}"' in text
    assert 'type="file" id="files" multiple' in text
    assert "data-search" not in text


def test_search_by_name(signed_in, make, alice):
    for name in ("Goethe.txt", "schiller.txt"):
        make.read(alice.personal_team, name=name)
    found = body(signed_in.get("/datasets/?q=goe"))
    assert "Goethe.txt" in found
    assert "schiller.txt" not in found
    assert "Nothing found" in body(signed_in.get("/datasets/?q=%3Cb%3E"))


def test_a_long_list_has_pages(signed_in, make, alice):
    for number in range(51):
        make.dataset(alice.personal_team, name=f"text {number}", status="failed")
    first, second = body(signed_in.get("/datasets/")), body(signed_in.get("/datasets/?page=2"))
    assert "text 50" in first
    assert "Page 1 of 2" in first
    assert 'href="?page=2"' in first
    assert ">text 0</a>" in second


def test_an_unfinished_upload_waits_to_be_gone_on_with(signed_in, alice):
    from webapp.datasets.services import create_upload

    upload = create_upload(user=alice, team=alice.personal_team, filename="big.txt", length=1000)
    text = body(signed_in.get("/datasets/"))
    assert f'data-upload="{upload.id}"' in text
    assert "Choose the same file again" in text
    signed_in.post(f"/datasets/uploads/{upload.id}/discard/")
    assert not Upload.objects.exists()


def test_pasted_text_becomes_a_dataset(signed_in, valkey):
    response = signed_in.post("/datasets/paste/", {"name": "haiku", "text": "an old silent pond\r\n"})
    dataset = Dataset.objects.get()
    assert response.headers["Location"] == f"/datasets/{dataset.id}/"
    assert dataset.name == "haiku"
    assert dataset.version.status == "processing"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "", "text": "words"}, "name"),
        ({"name": "haiku", "text": ""}, "text"),
        ({"name": "haiku", "text": "x" * 1_000_001}, "text"),
        ({"name": "\x01", "text": "words"}, "name"),
    ],
)
def test_what_is_wrong_with_pasted_text_stands_at_its_field(signed_in, given, field):
    response = signed_in.post("/datasets/paste/", given)
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in body(response)
    assert not Dataset.objects.exists()


def test_a_dataset_shows_its_statistics_and_text(signed_in, dataset):
    text = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert "8,800" in text
    assert "the quick brown fox" in text
    assert dataset.version.sha256 in text
    assert "U+0020 space" in text
    assert f'href="/runs/new/?dataset={dataset.id}"' in text


def test_markup_and_odd_bytes_are_shown_not_obeyed(signed_in, make, alice):
    dataset = make.read(alice.personal_team, text=MARKUP, name='"><img src=x>.txt')
    text = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<img" not in text
    assert '<mark class="odd" title="U+0000 control character"><span class="box">NUL</span></mark>' in text
    assert "could not be decoded" in text


def test_problems_have_their_place(signed_in, dataset):
    version = dataset.version
    version.inspection["problems"] = [
        {"severity": "warning", "message": "NUL <bytes>", "line": 1200, "offset": 0, "count": 3}
    ]
    version.save()
    text = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert "NUL &lt;bytes&gt;" in text
    assert f'href="/datasets/{dataset.id}/lines/?version=1&amp;line=1200">line 1,200</a> · byte 0 · 3 times' in text


def test_a_guessed_encoding_is_called_a_guess(signed_in, dataset):
    assert "a guess" not in body(signed_in.get(f"/datasets/{dataset.id}/"))
    Version.objects.update(inspection={**dataset.version.inspection, "encoding": "cp1252", "encoding_guessed": True})
    text = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert "CP1252" in text
    assert "a guess" in text


def test_while_it_is_read_the_page_asks_again(signed_in, make, alice):
    dataset = make.dataset(alice.personal_team, status="processing")
    page = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert 'hx-trigger="every 1s"' in page
    assert "Train on this" not in page
    fragment = body(signed_in.get(f"/datasets/{dataset.id}/", headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert 'id="dataset"' in fragment


def test_a_failed_one_says_why(signed_in, make, alice):
    dataset = make.dataset(alice.personal_team, status="failed")
    Version.objects.update(error={"message": "It is <binary>.", "hint": "Give text.", "line": None, "offset": 0})
    text = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert "It is &lt;binary&gt;." in text
    assert "Give text." in text
    assert "byte 0 of" in text
    assert "Train on this" not in text


@pytest.mark.parametrize(
    ("message", "told"),
    [("{}: a quote is never closed", "A quote is never closed"), ("{} is a picture", "{} is a picture")],
)
def test_a_failed_one_is_named_once(signed_in, make, alice, message, told):
    dataset = make.dataset(alice.personal_team, status="failed")
    filename = Version.objects.get().filename
    Version.objects.update(error={"message": message.format(filename), "hint": "", "line": None, "offset": None})
    told = f">{told.format(filename)}<"
    assert told in body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert told in body(signed_in.get("/datasets/"))


def test_renaming(signed_in, dataset):
    signed_in.post(f"/datasets/{dataset.id}/rename/", {"name": "Foxes & dogs"})
    dataset.refresh_from_db()
    assert dataset.name == "Foxes & dogs"
    answer = signed_in.post(f"/datasets/{dataset.id}/rename/", {"name": " "}, follow=True)
    assert "The name stays as it was" in body(answer)


def test_deleting_asks_first_and_says_what_is_lost(signed_in, dataset):
    text = body(signed_in.get(f"/datasets/{dataset.id}/"))
    assert "The file (8.80\u00a0kB) and its statistics are lost." in text
    answer = signed_in.post(f"/datasets/{dataset.id}/delete/", follow=True)
    assert "is deleted" in body(answer)
    assert not Dataset.objects.exists()


def test_what_a_run_was_trained_on_stays(signed_in, dataset, make, alice):
    make.run(alice.personal_team, dataset=dataset)
    answer = signed_in.post(f"/datasets/{dataset.id}/delete/", follow=True)
    assert "trained on it" in body(answer)
    assert Dataset.objects.exists()


def test_a_team_mate_may_an_outsider_sees_nothing(client, dataset, bob, charlie):
    client.force_login(bob)
    assert client.get(f"/datasets/{dataset.id}/").status_code == 200
    client.force_login(charlie)
    assert "foxes" not in body(client.get("/datasets/"))
    for path in ("", "row/"):
        assert client.get(f"/datasets/{dataset.id}/{path}").status_code == 404
    for action in ("rename", "delete"):
        assert client.post(f"/datasets/{dataset.id}/{action}/", {"name": "mine"}).status_code == 404
    assert Dataset.objects.get().name == "foxes.txt"


def test_a_viewer_looks_and_changes_nothing(client, dataset, bob):
    Membership.objects.filter(user=bob).exclude(team__personal_of=bob).update(role="viewer")
    client.force_login(bob)
    text = body(client.get(f"/datasets/{dataset.id}/"))
    for word in ("Train on this", 'data-opens="rename"', 'data-opens="delete"'):
        assert word not in text
    refused = client.post(f"/datasets/{dataset.id}/delete/")
    assert refused.status_code == 403
    assert "not yours to change" in body(refused)


def test_nobody_is_asked_to_sign_in(client, dataset):
    for path in ("/datasets/", "/datasets/paste/", f"/datasets/{dataset.id}/", f"/datasets/{dataset.id}/row/"):
        assert client.get(path).headers["Location"].startswith("/accounts/login/"), path
