"""Feedback: recorded is on the disk and learned, once however often it comes; what is refused has its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import FeedbackError
from ltrr_cli.feedback.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.testclient import TestClient


def _events(index: Path) -> list[Any]:
    with Engine.open(index) as engine:
        return list(engine.events())


def test_a_click_is_in_the_log_and_in_the_next_answer(
    serve: Callable[..., TestClient], index: Path, make_event: Callable[..., Any]
) -> None:
    """An event takes text, user, session and position from the answer, and moves what was clicked up."""
    client = serve()
    answer = client.get("/search?q=river&k=10&user=ana&session=s1&explore=0").json()
    last = answer["results"][-1]
    told = client.post("/feedback", json=make_event(answer["query_id"], last["id"], "like")).json()
    assert (told["recorded"], told["repeated"], told["refused"]) == (1, 0, 0)
    (found,) = _events(index)
    assert (found.text, found.user, found.session, found.position) == ("river", "ana", "s1", last["rank"])
    assert found.id == told["events"][0]["event_id"]
    ranks = {one["id"]: one["rank"] for one in client.get("/search?q=river&k=10&explore=0").json()["results"]}
    assert ranks[last["id"]] < last["rank"]


@pytest.mark.parametrize("more", [{"event_id": "mine"}, {"timestamp": "2026-01-02T03:04:05.678Z"}])
def test_the_same_event_twice_changes_nothing(
    serve: Callable[..., TestClient], index: Path, make_event: Callable[..., Any], more: dict[str, str]
) -> None:
    """An event is the same by its id, or by all that it says with its time: in one batch, and later."""
    client = serve()
    query_id = client.get("/search?q=river").json()["query_id"]
    row = make_event(query_id, "e06", **more)
    assert client.post("/feedback", json=[row, row]).json()["repeated"] == 1
    assert client.post("/feedback", json=row).json()["events"][0]["status"] == "repeated"
    assert len(_events(index)) == 1


def test_each_event_of_a_batch_has_its_own_reason(
    serve: Callable[..., TestClient], index: Path, make_event: Callable[..., Any]
) -> None:
    """What can be used is recorded; of the rest it is told, in their order, why not."""
    client = serve()
    query_id = client.get("/search?q=river").json()["query_id"]
    good = make_event(query_id, "e06")
    bad: list[tuple[Any, str]] = [
        (make_event("nope", "e06"), "query_id: no query"),
        (make_event("", "e06"), "query_id: missing"),
        (make_event(query_id, "nobody"), "object_id: the index has no such entity"),
        (make_event(query_id, ""), "object_id: missing"),
        (make_event(query_id, "e06", action="x" * 65), "action_name: longer"),
        (make_event(query_id, "e06", timestamp="yesterday"), "timestamp"),
        (make_event(query_id, "e06", dwell_ms=-1), "dwell_ms"),
        (make_event(query_id, "e06", user_id={"a": 1}), "user_id"),
        (make_event(query_id, "e06", timestamp=10**400), "timestamp"),
        (make_event(query_id, "e06", timestamp=-1e308), "timestamp"),
        (make_event(query_id, "e06", dwell_ms=10**400), "dwell_ms"),
        ({**good, "event_attributes": {"object": {"object_id": 10**30}}}, "object_id"),
        ([], "no JSON object"),
        ("text", "no JSON object"),
        (None, "no JSON object"),
        ({}, "query_id: missing"),
    ]
    told = client.post("/feedback", json=[good, *(row for row, _ in bad)]).json()
    assert (told["recorded"], told["refused"]) == (1, len(bad))
    for one, (_, reason) in zip(told["events"][1:], bad, strict=True):
        assert one["status"] == "refused"
        assert reason in one["reason"]
    assert len(_events(index)) == 1
    nothing = client.post("/feedback", json=[row for row, _ in bad])
    assert nothing.status_code == 422
    assert len(nothing.json()["events"]) == len(bad)
    alone = client.post("/feedback", json=bad[2][0]).json()
    assert alone["status"] == 422
    assert "no such entity" in alone["detail"]


def test_lines_are_a_batch(serve: Callable[..., TestClient], index: Path, make_event: Callable[..., Any]) -> None:
    """One event a line; a line that is no JSON is refused on its own, an empty batch is nothing."""
    client = serve()
    query_id = client.get("/search?q=river").json()["query_id"]
    lines = f"{json.dumps(make_event(query_id, 'e06'))}\n\n{{\n".encode()
    told = client.post("/feedback", content=lines, headers={"content-type": "application/x-ndjson"}).json()
    assert (told["recorded"], told["refused"]) == (1, 1)
    assert client.post("/feedback", json=[]).json()["events"] == []
    assert len(_events(index)) == 1


def test_more_than_a_thousand_at_once_are_too_many(shared: TestClient) -> None:
    """A batch is bounded."""
    response = shared.post("/feedback", json=[{}] * 1001)
    assert response.status_code == 413


def test_an_action_without_a_reward_is_counted(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """An action that the index does not know is recorded, and it is told that it teaches nothing."""
    query_id = shared.get("/search?q=river").json()["query_id"]
    (told,) = shared.post("/feedback", json=make_event(query_id, "e06", "yodel")).json()["events"]
    assert (told["status"], told["known_action"]) == ("recorded", False)


def test_what_is_learned_over_http_is_a_fold_of_the_log(
    serve: Callable[..., TestClient], index: Path, make_event: Callable[..., Any]
) -> None:
    """Learned again from the logs alone, the index answers as it does now."""
    client = serve()
    for number, text in enumerate(("river", "love", "rain", "gold home") * 6):
        answer = client.get("/search", params={"q": text, "user": f"u{number % 3}", "session": f"s{number}"}).json()
        picked = answer["results"][number % 3]["id"]
        assert client.post("/feedback", json=make_event(answer["query_id"], picked)).json()["recorded"] == 1

    def scores() -> dict[tuple[str, str], float]:
        """Of whole lists: two that score alike but for rounding may change places, at the end of a page, too."""
        with Engine.open(index) as engine:
            return {
                (text, one.id): one.score
                for text in ("river", "love")
                for one in engine.search(text, k=100, explore=False, log=False, now=2e9).results
            }

    before = scores()
    Engine.relearn(index)
    assert scores() == pytest.approx(before, abs=1e-6)


def test_an_event_is_taken_back(serve: Callable[..., TestClient], index: Path, make_event: Callable[..., Any]) -> None:
    """As if it had never come: the next answers are as before, other workers' too; what is not known is told."""
    first, second = serve(), serve()
    asked = "/search?q=river&k=10&explore=0&log=0"
    before = [one["id"] for one in first.get(asked).json()["results"]]
    answer = first.get("/search?q=river&k=10&explore=0").json()
    row = make_event(answer["query_id"], before[-1], "like", event_id="mine")
    assert first.post("/feedback", json=row).json()["recorded"] == 1
    assert [one["id"] for one in second.get(asked).json()["results"]] != before
    assert first.post("/undo", json={"event_id": "mine"}).json() == {"undone": True}
    assert second.post("/undo", json={"event_id": "mine"}).json() == {"undone": False}
    for client in (first, second):
        assert [one["id"] for one in client.get(asked).json()["results"]] == before
    assert _events(index) == []
    unknown = first.post("/undo", json={"event_id": "never"})
    assert (unknown.status_code, unknown.json()["where"]) == (404, "never")


@pytest.mark.parametrize(
    ("name", "detail", "status"),
    [("queries", "nothing was recorded", "recorded"), ("events", "it is not certain", "repeated")],
)
def test_what_may_not_be_on_the_disk_is_not_acknowledged(
    serve: Callable[..., TestClient],
    index: Path,
    make_event: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    detail: str,
    status: str,
) -> None:
    """Where a disk fails before or after the event is written, it may be sent again, and counts once."""
    client, sync = serve(), Log.sync
    query_id = client.get("/search?q=river").json()["query_id"]
    row = make_event(query_id, "e06", event_id="mine")

    def failing(log: Log) -> None:
        if log.name == name:
            raise FeedbackError("cannot flush the log")
        sync(log)

    with monkeypatch.context() as broken:
        broken.setattr(Log, "sync", failing)
        told = client.post("/feedback", json=row)
        assert told.status_code == 503
        assert detail in told.json()["detail"]
    assert client.post("/feedback", json=row).json()["events"][0]["status"] == status
    assert [one.id for one in _events(index)] == ["mine"]
