"""Home, and the shell around every page."""

import pytest
from django.utils import timezone

from webapp import workers
from webapp.runs.models import Run
from webapp.teams.history import note
from webapp.teams.models import Membership


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


def test_what_is_not_there_leads_a_stranger_to_sign_in_and_back_and_a_member_on(client, page):
    assert 'aria-label="Main"' in page("/nowhere/").content.decode()
    client.logout()
    text = client.get("/nowhere/?a=<b>").content.decode()
    assert 'aria-label="Main"' not in text
    assert 'href="/accounts/login/?next=%2Fnowhere%2F%3Fa%3D%253Cb%253E"' in text


def test_who_may_only_look_is_told_why(client, bob, make, alice):
    run = make.run(alice.personal_team)
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    client.force_login(bob)
    answer = client.post(f"/runs/{run.id}/stop/")
    assert answer.status_code == 403
    assert "Your role in this team (viewer) may not do this. Ask an owner" in answer.content.decode()


def test_the_error_page_needs_nothing_that_may_be_broken(rf):
    from django.views.defaults import server_error

    assert "Something broke" in server_error(rf.get("/")).content.decode()


@pytest.fixture
def nobody_works(monkeypatch):
    monkeypatch.setattr("webapp.workers.workers", list)


@pytest.mark.usefixtures("nobody_works")
def test_a_run_that_only_minutes_bound_shows_how_far_it_is(page, make, alice):
    run = make.run(alice.personal_team, status="running")
    filled = {"task": {"kind": "language_model"}, "training": {"max_minutes": 2}}
    Run.objects.filter(id=run.id).update(filled=filled, step=50, steps=None, latest={"seconds": 30, "epoch": 1.25})
    text = page().content.decode()
    assert '<progress class="bar" max="1" value="0.25' in text
    assert "Step 50 · epoch 1.2" in text


@pytest.mark.usefixtures("nobody_works")
def test_what_the_newest_run_wrote(page, make, alice):
    old, new = (make.run(alice.personal_team, name=name, status="finished") for name in ("old", "new"))
    make.events(old, {"kind": "sampled", "step": 9, "prompt": "", "temperature": 0.8, "text": "of the old one"})
    assert "of the old one" in page().content.decode()
    make.events(
        new,
        *(
            {"kind": "sampled", "step": 10, "prompt": "the ", "temperature": t, "text": f"<i>at {t}</i>"}
            for t in (0.5, 0.8, 1)
        ),
        {"kind": "sampled", "step": 90, "prompt": "", "temperature": 0.8, "text": "taken back"},
        {"kind": "rewound", "step": 20},
    )
    text = page().content.decode()
    assert "&lt;i&gt;at 0.8&lt;/i&gt;" in text
    for other in ("at 0.5", "at 1", "of the old one", "taken back", "<i>"):
        assert other not in text.partition("<main")[2]
    assert "at step 10, temperature 0.8" in text


@pytest.mark.usefixtures("nobody_works")
@pytest.mark.parametrize(("body", "expected"), [
    ({"source": "<b>vier</b>", "output": "four", "reference": "five"}, ["&lt;b&gt;vier&lt;/b&gt;", "right: five"]),
    ({"label": "jolly", "temperature": 0.9, "text": "tra la"}, ["jolly", "tra la", "temperature 0.9"]),
    ({"name": "load", "times": [], "history": [1, None], "truth": [2], "quantiles": {"0.1": [1], "0.5": [2]}},
     ["What it forecasts", 'aria-label="load: what was read', 'class="guess"']),
    ({"name": "", "times": [], "history": [], "truth": [], "quantiles": {"0.5": [2]}}, ["The series"]),
])  # fmt: skip
def test_samples_of_every_task(page, make, alice, body, expected):
    make.events(make.run(alice.personal_team, status="finished"), {"kind": "sampled", "step": 10, **body})
    text = page().content.decode()
    for words in expected:
        assert words in text


def test_the_machine_at_a_glance_and_a_studio_without_one(page, make, alice, monkeypatch):
    make.dataset(alice.personal_team)
    machine = workers.Machine("atelier", 16, 0.25, 3.5, 8 * 10**9, 64 * 10**9)
    now = timezone.now()
    trainer = workers.Worker("training@a:1", "training", "atelier", 1, True, now, now, [], 1, machine)
    monkeypatch.setattr(workers, "workers", lambda: [trainer])
    text = page().content.decode()
    assert "16 processors" in text
    assert "25\u00a0%" in text
    monkeypatch.setattr(workers, "workers", list)
    assert "No training worker answers just now." in page().content.decode()


@pytest.mark.usefixtures("nobody_works")
@pytest.mark.parametrize("rows", [3, 30])
def test_home_takes_as_many_queries_however_much_there_is(page, make, alice, rows, django_assert_max_num_queries):
    dataset = make.dataset(alice.personal_team)
    for number in range(rows):
        run = make.run(alice.personal_team, dataset=dataset, status=("running", "queued", "finished")[number % 3])
        make.events(run, {"kind": "sampled", "step": 1, "prompt": "", "temperature": 1, "text": "so"})
    with django_assert_max_num_queries(26):
        page()


@pytest.mark.usefixtures("nobody_works")
def test_who_only_looks_on_is_offered_no_new_run(client, bob, make, alice):
    make.dataset(alice.personal_team)
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    client.force_login(bob)
    session = client.session
    session["team"] = alice.personal_team.id
    session.save()
    text = client.get("/").content.decode()
    assert "foxes.txt" in text
    assert "New run" not in text
    assert "Start a run" not in text


@pytest.mark.usefixtures("nobody_works")
def test_who_did_what_lately_in_the_team_that_one_works_in(page, make, alice, bob, charlie):
    run = make.run(alice.personal_team, name="<b>gulls</b>")
    note(bob, "stopped", run)
    note(charlie, "created", make.dataset(charlie.personal_team, name="secret"))
    text = page().content.decode()
    assert "<b>bob@example.org</b>" in text
    assert f'<a class="link" href="/runs/{run.id}/">stopped the run “&lt;b&gt;gulls&lt;/b&gt;”</a>' in text
    assert "secret" not in text


@pytest.mark.django_db
def test_a_thing_of_another_team_says_which(as_, make, alice, bob):
    team = alice.personal_team
    dataset = make.dataset(team)
    for thing in (dataset, make.run(team, dataset=dataset), make.model(team, alice)):
        kind = thing._meta.model_name + "s"
        crumb = f'<a class="cut" href="/teams/{team.id}/">'
        assert crumb in as_(bob).get(f"/{kind}/{thing.id}/").content.decode()
        assert crumb not in as_(alice).get(f"/{kind}/{thing.id}/").content.decode()
