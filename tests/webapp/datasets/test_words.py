"""How much there is of a dataset, in words."""

import pytest

from webapp.datasets.words import changes, in_words

pytestmark = pytest.mark.django_db


def test_one_is_no_plural(as_, alice, make):
    one = make.table(alice.personal_team, text="word,kind\nfox,animal\n").version
    assert in_words(one) == "1 record, 2 columns"
    assert changes([one])[0]["words"] == "1 record"
    assert "1 record</span>" in as_(alice).get("/datasets/").content.decode()
    two = make.table(alice.personal_team, text="word,kind\nfox,animal\noak,tree\n").version
    assert in_words(two) == "2 records, 2 columns"
    assert "2 records</span>" in as_(alice).get("/datasets/").content.decode()
