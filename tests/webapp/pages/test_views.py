"""Home, and the shell around every page."""

import pytest

from webapp.runs.models import Run


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return lambda path="/", **headers: client.get(path, headers=headers)


def test_a_stranger_is_asked_to_sign_in(client, db):
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_an_empty_studio_says_what_to_do(page):
    text = page().content.decode()
    assert "Drop files here" in text
    assert 'id="files"' in text
    assert "How it works" in text


def test_what_trains_waits_and_ended(page, make, alice):
    dataset = make.dataset(alice.personal_team)
    running = make.run(alice.personal_team, dataset=dataset, status="running", name="<b>trains</b>")
    Run.objects.filter(id=running.id).update(
        step=50, steps=200, latest={"loss": 2.125, "remaining_seconds": 200}, sparkline=[[0, 4.0], [50, 2.1]]
    )
    make.run(alice.personal_team, dataset=dataset, name="waits")
    make.run(alice.personal_team, dataset=dataset, status="failed", name="broke")
    text = page().content.decode()
    assert "&lt;b&gt;trains&lt;/b&gt;" in text
    assert "<b>trains" not in text
    assert "Step 50 of 200" in text
    assert "3\u00a0min 20\u00a0s left" in text
    assert "2.125" in text
    assert "<path" in text
    assert text.index("Training now") < text.index("waits") < text.index("broke")


def test_home_asks_again_for_what_trains_alone(page, make, alice):
    make.run(alice.personal_team, status="running")
    fragment = page("/", HX_Request="true").content.decode()
    assert '<div id="now"' in fragment
    assert "<html" not in fragment
    assert 'hx-trigger="every 3s"' in fragment


def test_an_outsider_sees_none_of_it(client, charlie, make, alice):
    dataset = make.dataset(alice.personal_team, name="secret")
    make.run(alice.personal_team, status="running", name="secret run", dataset=dataset)
    client.force_login(charlie)
    assert "secret" not in client.get("/").content.decode()


def test_the_navigation_counts_and_names_where_one_is(page, make, alice):
    make.run(alice.personal_team, status="running")
    text = page("/datasets/").content.decode()
    assert '<a class="tab" href="/datasets/" aria-current="page">' in text
    assert "1 live" in text
    assert '<span class="count">1</span>' in text


def test_pages_hold_nothing_inline(page, make, alice):
    """What the content security policy would refuse, and with it a page that half works."""
    dataset = make.read(alice.personal_team)
    for path in ("/", "/datasets/", f"/datasets/{dataset.id}/", f"/runs/new/?dataset={dataset.id}", "/settings/"):
        response = page(path)
        text = response.content.decode()
        assert response.status_code == 200, path
        assert "style=" not in text, path
        assert "onclick" not in text, path
        assert "<style" not in text, path
        assert "<script>" not in text, path
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/nowhere/", "/datasets/nothing/", "/runs/new/?dataset=nothing"])
def test_what_is_not_there_says_so(page, path):
    response = page(path)
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_the_error_page_needs_nothing_that_may_be_broken(rf):
    from django.views.defaults import server_error

    assert "Something broke" in server_error(rf.get("/")).content.decode()


