"""The list of datasets: found, narrowed, ordered, paged, and never a query a row."""

from __future__ import annotations

import pytest

from webapp.datasets.models import Dataset, Version

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return lambda query="": client.get(f"/datasets/{query}")


def names(response) -> list[str]:
    return [dataset.name for dataset in response.context["page"]]


@pytest.fixture
def five(make, alice):
    team = alice.personal_team
    make.read(team, name="beta.txt", text="ab\n" * 400)
    make.table(team, name="Alpha.csv")
    make.read(team, name="gamma.jsonl", text='{"text": "a b", "label": "x"}\n' * 30)
    make.dataset(team, name="broken.txt", status="failed")
    made = make.table(team, name="made.csv")
    Dataset.objects.filter(id=made.id).update(synthetic={"name": "sum", "task": "classification"})


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?kind=text", {"beta.txt"}), ("?kind=table", {"Alpha.csv", "made.csv"}), ("?kind=lines", {"gamma.jsonl"}),
        ("?kind=made", {"made.csv"}), ("?kind=unusable", {"broken.txt"}), ("?kind=tagged", set()),
        ("?q=A%00L", {"Alpha.csv"}), ("?q=a&kind=text", {"beta.txt"}),
    ],
)  # fmt: skip
def test_narrowed(page, five, query, wanted):
    assert set(names(page(query))) == wanted


def test_ordered(page, five):
    assert names(page("?sort=name")) == ["Alpha.csv", "beta.txt", "broken.txt", "gamma.jsonl", "made.csv"]
    assert names(page()) == names(page("?sort=oldest"))[::-1]
    sizes = [dataset.version.bytes for dataset in page("?sort=largest").context["page"]]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("query", ["?kind=gold", "?sort=<script>", "?kind=gold&sort=-id;drop"])
def test_what_somebody_made_up_is_said_and_left_out(page, five, query):
    answer = page(query)
    text = answer.content.decode()
    assert len(names(answer)) == 5 and "was not understood" in text and "<script>;" not in text


def test_nothing_found_and_nothing_there_are_told_apart(page, make, alice):
    assert "Or try an example" in page().content.decode()
    assert "Python’s own library" in page().content.decode()
    make.read(alice.personal_team)
    assert "Nothing found" in page("?q=zzz").content.decode()


def test_pages_keep_what_was_asked(page, make, alice):
    for number in range(51):
        make.dataset(alice.personal_team, name=f"text {number}")
    text = page("?q=text&sort=name").content.decode()
    assert 'href="?q=text&amp;sort=name&amp;page=2"' in text


@pytest.mark.parametrize("path", ["/datasets/", "/api/v1/datasets"])
def test_no_query_a_row(client, alice, make, django_assert_max_num_queries, token, path):
    client.force_login(alice)

    def grown(count):
        while Dataset.objects.count() < count:
            dataset = make.table(alice.personal_team, name=f"t{Dataset.objects.count()}.csv")
            Dataset.objects.filter(id=dataset.id).update(roles={"word": "text"}, created_by=alice)
            Version.objects.filter(dataset=dataset).update(created_by=alice)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    grown(3)
    with CaptureQueriesContext(connection) as few:
        assert client.get(path).status_code == 200
    grown(30)
    with django_assert_max_num_queries(len(few)):
        client.get(path)


def test_another_teams_are_not_listed(page, make, charlie):
    make.read(charlie.personal_team, name="secret.txt")
    assert "secret" not in page().content.decode()
