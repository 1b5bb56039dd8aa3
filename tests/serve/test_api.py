"""The routes: each answers what it says, with the JSON of the command line, and tells what is wrong as a problem."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.records import Understood
from ltrr_cli.serve.operations import OPERATIONS
from ltrr_cli.serve.problems import TITLES
from ltrr_cli.wire.answers import answer_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.testclient import TestClient


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    """Return a problem, once it is seen to be one of this kind."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    row: dict[str, Any] = response.json()
    assert (row["status"], row["type"], row["title"]) == (status, f"/docs#{kind}", TITLES[kind][1])
    assert row["detail"]
    return row


def test_search_answers_as_the_command_line_does(serve: Callable[..., TestClient], index: Path) -> None:
    """The same query with the same seed has the same results, scores and reasons."""
    with Engine.open(index) as engine:
        answer = engine.search("summer love", k=4, seed=7, explain=True, log=False, now=None)
        wanted = answer_json(answer, explain=True)
    found = serve().get("/search?q=summer+love&k=4&seed=7&explain=1&log=0").json()
    assert [row["id"] for row in found["results"]] == [row["id"] for row in wanted["results"]]
    assert set(found) == set(wanted)
    assert set(found["results"][0]) == set(wanted["results"][0])
    assert found["propensity"] == wanted["propensity"]


def test_get_and_post_are_the_same(shared: TestClient) -> None:
    """Parameters in the address and in a JSON object give the same answer."""
    row = {
        "q": "love",
        "k": 3,
        "seed": 1,
        "log": False,
        "facets": ["genres"],
        "type": ["song"],
        "filter": "year > 1985",
    }
    posted = shared.post("/search", json=row).json()
    got = shared.get("/search?q=love&k=3&seed=1&log=0&facets=genres&type=song&filter=year+>+1985").json()
    for one in (posted, got):
        del one["took_ms"], one["query_id"]
    assert posted == got
    assert got["facets"]["fields"]["genres"]["values"]
    assert all(one["type"] == "song" for one in got["results"])


def test_pages_go_on(shared: TestClient) -> None:
    """The second page of an answer continues its list, and offset alone leaves out the best."""
    first = shared.get("/search?q=love&k=3").json()
    second = shared.get(f"/search?k=3&offset=3&query_id={first['query_id']}").json()
    assert [one["rank"] for one in second["results"]] == [4, 5, 6]
    again = shared.get(f"/search?k=3&offset=0&query_id={first['query_id']}").json()
    assert [one["id"] for one in again["results"]] == [one["id"] for one in first["results"]]
    named = {"q": "love", "k": 3, "offset": 0, "query_id": first["query_id"]}
    assert shared.post("/search", json=named).json()["results"] == again["results"]
    problem(shared.get(f"/search?q=rain&offset=0&query_id={first['query_id']}"), 400, "bad-request")
    problem(shared.get(f"/search?q=love&query_id={first['query_id']}"), 400, "bad-request")
    whole = shared.get("/search?q=love&k=6&seed=3&log=0").json()
    problem(shared.get("/search?offset=3&query_id=a/b"), 422, "unusable")
    problem(shared.get(f"/search?q=rain&offset=3&query_id={first['query_id']}"), 400, "bad-request")
    rest = shared.get("/search?q=love&k=3&offset=3&seed=3&log=0").json()
    assert [one["id"] for one in rest["results"]] == [one["id"] for one in whole["results"][3:]]


@pytest.mark.parametrize("query", ["", "?q=", "?q=+++"])
def test_without_words_the_best_known_are_answered(serve: Callable[..., TestClient], query: str) -> None:
    """Where nothing is asked the answer is that of a filter which everything meets, and goes on like any."""
    client = serve()
    found = client.get(f"/search{query}").json()
    known = client.get("/search", params={"filter": 'id != ""', "log": False}).json()
    assert [one["id"] for one in found["results"]] == [one["id"] for one in known["results"]]
    assert found["results"][0]["id"] == "e00"
    assert "filter" not in found
    rest = client.get(f"/search?offset=10&query_id={found['query_id']}").json()
    assert [one["rank"] for one in rest["results"]] == list(range(11, 21))


