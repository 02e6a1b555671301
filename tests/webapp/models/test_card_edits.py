"""The card: what may be written on it, how it is shown, and two people who write at once."""

from __future__ import annotations

import html
import re

import pytest

from webapp.models import selectors, services
from webapp.models.models import Model
from webapp.models.readme import markdown
from webapp.models.templatetags.prose import prose

pytestmark = pytest.mark.django_db

MEGABYTE = "<b onclick=x>" * 80_000


@pytest.fixture
def model(alice, make):
    model = make.model(alice.personal_team, alice)
    return services.update(user=alice, model=model, card={"description": "first", "note": "line 1\nline 2"})


@pytest.fixture
def opened(client):
    """Opens the form as somebody; the fields as their browser would send them back."""

    def opened(user, model) -> dict[str, str]:
        client.force_login(user)
        page = client.get(f"/models/{model.id}/edit/").content.decode()
        fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
        for name in ("licence", "tags"):
            fields.setdefault(name, "")
            fields.setdefault(f"initial-{name}", "")
        fields |= dict(re.findall(r'<textarea name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL))
        fields |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL))
        return {name: html.unescape(text).replace("\n", "\r\n") for name, text in fields.items()}

    return opened


@pytest.fixture
def save(client):
    def save(user, model, fields):
        client.force_login(user)
        return client.post(f"/models/{model.id}/edit/", fields)

    return save


def stored(model) -> dict:
    return Model.objects.get(id=model.id).words


