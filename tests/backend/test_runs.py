"""Runs: a message is stored and answered whoever watches, once, and its receipt is the ledger's."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from backend.app.core.ids import new_id
from backend.app.services.gateway.tasks import TASK_MODEL_MAP
from tests.backend.runs_fixtures import app, client, database, mark, runs_gateway
from tests.backend.runs_support import App, answer_of, events, marked, messages, post, send
from tests.support.gateway import Gateway
from tests.support.provider import Entry, FakeProvider

__all__ = ["app", "client", "database", "mark", "runs_gateway"]


_OF_THE_RUN = {"title", "answered", "end"}


def entries(provider: FakeProvider, mark: str) -> list[Entry]:
    """The calls whose model carries the mark."""
    return [entry for entry in provider.ledger() if mark in entry.model]


def wait_for(provider: FakeProvider, mark: str, ended: str = "") -> Entry:
    """The one call with the mark, once it has come (and ended so)."""
    provider.wait(lambda all_: any(mark in e.model and (not ended or e.ended == ended) for e in all_))
    (found,) = entries(provider, mark)
    return found


def pico(gateway: Gateway, call_id: str) -> int:
    """What the ledger's row says of a call, in pico-dollars."""
    rows = gateway.wait_rows(lambda all_: any(row["request_id"] == call_id for row in all_))
    (found,) = [row for row in rows if row["request_id"] == call_id]
    spend = found["spend_pico"]
    assert isinstance(spend, int)
    return spend


def test_a_message_is_answered_in_events_and_stored(client: httpx.Client, runs_gateway: Gateway) -> None:
    """Title, status, text, route, receipt, end; then the conversation holds the same, and the ledger's cost.

    The answer is over, and said to be, before its receipt is settled.
    """
    run = send(client, "plain", "What is a mutex?\nTell me more.")
    read = events(client, run["id"])
    assert [event.id for event in read.events] == list(range(1, len(read.events) + 1))
    assert read.types[0] == "title"
    assert read.of("title")[0]["title"] == "What is a mutex?"
    assert [status["status"] for status in read.of("status")] == ["waiting", "streaming"]
    assert read.types[-4:] == ["answer_end", "answered", "usage", "end"]
    message_id = run["answers"][0]["message_id"]
    assert all(event.data["message_id"] == message_id for event in read.events if event.type not in _OF_THE_RUN)
    first, settled = read.of("usage")[-2:]
    assert not first["receipt"]["settled"]
    assert settled["receipt"]["settled"]
    answer = answer_of(client, run)
    assert answer["content"] == read.text() != ""
    assert answer["status"] == "done"
    assert answer["receipt"] == settled["receipt"]
    assert answer["parent_id"] == run["user_message_id"]
    assert answer["route"] == read.of("route")[0]["route"]
    receipt = answer["receipt"]
    assert int(receipt["cost_nano"]) * 1000 == pico(runs_gateway, receipt["call_id"]) > 0
    assert receipt["usage"]["total"] == receipt["usage"]["input"] + receipt["usage"]["output"]
    again = client.get(f"/api/runs/{run['id']}").json()
    assert again["state"] == "ended"
    assert again["last_event_id"] == read.last_id
    conversation = client.get(f"/api/conversations/{run['conversation_id']}").json()
    assert conversation["title"] == "What is a mutex?"
    assert conversation["leaf_id"] == message_id
    assert conversation["cost_nano"] == receipt["cost_nano"]


def test_the_answer_goes_on_when_the_browser_goes(client: httpx.Client, provider: FakeProvider, mark: str) -> None:
    """A reader that leaves after the first word ends nothing; the stored answer is whole."""
    run = send(client, marked("ok", mark, n=8, delay=0.1))
    assert events(client, run["id"], until="delta").text()
    assert wait_for(provider, mark, "done").done_sent
    read = events(client, run["id"])
    assert read.text().count("#") == 8
    assert answer_of(client, run)["content"] == read.text()


def test_a_stream_goes_on_without_a_gap_after_any_event(client: httpx.Client, mark: str) -> None:
    """For each number, everything after it and nothing else comes, while the run goes on and when it has ended."""
    run = send(client, marked("ok", mark, n=12, delay=0.05))
    early = events(client, run["id"], until="delta")
    after = early.last_id
    rest = events(client, run["id"], after)
    assert rest.events[0].id == after + 1
    whole = events(client, run["id"])
    assert early.events + rest.events == whole.events
    for number in range(whole.last_id):
        assert events(client, run["id"], number).events == whole.events[number:]
    # A browser sends the old address and what it has in the header.
    assert events(client, run["id"], 0, headers={"last-event-id": "3"}).events == whole.events[3:]
    # Who has it all gets the end again: a close without it would mean "connect again".
    assert [event.type for event in events(client, run["id"], whole.last_id).events] == ["end"]


