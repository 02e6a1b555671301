"""Every page is in the table of the screenshots, or named as none."""

from __future__ import annotations

from tests.screenshots import NO_PAGE, PAGES
from tests.webapp.test_queries import routes


def test_every_page_is_taken():
    known = {name for name, _, _ in routes()}
    shown = {route for route, _, _ in PAGES.values()} - {""}
    assert known - shown - NO_PAGE == set(), "neither in PAGES nor in NO_PAGE of tests/screenshots.py"
    assert (shown | NO_PAGE) - known == set(), "in tests/screenshots.py, but gone"
    assert shown & NO_PAGE == set()