def test_what_is_not_logged_takes_no_feedback(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """With log=0 nothing is written, so an event cannot refer to it."""
    found = shared.get("/search?q=love&log=0").json()
    row = problem(shared.post("/feedback", json=make_event(found["query_id"], "e00")), 422, "unusable")
    assert "was not logged" in row["detail"]


def test_explain_goes_from_arms_to_features(shared: TestClient) -> None:
    """Arms that found a result have its rank, and the parts of its score sum to the score."""
    answer = shared.get("/search?q=summer+love&k=5").json()
    first = answer["results"][0]
    found = shared.get("/explain", params={"query_id": answer["query_id"], "id": first["id"]}).json()
    assert {one["name"]: one["rank"] for one in found["arms"] if one["rank"]} == first["strategies"]
    assert sum(one["part"] for one in found["features"]) == pytest.approx(found["score"], abs=1e-4)
    assert found["score"] == pytest.approx(first["score"], abs=1e-4)
    parts = [abs(one["part"]) for one in found["features"]]
    assert parts == sorted(parts, reverse=True)
    assert all(one["part"] == pytest.approx(one["value"] * one["weight"], abs=1e-3) for one in found["features"])
    missing = {"query_id": answer["query_id"], "id": "no such entity"}
    problem(shared.get("/explain", params=missing), 404, "not-found")
    problem(shared.get("/explain", params={"query_id": "nope", "id": "e00"}), 404, "not-found")


def test_completions_readings_and_relations(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """What is typed is completed, a query is read, and an entity has others to do with it."""
    completions = shared.get("/complete?q=sum").json()["completions"]
    assert completions
    assert all(" sum" in f" {one['text'].lower()}" for one in completions)
    assert shared.get("/understand?q=rock+songs").json()["words"] == ["rock", "songs"]
    answer = shared.get("/search?q=love&user=ana").json()
    together = [one["id"] for one in answer["results"][:3]]
    shared.post("/feedback", json=[make_event(answer["query_id"], one, "like") for one in together])
    found = shared.get("/related", params={"id": together[0], "k": 2}).json()
    assert found["id"] == together[0]
    assert {one["id"] for one in found["results"]} == set(together[1:])
    problem(shared.get("/related?id=nobody"), 404, "not-found")


def test_arms_tell_shares_and_rewards(serve: Callable[..., TestClient], make_event: Callable[..., Any]) -> None:
    """The arms' shares sum to one; a page that was acted on counts in the last span."""
    client = serve()
    ids = [client.get("/search?q=love").json()["query_id"] for _ in range(4)]
    client.post("/feedback", json=make_event(ids[0], "e00", "like"))
    found = client.get("/arms").json()
    assert sum(one["share"] for one in found["arms"]) == pytest.approx(1, abs=1e-4)
    assert found["recent"]["pages"] == 4
    assert found["recent"]["acted"] == 0.25
    assert sum(span["pages"] for span in found["rewards"]) == 4
    assert found["events"] == 1
    assert found["weights"][0]["meaning"]


def test_metrics_count(serve: Callable[..., TestClient], make_event: Callable[..., Any]) -> None:
    """Requests, events and the index are counted in Prometheus' format."""
    client = serve()
    query_id = client.get("/search?q=love").json()["query_id"]
    client.post("/feedback", json=[make_event(query_id, "e00"), make_event(query_id, "nobody")])
    client.get("/nothing/here")
    client.get("/search?k=none")
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = response.text.splitlines()
    for line in (
        'ltrr_requests_total{route="/search",status="200"} 1.0',
        'ltrr_requests_total{route="/search",status="400"} 1.0',
        'ltrr_requests_total{route="other",status="404"} 1.0',
        'ltrr_feedback_events_total{status="recorded"} 1.0',
        'ltrr_feedback_events_total{status="refused"} 1.0',
        "ltrr_index_entities 40.0",
        "ltrr_index_events 1.0",
    ):
        assert line in lines


def test_health_docs_and_description(shared: TestClient) -> None:
    """It says that it answers; both descriptions name every operation and every kind of problem."""
    assert shared.get("/health").json()["status"] == "ok"
    described = shared.get("/openapi.json").json()
    page = shared.get("/docs").text
    assert set(described["paths"]) == {one.path for one in OPERATIONS}
    assert all(one.path in page for one in OPERATIONS)
    assert all(f'id="{kind}"' in page for kind in TITLES)
    assert shared.get("/docs.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("k=0", "k"),
        ("k=101", "k"),
        ("k=1.5", "k"),
        ("k=nan", "k"),
        ("k=", "k"),
        ("k=1&k=2", "k"),
        ("offset=-1", "offset"),
        ("offset=901", "offset"),
        ("seed=-1", "seed"),
        ("explain=maybe", "explain"),
        ("diversity=1", "diversity"),
        (f"q={'a' * 2001}", "q"),
        ("nonsense=1", "nonsense"),
        ("user=a%00b", ""),
        ("cap=artist", ""),
        ("filter=year+>", ""),
        ("facets=nothing", ""),
        ("context=device", ""),
        ("query_id=mine", "query_id"),
    ],
)
def test_bad_parameters_are_told(shared: TestClient, query: str, where: str) -> None:
    """A parameter that cannot be used is named, with what it should be."""
    row = problem(shared.get(f"/search?{query}"), 400, "bad-request")
    assert not where or row["where"] == where


@pytest.mark.parametrize(
    ("body", "kind", "status", "name"),
    [
        (b"{", "application/json", 400, "bad-request"),
        (b"\xff\xfe", "application/json", 400, "bad-request"),
        (b"[" * 100_000, "application/json", 400, "bad-request"),
        (b"[]", "application/json", 400, "bad-request"),
        (b'{"q": NaN}', "application/json", 400, "bad-request"),
        (b'{"q": "love", "q": "rain"}', "application/json", 400, "bad-request"),
        (b'{"q": "love", "context": {"a": "b", "a": "c"}}', "application/json", 400, "bad-request"),
        (b'{"q": 5}', "application/json", 400, "bad-request"),
        (b'{"k": true}', "application/json", 400, "bad-request"),
        (b'{"k": "5"}', "application/json", 400, "bad-request"),
        (b'{"facets": [1]}', "application/json", 400, "bad-request"),
        (b'{"log": 0}', "application/json", 400, "bad-request"),
        (b'{"q": "love"}', "text/plain", 415, "wrong-type"),
        (b'{"q": "love"}', "", 415, "wrong-type"),
        (b" " * (2**20 + 1), "application/json", 413, "too-large"),
    ],
)
def test_bad_bodies_are_told(shared: TestClient, body: bytes, kind: str, status: int, name: str) -> None:
    """A body that is no JSON object, of another type or too large is a problem, and none of the server's."""
    problem(shared.post("/search", content=body, headers={"content-type": kind}), status, name)


def test_a_member_that_is_there_twice_is_named(shared: TestClient) -> None:
    """Programs differ in which of the two they take."""
    sent = shared.post("/search", content=b'{"q": "a", "k": 1, "k": 2}', headers={"content-type": "application/json"})
    assert "'k' is there twice" in problem(sent, 400, "bad-request")["detail"]


@pytest.mark.parametrize("path", ["/search?k=3", "/feedback?user=ana", "/undo?event_id=x"])
def test_a_post_has_all_in_its_body(shared: TestClient, path: str) -> None:
    """What stands in the address of a POST is not left out in silence."""
    name = path.partition("?")[2].partition("=")[0]
    told = shared.post(path, json={"q": "love"}).json()
    assert (told["status"], told["where"]) == (400, name)


def test_a_body_without_a_length_is_bounded_too(shared: TestClient) -> None:
    """A body that comes in pieces is counted as it comes."""
    pieces = (b" " * 2**16 for _ in range(17))
    problem(shared.post("/search", content=pieces, headers={"content-type": "application/json"}), 413, "too-large")


def test_wrong_addresses_and_methods(shared: TestClient) -> None:
    """What is not there and what is asked by another method are told apart."""
    problem(shared.get("/nothing"), 404, "not-found")
    response = shared.delete("/search")
    problem(response, 405, "wrong-method")
    assert "GET" in response.headers["allow"]
    problem(shared.get("/feedback"), 405, "wrong-method")


def test_an_unknown_error_tells_nothing_of_the_machine(
    serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody thought of is a problem of the server, without its paths."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path")

    client = serve()
    monkeypatch.setattr(Engine, "understand", broken)
    row = problem(client.get("/understand?q=love"), 500, "broken")
    assert "secret" not in json.dumps(row)
    assert client.get("/health").status_code == 200


def test_a_slow_answer_is_given_up(serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """At the deadline whoever asked is told; the engine serves again when its work is done."""
    free = Event()
    monkeypatch.setattr(Engine, "understand", lambda *_: free.wait(30))
    client = serve(timeout=0.2)
    problem(client.get("/understand?q=love"), 504, "too-slow")
    free.set()
    assert client.get("/health").status_code == 200


def test_more_than_can_wait_are_told_at_once(serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where 64 wait for an engine, the next is told to come again; those that wait are answered."""
    free, nobody = Event(), Understood(text="", words=(), stems=(), idf=(), unseen=0, tags=())

    def slow(*_: object) -> Understood:
        assert free.wait(30)
        return nobody

    monkeypatch.setattr(Engine, "understand", slow)
    client = serve(timeout=30)
    with ThreadPoolExecutor(80) as people:
        asked = [people.submit(client.get, "/understand?q=love") for _ in range(80)]
        told = next(as_completed(asked)).result()
        problem(told, 503, "busy")
        assert told.headers["retry-after"] == "1"
        free.set()
        statuses = [one.result().status_code for one in asked]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 64


def test_an_index_that_may_not_be_written_to_answers(
    serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right to write there are answers, and feedback is refused for what it is."""
    monkeypatch.setattr(Engine, "read_only", property(lambda _: True))
    client = serve()
    assert client.get("/search?q=love").json()["results"]
    row = problem(client.post("/feedback", json={"action_name": "click"}), 503, "read-only")
    assert "/" not in row["detail"]