def test_one_id_is_one_call_however_often_and_simultaneously_it_is_sent(
    client: httpx.Client, app: App, provider: FakeProvider, mark: str
) -> None:
    """Eight requests at once: one 202, the rest 200 with the same run; the provider saw one call."""
    body = {"id": new_id(), "conversation_id": new_id(), "content": "once", "models": [marked("ok", mark)]}
    barrier = threading.Barrier(8)

    def once() -> httpx.Response:
        with app.client() as own:
            barrier.wait()
            return own.post("/api/runs", json=body)

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(once) for _ in range(8)]]
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({str(answer.json()["answers"]) for answer in answers}) == 1
    events(client, str(body["id"]))
    assert client.post("/api/runs", json=body).status_code == 200
    assert len(entries(provider, mark)) == 1
    assert len(messages(client, answers[0].json())) == 2
    clash = client.post("/api/runs", json=body | {"content": "something else"})
    assert clash.status_code == 409
    assert clash.json()["error"]["code"] == "conflict"


def test_stop_reaches_the_provider_within_a_second_and_keeps_the_text(
    client: httpx.Client, provider: FakeProvider, runs_gateway: Gateway, mark: str
) -> None:
    """The provider's connection closes, what came is kept, and the receipt comes from the ledger."""
    run = send(client, marked("stall", mark, after=3, n=50))
    events(client, run["id"], until="delta", words=3)
    asked = time.monotonic()
    assert client.post(f"/api/runs/{run['id']}/stop", json={}).status_code == 200
    entry = wait_for(provider, mark, "client_closed")
    assert entry.client_closed_at is not None
    assert entry.client_closed_at - asked < 1.0
    read = events(client, run["id"])
    assert read.of("answer_end")[0]["status"] == "stopped"
    assert "error" not in read.types
    answer = answer_of(client, run)
    assert answer["status"] == "stopped"
    assert answer["error"]["code"] == "stopped"
    assert answer["content"].count("#") == 3
    assert answer["receipt"]["settled"]
    assert answer["receipt"]["estimated"]
    assert int(answer["receipt"]["cost_nano"]) * 1000 == pico(runs_gateway, answer["receipt"]["call_id"]) > 0
    # A second stop finds nothing to stop.
    assert client.post(f"/api/runs/{run['id']}/stop", json={}).json()["state"] == "ended"


def test_a_stream_that_breaks_off_is_cut_and_can_be_continued(client: httpx.Client, mark: str) -> None:
    """The text is kept under the status `cut`; a run of the kind `continue` hangs its answer below it."""
    run = send(client, marked("fin_event", mark, after=2))
    read = events(client, run["id"])
    answer = answer_of(client, run)
    assert answer["status"] == "cut"
    assert answer["error"]["code"] == "cut"
    assert answer["content"] == read.text() != ""
    more = send(
        client, "plain", "", conversation_id=run["conversation_id"], kind="continue", parent_id=answer["id"]
    )  # fmt: skip
    events(client, more["id"])
    assert more["user_message_id"] == run["user_message_id"]
    assert answer_of(client, more)["parent_id"] == answer["id"]


def test_a_retry_is_a_sibling(client: httpx.Client) -> None:
    """The same question gets a second answer, by another model; the first stays."""
    run = send(client, "plain")
    events(client, run["id"])
    again = send(
        client, "over/x", "", conversation_id=run["conversation_id"], kind="retry", parent_id=run["user_message_id"]
    )  # fmt: skip
    events(client, again["id"])
    stored = messages(client, again)
    assert len(stored) == 3
    first, second = (stored[each["answers"][0]["message_id"]] for each in (run, again))
    assert first["parent_id"] == second["parent_id"] == run["user_message_id"]
    assert second["model"] == "over/x"
    conversation = client.get(f"/api/conversations/{run['conversation_id']}").json()
    assert conversation["leaf_id"] == second["id"]
    assert conversation["model"] == "over/x"


