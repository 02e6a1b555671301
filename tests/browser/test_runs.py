"""The list of runs by keyboard, what was deleted and comes back, and runs beside one another."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser import fed
from tests.browser.test_accessibility import faults
from tests.browser.test_story import SECOND, train, upload, wait_for


@pytest.fixture
def alice(person, request) -> Page:
    return person(f"{request.node.name.replace('_', '-')}@example.org", bypass_csp=True)


@pytest.fixture
def ids(alice, studio, request) -> dict[str, str]:
    """Runs of hers that ended, by name."""
    return fed.feed(studio.data, f"{request.node.name.replace('_', '-')}@example.org")


def names(page: Page):
    return page.locator("#runs .row.run .name")


def box(page: Page, name: str):
    return page.get_by_role("checkbox", name=f"Select {name}")


def test_rows_are_picked_deleted_and_brought_back_by_keyboard(alice, ids):
    alice.goto("/runs/")
    newest_first = list(reversed(fed.NAMES))
    expect(names(alice)).to_have_text(newest_first)
    expect(alice.get_by_role("link", name="Recently deleted")).to_be_hidden()
    said = alice.locator("#picked-count")

    box(alice, newest_first[1]).focus()
    alice.keyboard.press("Space")
    expect(said).to_have_text("1 selected")
    box(alice, newest_first[3]).focus()
    alice.keyboard.press("Shift+Space")
    expect(said).to_have_text("3 selected")
    expect(box(alice, newest_first[2])).to_be_checked()
    every = alice.locator("#pick-all")
    every.focus()
    alice.keyboard.press("Space")
    expect(said).to_have_text("5 selected")
    alice.keyboard.press("Space")
    expect(said).to_have_text("Select all on this page")

    for name in newest_first[:2]:
        box(alice, name).focus()
        alice.keyboard.press("Space")
    expect(alice.get_by_role("button", name="Stop")).to_be_disabled()  # they have ended
    alice.get_by_role("button", name="Delete").focus()
    assert faults(alice) == []
    alice.keyboard.press("Enter")
    expect(names(alice)).to_have_text(newest_first[2:])
    expect(alice.get_by_role("status").filter(has_text="2 runs are deleted.")).to_be_visible()
    expect(alice.get_by_role("link", name="Recently deleted")).to_be_visible()
    expect(alice.get_by_role("button", name="Undo")).to_be_focused()
    assert faults(alice) == []
    alice.keyboard.press("Enter")
    expect(names(alice)).to_have_text(newest_first)
    expect(alice.locator("#toasts")).to_contain_text("2 runs are back.")
    expect(every).to_be_focused()

    alice.keyboard.press("Space")
    alice.get_by_role("button", name="Delete").focus()
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("heading", name="There are no runs")).to_be_visible()
    alice.locator("header.head").get_by_role("link", name="Recently deleted").focus()
    alice.keyboard.press("Enter")
    expect(alice).to_have_title("Recently deleted · Unroll")
    assert faults(alice) == []
    alice.get_by_role("button", name="Bring back Dates").focus()
    alice.keyboard.press("Enter")
    expect(names(alice)).to_have_text(["Dates"])
    expect(alice.locator("#toasts")).to_contain_text("“Dates” is back.")


def test_what_is_chosen_stands_in_the_address(alice, ids):
    alice.goto("/runs/")
    alice.get_by_label("Narrow by cell").select_option("lstm")
    expect(alice).to_have_url(re.compile(r"/runs/\?cell=lstm$"))
    expect(names(alice)).to_have_text(["Jingles", "Surnames"])
    alice.get_by_label("Order").select_option("name")
    expect(alice).to_have_url(re.compile(r"/runs/\?cell=lstm&sort=name$"))
    alice.go_back()
    expect(alice).to_have_url(re.compile(r"/runs/\?cell=lstm$"))
    expect(names(alice)).to_have_text(["Jingles", "Surnames"])
    expect(alice.get_by_label("Order")).to_have_value("newest")
    alice.go_back()
    expect(names(alice)).to_have_count(len(fed.NAMES))
    expect(alice.get_by_label("Narrow by cell")).to_have_value("")


def test_runs_stand_beside_one_another(alice, ids):
    alice.goto("/runs/")
    for name in ("Shakespeare", "Surnames"):
        box(alice, name).check()
    alice.get_by_role("link", name="Compare").click()
    expect(alice).to_have_url(re.compile(f"{ids['Shakespeare']},{ids['Surnames']}$"))
    chart = alice.locator("#chart-compare")
    expect(chart.locator("canvas")).to_be_visible()
    expect(alice.locator("#compare-charts[aria-busy]")).to_have_count(0)
    assert chart.locator("canvas").evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(part => part)"
    )
    differ = alice.get_by_role("region", name="In what their recipes differ")
    expect(differ.locator("tbody th")).to_have_text(["Cell"])
    expect(differ.locator("tbody td")).to_have_text(["gru", "lstm"])

    samples = alice.locator("#compare-samples [data-sample]")
    expect(samples).to_have_text(["Shakespeare at 60", "Surnames at 60"])
    tops = [alice.locator("#samples-columns > section").nth(place).bounding_box()["y"] for place in (0, 1)]
    assert tops[0] == tops[1]
    alice.get_by_label("Step of the samples").focus()
    alice.keyboard.press("ArrowLeft")
    expect(alice.locator("#samples-step")).to_have_text("up to step 40")
    expect(samples).to_have_text(["Shakespeare at 40", "Surnames at 40"])
    assert faults(alice) == []

    alice.set_viewport_size({"width": 360, "height": 740})
    alice.wait_for_function("document.documentElement.scrollWidth === 360")  # once the chart has followed
    controls, card = chart.locator(".controls").bounding_box(), chart.bounding_box()
    assert controls["x"] + controls["width"] <= card["x"] + card["width"]

    alice.get_by_label("Run to add").select_option(label="Dates")
    expect(alice.get_by_role("list", name="The runs").get_by_role("listitem")).to_have_count(3)
    alice.get_by_role("link", name="Leave out Surnames").click()
    expect(alice.get_by_role("list", name="The runs").get_by_role("listitem")).to_have_count(2)
    expect(alice.get_by_text("In nothing: they are the same recipe on the same data.")).to_be_visible()


def test_a_name_of_one_long_word_widens_no_page(alice, ids):
    run = ids["Dates"]
    alice.set_viewport_size({"width": 360, "height": 740})
    alice.goto(f"/runs/{run}/rename/")
    alice.get_by_label("Name").fill("W" * 100)
    alice.get_by_role("button", name="Rename").click()
    expect(alice.get_by_role("heading", name="W" * 100)).to_be_visible()
    data = alice.request.get(f"/api/v1/runs/{run}").json()["dataset_id"]
    for path in (
        f"/datasets/{data}/",
        f"/runs/{run}/",
        f"/runs/{run}/delete/",
        f"/runs/{run}/checkpoints/",
        "/api/v1/docs",
    ):
        alice.goto(path)
        alice.wait_for_function("document.documentElement.scrollWidth === 360")


def test_a_run_that_cannot_be_read_is_named_and_tried_again(alice, ids):
    history = f"**/runs/{ids['Shakespeare']}/history?*"
    alice.route(history, lambda route: route.fulfill(status=500, body="broken"))
    alice.goto(f"/runs/compare/?runs={ids['Shakespeare']},{ids['Surnames']}")
    line = alice.locator("#run-link")
    expect(line).to_have_text("“Shakespeare” could not be read, trying again")
    expect(alice.locator("#compare-charts[aria-busy]")).to_have_count(0)
    alice.unroute(history)
    expect(line).to_have_text("")
    alice.locator("#chart-compare summary").click()
    expect(alice.locator("#chart-compare thead")).to_contain_text("Shakespeare")


class Following:
    """The page on which runs are compared, and the sockets that it has open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._sockets: dict[str, WebSocket] = {}  # the newest of each path: one that is cut off may never say its end
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        self._sockets[re.sub(r"^ws://[^/]+|\?.*$", "", socket.url)] = socket

    def hears(self, run: str) -> bool:
        """Whether the page has a socket for the run."""
        socket = self._sockets.get(f"/ws/runs/{run}")
        return socket is not None and not socket.is_closed()

    def reached(self) -> int:
        """The last step of all curves, by the table behind the chart."""
        return int(self.page.locator("#chart-compare tbody th").last.inner_text().replace(",", ""))

    def state(self, run: str):
        return self.page.locator(f'#compared-runs [data-run="{run}"] .pill')