class TestPage:
    def test_all_fields(self, alice, model, opened, save, client):
        fields = opened(alice, model) | {
            "name": "Bears", "licence": "CC0-1.0", "tags": "Woods,  small , woods",
            "intended_use": "For **fun**\r\n\r\n- a",
        }  # fmt: skip
        assert save(alice, model, fields)["Location"] == f"/models/{model.id}/"
        row = Model.objects.get(id=model.id)
        assert (row.name, row.tag_list, row.changed_by) == ("Bears", ["Woods", "small"], alice)
        assert row.words == {
            "description": "first", "note": "line 1\nline 2", "licence": "CC0-1.0",
            "intended_use": "For **fun**\n\n- a",
        }  # fmt: skip
        page = client.get(f"/models/{model.id}/").content.decode()
        assert "Creative Commons Zero 1.0" in page
        assert "<strong>fun</strong>" in page
        assert "<li>a</li>" in page
        assert "small" in client.get("/models/?q=small").content.decode()
        readme = markdown(selectors.version_of(row))
        assert "## Licence\n\nCreative Commons Zero 1.0 (CC0-1.0)" in readme
        assert "For **fun**\n\n- a" in readme

    def test_what_is_emptied_is_gone(self, alice, model, opened, save):
        save(alice, model, opened(alice, model) | {"note": ""})
        assert stored(model) == {"description": "first"}

    def test_saving_nothing_new_is_no_change(self, alice, model, opened, save):
        assert save(alice, model, opened(alice, model)).status_code == 302
        assert Model.objects.get(id=model.id).revision == model.revision

    def test_a_megabyte_of_markup_is_refused_and_stays_in_the_form(self, alice, model, opened, save):
        answer = save(alice, model, opened(alice, model) | {"note": MEGABYTE, "licence": "mine"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert re.search(r'id="id_note_error">It has at most 20,000 characters; this has 1,040,000\.', page)
        assert html.escape(MEGABYTE) in page
        assert 'value="mine"' in page
        assert "maxlength" not in page, "a browser would cut what is pasted without a word"
        assert stored(model) == model.words

    @pytest.mark.parametrize(
        ("field", "text", "said"),
        [
            ("name", " ", "This field is required"), ("name", "n" * 201, "at most 200 characters"),
            ("licence", "l" * 201, "at most 200 characters"),
            ("tags", ",".join(map(str, range(13))), "at most 12 tags"), ("tags", "t" * 41, "at most 40 characters"),
            ("description", "d" * 4001, "at most 4,000 characters"),
            ("intended_use", "u" * 10_001, "at most 10,000 characters"),
        ],
    )  # fmt: skip
    def test_bounds_are_told_at_the_field(self, alice, model, opened, save, field, text, said):
        answer = save(alice, model, opened(alice, model) | {field: text})
        assert answer.status_code == 422
        assert re.search(rf'id="id_{field}_error">[^<]*{said}', answer.content.decode())
        assert Model.objects.get(id=model.id).revision == model.revision


class TestTwoPeople:
    def test_other_fields_are_both_kept(self, alice, bob, model, opened, save):
        mine, theirs = opened(alice, model), opened(bob, model)
        assert save(bob, model, theirs | {"licence": "MIT"}).status_code == 302
        assert save(alice, model, mine | {"note": "mine"}).status_code == 302
        assert stored(model) == {"description": "first", "licence": "MIT", "note": "mine"}

    def test_the_same_field_comes_back_with_both_and_is_saved_the_second_time(
        self, alice, bob, model, opened, save, client
    ):
        mine, theirs = opened(alice, model), opened(bob, model)
        save(bob, model, theirs | {"note": "what <bob> wrote", "licence": "MIT"})
        answer = save(alice, model, mine | {"note": "what alice wrote", "description": "second"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert stored(model) == {"description": "first", "note": "what <bob> wrote", "licence": "MIT"}
        assert "bob@example.org changed a field that you changed, too" in page
        assert re.search(r'id="now-note"[^>]*>what &lt;bob&gt; wrote<', page)
        assert "now-description" not in page, "only alice changed it"
        again = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
        assert (again["licence"], again["initial-note"]) == ("MIT", "what &lt;bob&gt; wrote")
        assert "what alice wrote" in page
        sent = {name: html.unescape(text) for name, text in again.items()}
        sent |= {"note": "what both wrote", "description": "second", "intended_use": ""}
        assert save(alice, model, sent).status_code == 302
        assert stored(model) == {"description": "second", "note": "what both wrote", "licence": "MIT"}

    def test_the_same_text_twice_is_no_conflict(self, alice, bob, model, opened, save):
        mine, theirs = opened(alice, model), opened(bob, model)
        save(bob, model, theirs | {"note": "same"})
        assert save(alice, model, mine | {"note": "same"}).status_code == 302

    def test_a_write_between_reading_and_writing_is_seen(self, alice, bob, model, opened, save, monkeypatch):
        real, others = services.update, iter(["from bob"])

        def update(**given):
            for text in others:
                real(user=bob, model=model, card={"note": text})
            return real(**given)

        fields = opened(alice, model)
        monkeypatch.setattr(services, "update", update)
        assert save(alice, model, fields | {"note": "from alice"}).status_code == 409
        assert stored(model)["note"] == "from bob"


class TestRest:
    @pytest.fixture
    def patch(self, client, alice, model, token):
        headers = {"Authorization": f"Bearer {token(alice)}"}

        def patch(body, **more):
            given = {"content_type": "application/json", "headers": {**headers, **more}}
            return client.patch(f"/api/v1/models/{model.id}", body, **given)

        return patch

    def test_a_megabyte_is_refused_at_the_field(self, patch, model):
        answer = patch({"card": {"note": MEGABYTE, "licence": "MIT"}})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"] == "card.note"
        assert "at most 20,000 characters; this has 1,040,000" in error["message"]
        free = patch({"card": {"story": MEGABYTE}})
        assert (free.status_code, free.json()["errors"][0]["field"]) == (422, "card")
        assert stored(model) == model.words

    @pytest.mark.parametrize("tags", ["a", [1], [["a"]]])
    def test_tags_are_texts(self, patch, tags):
        answer = patch({"card": {"tags": tags}})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].startswith("card.tags")

    def test_tags_have_no_control_characters(self, patch):
        """Postgres takes no NUL into the column, and marks that turn the direction make tags lie."""
        assert patch({"card": {"tags": ["a\0b", "\u202egnp\x07"]}}).json()["card"]["tags"] == ["ab", "gnp"]

    def test_an_old_revision_changes_nothing(self, patch, model):
        first = patch({"card": {"note": "a"}, "revision": model.revision})
        assert (first.status_code, first["ETag"]) == (200, f'"{model.revision + 1}"')
        assert first.json()["revision"] == model.revision + 1
        late = patch({"card": {"note": "b"}, "revision": model.revision})
        assert late.status_code == 409
        assert "alice@example.org changed it meanwhile" in late.json()["detail"]
        assert patch({"card": {"note": "b"}}, **{"If-Match": f'"{model.revision}"'}).status_code == 412
        assert stored(model)["note"] == "a"
        assert patch({"card": {"note": "b"}}, **{"If-Match": first["ETag"]}).status_code == 200
        assert patch({"card": {"note": "c"}}, **{"If-Match": "*"}).status_code == 200
        assert patch({"card": {"note": "d"}}).status_code == 200, "whoever names none means the card as it is"
        for weak in ('W/"1"', f'W/"{Model.objects.get(id=model.id).revision}"'):  # however right it is
            assert patch({"name": "x"}, **{"If-Match": weak}).status_code == 412
        wrong = patch({"name": "x"}, **{"If-Match": '"abc"'})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "If-Match")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](JaVaScRiPt&colon;alert(1))", None), ("<javascript:alert(1)>", None), ("[a](data:text/html,x)", None),
        ('[a](https://x.org/"onclick=x)', None), ("![a](https://x.org/a.png)", None), ("# a", "<p># a</p>"),
        ("[a]: https://x.org\n\n[a]", None), ("`<b>`", "<p><code>&lt;b&gt;</code></p>"), ("", ""), (None, ""),
        ("**a** *b*\nc", "<p><strong>a</strong> <em>b</em><br>\nc</p>"),
    ],
)  # fmt: skip
def test_what_people_write_is_shown_without_harm(written, shown):
    found = str(prose(written)).strip()
    if shown is not None:
        assert found == shown
    tags = re.findall(r"<[^>]*>", found)
    assert set(tags) <= {
        "<p>",
        "</p>",
        "<code>",
        "</code>",
        "<strong>",
        "</strong>",
        "<em>",
        "</em>",
        "<br>",
        "</a>",
    } | {
        tag
        for tag in tags
        if re.fullmatch(r'<a href="https://[^"]*" rel="nofollow noopener noreferrer" class="link">', tag)
    }


def test_a_readme_has_no_markup_but_its_own():
    from webapp.models.readme import _lines

    assert _lines("**a** <b>\n- [x](y) ![z](w)") == "**a** \\<b\\>\n- \\[x\\](y) \\!\\[z\\](w)"