@pytest.mark.parametrize(
    ("model", "code", "words", "fix"),
    [
        ("keyless", "no_key", "No key for Mistral.", "Put NO_SUCH_API_KEY in .env; it is picked up without a restart."),
        ("nobody", "not_found", "The gateway has no model nobody.", "Choose another model"),
        (
            "fault:status:code=401",
            "key_refused",
            "refused the gateway's key (401).",
            "Check CANARY_PROVIDER_KEY in .env.",
        ),
        ("fault:status:code=500", "provider_down", "OpenAI has been failing since", ""),
        ("fault:rst_head", "provider_down", "OpenAI has been failing since", ""),
    ],
)
def test_an_error_says_what_to_do(client: httpx.Client, model: str, code: str, words: str, fix: str) -> None:
    """The error of the answer has a code, a sentence and a way out, and names a model that would answer."""
    run = send(client, model)
    read = events(client, run["id"])
    (event,) = read.of("error")
    error: dict[str, Any] = event["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert fix in error["fix"]
    assert error["model"] == model
    answer = answer_of(client, run)
    assert answer["status"] == "error"
    assert answer["error"] == error
    if code == "no_key":
        assert error["variable"] == "NO_SUCH_API_KEY"
    usage = answer["receipt"]["usage"]
    assert (usage["input"], usage["output"], usage["total"], answer["receipt"]["cost_nano"]) == (None,) * 4


def test_a_task_goes_to_the_model_of_the_persons_map(client: httpx.Client) -> None:
    """`task` stands for `models`: the map of the settings, else the guide's fallback; the way says why."""
    client.put("/api/settings", json={"task_models": {"greeting": "over/x"}})
    try:
        for task, model, why in (
            ("greeting", "over/x", "For the task `greeting` your settings say `over/x`."),
            ("knitting", "gemini-2.5-flash", "Your settings have no model for the task `knitting`"),
        ):
            body = {"id": new_id(), "conversation_id": new_id(), "content": "Hello", "task": task}
            first = client.post("/api/runs", json=body)
            assert first.status_code == 202, first.text
            run = first.json()
            events(client, run["id"])
            answer = answer_of(client, run)
            assert run["answers"][0]["model"] == answer["model"] == model
            assert answer["route"]["why"].startswith(why)
            again = client.post("/api/runs", json=body)
            assert (again.status_code, again.json()["answers"]) == (200, run["answers"])
    finally:
        client.put("/api/settings", json={"task_models": dict(TASK_MODEL_MAP)})


@pytest.mark.parametrize("chosen", [{}, {"models": ["plain"], "task": "greeting"}, {"task": ""}])
def test_a_run_has_either_models_or_a_task(client: httpx.Client, chosen: dict[str, Any]) -> None:
    """Neither, both, and a task without a name are refused."""
    body = {"id": new_id(), "conversation_id": new_id(), "content": "Hello"} | chosen
    answer = client.post("/api/runs", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


def test_a_limit_that_stays_is_an_error_with_its_wait(client: httpx.Client, mark: str) -> None:
    """A limit of an hour is not waited for: the person is told, and may go elsewhere."""
    run = send(client, marked("status", mark, code=429, retry_after=3600))
    (event,) = events(client, run["id"]).of("error")
    assert event["error"]["code"] == "rate_limited"
    assert event["error"]["message"] == "Limit reached at OpenAI."
    assert event["error"]["retry_after_s"] == 3600


def test_a_reader_that_does_not_read_slows_nothing(client: httpx.Client, app: App, mark: str) -> None:
    """7 MB come while one reader reads nothing; the run ends, and the reader then gets every byte."""
    run = send(client, marked("flood", mark, megabytes=7))
    with app.client() as slow, slow.stream("GET", f"/api/runs/{run['id']}/events") as unread:
        whole = events(client, run["id"])
        assert answer_of(client, run)["status"] == "done"
        size = len(whole.text())
        assert size > 6_900_000
        late = sum(len(data) for data in unread.iter_bytes())
    assert late > size
    ids = [event.id for event in whole.events]
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"content": "  "}, 422, "content"),
        ({"parent_id": new_id()}, 404, None),
        ({"kind": "retry", "parent_id": new_id()}, 404, None),
        ({"attachment_ids": [new_id()]}, 422, "attachment_ids"),
        ({"models": ["plain", "plain"], "chat_kind": "compare", "columns": [1, 1]}, 422, "columns"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_stores_nothing(
    client: httpx.Client, change: dict[str, Any], status: int, field: str | None
) -> None:
    """A refusal names the part of the request; there is no conversation afterwards."""
    conversation = new_id()
    answer = post(client, **({"conversation_id": conversation} | change))
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["field"] == field
    assert client.get(f"/api/conversations/{conversation}").status_code == 404
    assert client.get(f"/api/runs/{new_id()}").status_code == 404
