"""Stored studies in the page: listed, drawn, and their networks opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.playground import Client

import fathom
from fathom import web
from fathom.store import Store


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server whose store has two small studies."""
    store = Store(tmp_path_factory.mktemp("studies") / "runs")
    for name, source in (("rings", "circle"), ("flowers", "iris")):
        fathom.study(
            fathom.load(source),
            depths=[0, 1],
            widths=[8],
            seeds=2,
            epochs=20,
            learning_rates=[0.01],
            baselines=False,
            store=store,
            name=name,
        )
    with web.serve(port=0, store=store).start() as server:
        yield Client(server)


def test_studies_are_listed_newest_first_with_their_progress(client: Client) -> None:
    listed = client.json("/api/studies")["studies"]
    assert [one["name"] for one in listed] == ["flowers", "rings"]
    assert listed[0]["progress"] == {"done": 4, "planned": 4}
    assert listed[0]["state"] == "finished"


def test_a_study_has_a_table_and_figures_that_plotly_can_draw(client: Client) -> None:
    study = client.json("/api/studies/rings")
    assert [row[0] for row in study["table"]["rows"]][:2] == ["0", "1"]
    assert all(len(row) == len(study["table"]["columns"]) for row in study["table"]["rows"])
    assert {"depth-curve", "learning-curves"} <= {one["key"] for one in study["figures"]}
    for one in study["figures"]:
        figure = client.json(f"/api/studies/rings/figures/{one['key']}")
        assert figure["data"] and figure["layout"]


@pytest.mark.parametrize("name", ["rings", "flowers"])
def test_a_study_s_best_network_opens_with_what_it_learned(client: Client, name: str) -> None:
    study = client.json(f"/api/studies/{name}")
    assert study["network"] == {"opens": True, "why": None}
    with client.page() as page:
        state = page.ask("open_study", study=name)[0]
        assert state["type"] == "state", state
        assert state["experiment"]["data"]["source"] == f"study:{name}"
        frame, _ = page.wait("frame", lambda one: one["build"] == state["build"])
        kept = fathom.open_study(name, store=_store_of(client))
        test = next(row.test for row in kept.result.rows() if row.depth == study["depth"])
        # The page's test points are the study's validation and test rows together.
        assert frame["metrics"]["test"]["accuracy"] == pytest.approx(test.mean, abs=0.2)


def _store_of(client: Client) -> Store:
    app = client.server.server.config.app
    return app.app.state.store


def test_an_unknown_study_is_answered_with_404(client: Client) -> None:
    assert client.ask("/api/studies/nothing").status == 404
    with client.page() as page:
        assert page.ask("open_study", study="nothing")[0]["status"] == 404
