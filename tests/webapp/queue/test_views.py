"""The queue's page: what each person sees of it, and what they may do there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis

from webapp import workers
from webapp.queue import views
from webapp.runs import services
from webapp.runs.models import Run
from webapp.runs.selectors import queue
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def worker(role: str = "training", *doing: workers.Deed, alive: bool = True, slots: int = 1, gpus=()) -> workers.Worker:
    machine = workers.Machine("atelier", 16, 0.25, 3.5, 8 * 10**9, 64 * 10**9, list(gpus))
    return workers.Worker(
        name=f"{role}@atelier:7", role=role, host="atelier", pid=7, alive=alive, since=NOW - timedelta(hours=2), at=NOW,
        doing=list(doing), slots=slots, machine=machine if role == "training" else None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def staff(monkeypatch):
    """The workers there are, in place of those in Redis; nobody is woken or told."""
    found = [worker()]
    monkeypatch.setattr(workers, "workers", lambda: found)
    monkeypatch.setattr(services, "wake", lambda task: None)
    monkeypatch.setattr(services, "publish_run", lambda run: None)
    return found


@pytest.fixture
def see(client):
    def page(user, **headers) -> str:
        client.force_login(user)
        return client.get("/queue/", headers=headers).content.decode()

    return page


@pytest.fixture
def dataset(make, alice):
    return make.dataset(alice.personal_team)


@pytest.fixture
def line(make, alice, dataset):
    """One run that trains and two that wait."""
    team = alice.personal_team
    runs = {name: make.run(team, dataset=dataset, name=f"<b>{name}</b>") for name in ("trains", "first", "second")}
    Run.objects.update(planned_seconds=120)
    filled = runs["trains"].recipe | {"training": {"max_steps": 200}}
    Run.objects.filter(id=runs["trains"].id).update(
        status="running", step=50, steps=200, latest={"remaining_seconds": 600}, filled=filled
    )
    return runs


def test_an_empty_queue_says_what_to_do(see, alice):
    text = see(alice)
    assert "Nothing trains now." in text
    assert "Start a run" in text
    assert "Nothing waits" in text


def test_what_trains_and_what_waits_for_what_and_how_long(see, alice, line):
    text = see(alice)
    assert "&lt;b&gt;trains&lt;/b&gt;" in text
    assert "<b>trains" not in text
    assert 'value="0.25' in text
    assert "Step 50 of 200" in text
    assert "10\u00a0min left" in text
    assert "The one training slot is taken. Starts in about\u00a010\u00a0min, and takes about\u00a02\u00a0min." in text
    assert "1 run before it. Starts in about\u00a012\u00a0min" in text
    assert '<span class="count">2</span>' in text


def test_other_teams_runs_are_there_without_their_names(see, charlie, line, staff):
    staff[:] = [worker("training", workers.Deed("run", line["trains"].id, None, NOW))]
    text = see(charlie)
    assert text.count("Another team’s run") == 3
    assert "Trains another team’s run" in text
    assert "Starts in about\u00a012\u00a0min" in text
    for secret in ("gt;first", "gt;second", *(run.id for run in line.values()), "formaction"):
        assert secret not in text.partition("<main")[2]


def test_a_viewer_sees_names_and_no_buttons(see, bob, line):
    Membership.objects.filter(user=bob).exclude(team__personal_of=bob).update(role="viewer")
    text = see(bob)
    assert "&lt;b&gt;first&lt;/b&gt;" in text
    assert "formaction" not in text


@pytest.mark.parametrize(("found", "words"), [
    ([], "No training worker is running."), ([worker("ingest", slots=0)], "No training worker is running."),
    ([worker(slots=3)], "A worker takes it within seconds."), ([worker(slots=1)], "The one training slot is taken."),
    ([worker(), worker("training", slots=5, alive=False)], "The one training slot is taken."),
])  # fmt: skip
def test_why_a_run_waits(see, alice, line, staff, found, words):
    staff[:] = found
    assert words in see(alice)


def test_while_redis_is_away_the_page_says_so(see, alice, line, monkeypatch):
    def away():
        raise redis.ConnectionError

    monkeypatch.setattr(workers, "workers", away)
    text = see(alice)
    assert "The workers cannot be asked just now: Redis does not answer." in text
    assert "&lt;b&gt;first&lt;/b&gt;" in text
    assert "Starts in" not in text


def test_workers_say_what_they_do_and_the_gone_are_told(see, alice, dataset, line, staff):
    staff[:] = [
        worker("training", workers.Deed("run", line["trains"].id, None, NOW)),
        worker("ingest", workers.Deed("version", dataset.version.id, None, NOW)),
        worker("inference", workers.Deed("model", "m", None, NOW)), worker("training", alive=False),
    ]  # fmt: skip
    text = see(alice)
    assert f'Trains <a class="link" href="/runs/{line["trains"].id}/">' in text
    assert f'Reads <a class="link" href="/datasets/{dataset.id}/">foxes.txt</a>' in text
    assert "Answers a question to a model" in text
    assert text.count("Gone without a goodbye.") == 1
    assert "16 processors" in text
    assert "25\u00a0% busy" in text
    assert "no GPU: runs train on its processors" in text


def test_gpus_say_what_they_hold_and_how_busy_they_are(see, alice, line, staff):
    gpus = [
        workers.Gpu("GPU-1", "NVIDIA H200", 70 * 10**9, 140 * 10**9, 0.93),
        workers.Gpu("GPU-2", "NVIDIA H200", 1 * 10**9, 140 * 10**9, None),
        workers.Gpu("GPU-3", error="Driver Not Loaded"),
    ]
    staff[:] = [worker("training", workers.Deed("run", line["trains"].id, "GPU-1", NOW), slots=3, gpus=gpus)]
    text = see(alice)
    assert "93\u00a0% busy" in text
    assert "70.0\u00a0GB of 140\u00a0GB" in text
    assert f'<dd class="held"><a class="link" href="/runs/{line["trains"].id}/">' in text
    assert "the driver does not say how busy" in text
    assert "The driver does not answer: Driver Not Loaded" in text
    assert "no GPU" not in text


@pytest.mark.parametrize("rows", [3, 30])
def test_a_long_queue_takes_no_more_queries(client, alice, charlie, make, dataset, rows, django_assert_max_num_queries):
    other = make.dataset(charlie.personal_team)
    for number in range(rows):
        make.run(alice.personal_team, dataset=dataset, status="running" if number % 3 == 0 else "queued")
        make.run(charlie.personal_team, dataset=other)
    client.force_login(alice)
    with django_assert_max_num_queries(6):
        assert client.get("/queue/", headers={"HX-Request": "true"}).status_code == 200


def test_of_a_very_long_queue_the_first_ones_are_shown(see, alice, make, dataset, monkeypatch):
    monkeypatch.setattr("webapp.queue.selectors.SHOWN", 5)
    for _ in range(8):
        make.run(alice.personal_team, dataset=dataset)
    assert "… and 3 more behind them." in see(alice)


def test_a_script_gets_the_queue_alone(see, alice, line):
    text = see(alice, HX_Request="true")
    assert "<html" not in text
    assert 'hx-trigger="every 3s"' in text
    assert "hx-swap-oob" not in text


def post(client, user, run, what, places="", **headers):
    client.force_login(user)
    return client.post(f"/queue/{run.id}/{what}/", {"places": places}, headers=headers)


@pytest.mark.parametrize(("what", "name", "said", "order"), [
    ("front", "second", "“&lt;b&gt;second&lt;/b&gt;” is next in the queue.", ["second", "first"]),
    ("up", "second", "“&lt;b&gt;second&lt;/b&gt;” is number 1 of 2 in the queue.", ["second", "first"]),
    ("down", "first", "“&lt;b&gt;first&lt;/b&gt;” is number 2 of 2 in the queue.", ["second", "first"]),
    ("pause", "first", "“&lt;b&gt;first&lt;/b&gt;” is put aside.", ["second"]),
    ("stop", "first", "“&lt;b&gt;first&lt;/b&gt;” is stopped.", ["second"]),
    ("stop", "trains", "“&lt;b&gt;trains&lt;/b&gt;” stops as soon as its step is done.", ["first", "second"]),
    ("up", "trains", "“&lt;b&gt;trains&lt;/b&gt;” does not wait any more.", ["first", "second"]),
])  # fmt: skip
def test_what_is_done_is_said_and_shown(client, alice, line, what, name, said, order):
    text = post(client, alice, line[name], what, HX_Request="true").content.decode()
    assert f'<p hx-swap-oob="innerHTML:#queue-said">{said}</p>' in text
    assert [run_id for run_id, _ in sorted(queue().items(), key=lambda item: item[1])] == [line[n].id for n in order]
    assert text.index('id="queue-now"') > text.index(said)


def test_what_is_dragged_is_dropped_so_many_places_on(client, alice, line, make, dataset):
    third = make.run(alice.personal_team, dataset=dataset, name="third")
    text = post(client, alice, third, "drop", places="-2", HX_Request="true").content.decode()
    assert "“third” is number 1 of 3 in the queue." in text and f'data-drop="/queue/{third.id}/drop/"' in text
    post(client, alice, third, "drop", places="99")
    assert queue()[third.id] == 3
    for made_up in ("", "1.5", "front"):
        assert post(client, alice, third, "drop", places=made_up).status_code == 404


def test_without_a_script_one_comes_back_to_the_page(client, alice, line):
    answer = post(client, alice, line["second"], "front")
    assert (answer.status_code, answer["Location"]) == (302, "/queue/")
    assert "is next in the queue." in client.get("/queue/").content.decode()


@pytest.mark.parametrize("what", list(views.ACTS))
def test_who_may_not_train_there_may_not_do_it(client, alice, bob, charlie, line, what):
    Membership.objects.filter(user=bob).exclude(team__personal_of=bob).update(role="viewer")
    assert post(client, bob, line["second"], what).status_code == 403
    assert post(client, charlie, line["second"], what).status_code == 404
    assert client.get(f"/queue/{line['second'].id}/{what}/").status_code == 405
    assert list(queue()) == [line["first"].id, line["second"].id]


def test_what_is_not_there_is_not_found(client, alice, line):
    assert post(client, alice, line["first"], "sideways").status_code == 404