def test_runs_that_train_are_followed(alice, ids, tmp_path):
    ended = ids["Shakespeare"]
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat and looked at the rat. " * 400)
    upload(alice, path)
    train(alice, Steps_at_most="100000", Hidden_size="32", Layers="1", Evaluate_every="20", Sample_every="20")
    run = alice.url.rstrip("/").rpartition("/")[2]
    seen = Following(alice)
    alice.goto(f"/runs/compare/?runs={ended},{run}")
    expect(seen.state(run)).to_have_text("Training", timeout=120 * SECOND)
    expect(seen.state(ended)).to_have_text("Finished")
    alice.locator("#chart-compare summary").click()

    # Curves, samples and figures grow; who has ended has no socket.
    wait_for(lambda: seen.reached() > fed.STEPS, 180)
    before = seen.reached()
    wait_for(lambda: seen.reached() > before)
    expect(alice.locator("#samples-columns > section").nth(1).locator("[data-step]")).to_contain_text("step ")
    steps = alice.get_by_role("row", name=re.compile("Steps so far")).get_by_role("cell").nth(1)
    expect(steps).not_to_have_text("–")
    assert seen.hears(run)
    assert not seen.hears(ended)
    expect(alice.locator("#run-link")).to_be_empty()

    # A lost line is told, and caught up with.
    alice.context.set_offline(True)
    expect(alice.locator("#run-link")).to_contain_text("Offline, trying again")
    before = seen.reached()
    alice.context.set_offline(False)
    expect(alice.locator("#run-link")).to_be_empty(timeout=40 * SECOND)
    wait_for(lambda: seen.reached() > before)

    # Put aside its socket closes; resumed it is followed again.
    headers = {"X-CSRFToken": alice.locator("meta[name=csrf-token]").get_attribute("content")}
    act = lambda what: alice.request.post(f"/runs/{run}/{what}/", headers=headers)  # noqa: E731
    act("pause")
    expect(seen.state(run)).to_have_text("Paused", timeout=30 * SECOND)
    wait_for(lambda: not seen.hears(run))
    before = seen.reached()
    act("resume")
    expect(seen.state(run)).to_have_text("Training", timeout=30 * SECOND)
    wait_for(lambda: seen.hears(run))
    wait_for(lambda: seen.reached() > before, 120)

    # Deleted it keeps its curve and says so, once; brought back it goes on.
    act("delete")
    expect(seen.state(run)).to_have_text("Deleted")
    expect(alice.locator("#toasts .toast")).to_have_count(1)
    expect(alice.locator("#toasts")).to_contain_text("was deleted. Its curve stays here as it was.")
    expect(alice.locator("#chart-compare thead")).to_contain_text("(deleted)")
    wait_for(lambda: not seen.hears(run))
    assert seen.reached() >= before
    assert faults(alice) == []
    alice.get_by_role("button", name="Dismiss").click()
    alice.wait_for_timeout(3 * SECOND)
    assert alice.locator("#toasts .toast").count() == 0
    expect(alice.locator("#run-link")).to_be_empty()
    alice.request.post("/runs/act/", form={"what": "restore", "run": run}, headers=headers)
    expect(seen.state(run)).to_have_text("Training", timeout=30 * SECOND)
    expect(alice.locator("#chart-compare thead")).not_to_contain_text("(deleted)")
    act("stop")
    expect(seen.state(run)).to_have_text("Stopped", timeout=30 * SECOND)
    wait_for(lambda: not seen.hears(run))
