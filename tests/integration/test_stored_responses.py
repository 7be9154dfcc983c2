"""Stored responses through the real gateway: conversations that go on, across models, workers and restarts."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.answers import Answer
from tests.support.gateway import Gateway, GatewayConfig, model
from tests.support.raw_http import RawConnection, exchange, json_request, request_bytes
from tests.support.responses_provider import ResponsesProvider

RESPONSES = "/v1/responses"


@pytest.fixture(scope="module")
def host() -> Iterator[ResponsesProvider]:
    """The stand-in provider."""
    with ResponsesProvider() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(host: ResponsesProvider) -> None:
    """What a test changed of the provider is gone."""
    host.stores, host.fails = True, {}


def models(host: ResponsesProvider) -> list[dict[str, object]]:
    """Two accounts with stored responses, a name for both, a chat model and one of another format."""
    return [
        model("a", "hosted", host.url("a"), model="hosted_vllm/a-1"),
        model("a2", "hosted", host.url("a"), model="hosted_vllm/a-2"),
        model("b", "hosted", host.url("b"), model="hosted_vllm/b-1"),
        model("both", "hosted", host.url("a"), model="hosted_vllm/a-1", order=2),
        model("both", "hosted", host.url("b"), model="hosted_vllm/b-1", order=1),
        model("chat", "chat-1", host.url()),
        model("claude", "x", host.url(), model="anthropic/claude-1"),
    ]


def start(folder: Path, host: ResponsesProvider, **settings: Any) -> Gateway:
    """A gateway on these models."""
    return Gateway(folder, GatewayConfig(models=models(host), **settings))


@pytest.fixture(scope="module")
def gateway(host: ResponsesProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for all tests that need nothing else."""
    with start(tmp_path_factory.mktemp("stored"), host) as running:
        yield running


def call(gateway: Gateway, name: str, text: object, previous: str | None = None, **more: object) -> Answer:
    """POST /v1/responses."""
    body: dict[str, object] = {"model": name, "input": text, **more}
    if previous is not None:
        body["previous_response_id"] = previous
    return exchange(gateway.port, json_request(RESPONSES, body, gateway.master_key))


def turn(gateway: Gateway, name: str, text: object, previous: str | None = None, **more: object) -> Any:
    """The same, and it has to succeed."""
    answer = call(gateway, name, text, previous, **more)
    assert answer.status == 200, answer.body
    return answer.json


def text_of(response: Any) -> str:
    """The text of a response."""
    return "".join(part["text"] for item in response["output"] if item["type"] == "message" for part in item["content"])


def about(gateway: Gateway, method: str, path: str, key: str | None = None) -> Answer:
    """A request to a stored response."""
    head = {"Authorization": f"Bearer {gateway.master_key if key is None else key}"}
    return exchange(gateway.port, request_bytes(method, path, headers=head), method=method)


def error_of(answer: Answer) -> Any:
    """The error of an answer."""
    return answer.json["error"]


def until(ready: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for what happens elsewhere."""
    limit = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < limit
        time.sleep(0.05)


def stored(gateway: Gateway) -> set[str]:
    """The ids in the database."""
    connection = sqlite3.connect(gateway.database, timeout=5)
    try:
        return {str(row[0]) for row in connection.execute("SELECT id FROM trunkline_responses")}
    except sqlite3.OperationalError:
        return set()
    finally:
        connection.close()


def test_a_conversation_with_a_model_that_keeps_nothing(gateway: Gateway, host: ResponsesProvider) -> None:
    """Three turns with a chat model: each is sent with all that went before, and the answer names what it follows."""
    first = turn(gateway, "chat", "one")
    assert first["id"].startswith("resp_")
    second = turn(gateway, "chat", "two", first["id"])
    third = turn(gateway, "chat", [{"role": "user", "content": "three"}], second["id"], instructions="be brief")
    assert third["previous_response_id"] == second["id"]
    sent = host.last("/chat/completions").body["messages"]
    said = [(one["role"], one["content"]) for one in sent if one["role"] in ("user", "assistant")]
    assert said == [
        ("user", "one"), ("assistant", "chat: 1 messages"), ("user", "two"), ("assistant", "chat: 3 messages"),
        ("user", "three"),
    ]  # fmt: skip
    assert "previous_response_id" not in host.last("/chat/completions").body


def test_instructions_do_not_go_along(gateway: Gateway, host: ResponsesProvider) -> None:
    """Those of an earlier turn are not in the next one."""
    first = turn(gateway, "chat", "one", instructions="speak French")
    turn(gateway, "chat", "two", first["id"])
    assert "French" not in json.dumps(host.last("/chat/completions").body)


def test_state_at_the_provider_is_gone_on_from_there(gateway: Gateway, host: ResponsesProvider) -> None:
    """The same deployment: its own id passes, nothing is sent twice, and the bytes of the answer are its own."""
    first = turn(gateway, "a", "one")
    answer = call(gateway, "a", "two", first["id"])
    assert text_of(answer.json) == "a: 3 items"
    sent = host.last("/responses").body
    assert sent["previous_response_id"] == first["id"]
    assert sent["input"] == "two"
    assert b'"id" :  "resp_theirs' in answer.body
    assert about(gateway, "GET", f"{RESPONSES}/{answer.json['id']}").body == answer.body


def test_the_deployment_with_the_state_is_preferred(gateway: Gateway, host: ResponsesProvider) -> None:
    """Of two deployments of a name, the one that made the earlier response gets the next turn, whatever the order."""
    first = turn(gateway, "a", "one")
    second = turn(gateway, "both", "two", first["id"])
    assert text_of(second) == "a: 3 items"
    assert host.last("/responses").path == "/a/v1/responses"


def test_when_that_deployment_fails_another_gets_the_whole(gateway: Gateway, host: ResponsesProvider) -> None:
    """The items go in front; the provider's own ids and thoughts, which mean nothing elsewhere, stay behind."""
    first = turn(gateway, "a", "one")
    host.fails = {"a": 503}
    second = turn(gateway, "both", "two", first["id"])
    assert text_of(second) == "b: 3 items"
    sent = host.last("/responses").body
    assert "previous_response_id" not in sent
    assert [item.get("role") for item in sent["input"]] == ["user", "assistant", "user"]
    assert not any("id" in item or item.get("type") == "reasoning" for item in sent["input"])


def test_another_model_of_the_same_account_sees_the_state(gateway: Gateway, host: ResponsesProvider) -> None:
    """Host, path and key are the same, so the id means the same."""
    first = turn(gateway, "a", "one")
    assert text_of(turn(gateway, "a2", "two", first["id"])) == "a: 3 items"
    assert host.last("/responses").body["previous_response_id"] == first["id"]
    assert host.last("/responses").body["model"] == "a-2"


@pytest.mark.parametrize(("before", "after"), [("a", "claude"), ("claude", "a"), ("a", "b"), ("chat", "claude")])
def test_the_model_changes_between_turns(gateway: Gateway, host: ResponsesProvider, before: str, after: str) -> None:
    """Whichever model answers next has the whole conversation."""
    first = turn(gateway, before, "one")
    second = turn(gateway, after, "two", first["id"])
    third = turn(gateway, before, "three", second["id"])
    assert {text_of(second), text_of(third)} <= {
        "messages: 3 messages", "messages: 5 messages", "a: 3 items", "a: 5 items", "b: 3 items", "b: 5 items",
        "chat: 3 messages", "chat: 5 messages",
    }  # fmt: skip
    assert "5" in text_of(third)
    assert "previous_response_id" not in host.last("/responses" if before == "a" else "").body


def test_state_that_the_provider_lost_is_sent_whole(gateway: Gateway, host: ResponsesProvider) -> None:
    """It says that it does not know the response: the call is made again with the items, and the client sees none."""
    first = turn(gateway, "a", "one")
    host.stored.clear()
    second = turn(gateway, "a", "two", first["id"])
    assert text_of(second) == "a: 3 items"
    assert "previous_response_id" not in host.last("/responses").body


def test_a_provider_that_says_it_keeps_nothing(gateway: Gateway, host: ResponsesProvider) -> None:
    """Its `store: false` means that the gateway has the state."""
    host.stores = False
    first = turn(gateway, "a", "one")
    second = turn(gateway, "a", "two", first["id"])
    assert text_of(second) == "a: 3 items"
    assert "previous_response_id" not in host.last("/responses").body


@pytest.mark.parametrize("name", ["a", "claude"])
def test_streams_are_stored(gateway: Gateway, name: str) -> None:
    """The response of the last event is what is fetched, and can be gone on from."""
    answer = call(gateway, name, "one", stream=True)
    last = [line for line in answer.body.splitlines() if line.startswith(b"data:")][-1]
    whole = json.loads(last[5:])["response"]
    fetched = about(gateway, "GET", f"{RESPONSES}/{whole['id']}")
    assert fetched.status == 200
    assert fetched.json == whole
    assert "3" in text_of(turn(gateway, "chat", "two", whole["id"]))
    again = call(gateway, name, "two", whole["id"], stream=True)
    assert b"3 " in again.body
    assert b"response.completed" in again.body


def test_the_official_client(gateway: Gateway) -> None:
    """Create, go on, retrieve, list, cancel, delete: with its own types and errors."""
    client = openai.OpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.master_key, max_retries=0)
    first = client.responses.create(model="claude", input="one")
    second = client.responses.create(model="chat", input="two", previous_response_id=first.id)
    assert second.output_text == "chat: 3 messages"
    assert second.previous_response_id == first.id
    assert client.responses.retrieve(second.id).output_text == second.output_text
    assert [item.type for item in client.responses.input_items.list(second.id)] == ["message"]
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(second.id)
    client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(second.id)
    with pytest.raises(openai.NotFoundError, match="Previous response with id"):
        client.responses.create(model="chat", input="three", previous_response_id=second.id)
    client.close()


@pytest.mark.parametrize("name", ["a", "claude"])
def test_store_false_is_honoured(gateway: Gateway, name: str) -> None:
    """It is neither fetched nor gone on from."""
    first = turn(gateway, name, "one", store=False)
    assert first["store"] is False
    missing = about(gateway, "GET", f"{RESPONSES}/{first['id']}")
    assert missing.status == 404
    assert error_of(missing)["message"] == f"Response with id '{first['id']}' not found."
    assert call(gateway, "chat", "two", first["id"]).status == 404


def test_an_unknown_id_is_the_providers_to_know(gateway: Gateway, host: ResponsesProvider) -> None:
    """A host with responses of its own may know it from before; others cannot: 404 in OpenAI's words."""
    host.stored["a/resp_older"] = {"response": {}, "items": 4}
    assert text_of(turn(gateway, "a", "two", "resp_older")) == "a: 5 items"
    refused = call(gateway, "claude", "two", "resp_older")
    assert refused.status == 404
    assert error_of(refused) == {
        "message": "Previous response with id 'resp_older' not found.", "type": "invalid_request_error",
        "param": "previous_response_id", "code": "previous_response_not_found",
    }  # fmt: skip


@pytest.mark.parametrize("prefix", ["/v1/responses", "/responses", "/openai/v1/responses"])
def test_fetch_and_list_under_every_path(gateway: Gateway, prefix: str) -> None:
    """The response as it was given, and the items of its own input with ids."""
    first = turn(gateway, "chat", "one")
    second = turn(gateway, "chat", [{"role": "user", "content": "two"}, {"role": "user", "content": "2"}], first["id"])
    assert about(gateway, "GET", f"{prefix}/{second['id']}").json == second
    listed: Any = about(gateway, "GET", f"{prefix}/{second['id']}/input_items?order=asc&limit=1").json
    assert [item["content"][0]["text"] for item in listed["data"]] == ["two"]
    assert listed["has_more"]
    more: Any = about(gateway, "GET", f"{prefix}/{second['id']}/input_items?order=asc&after={listed['last_id']}").json
    assert [item["content"][0]["text"] for item in more["data"]] == ["2"]


def test_what_cannot_be_asked_is_said(gateway: Gateway) -> None:
    """A stream of a stored response, a bad page, a wrong method."""
    path = f"{RESPONSES}/{turn(gateway, 'chat', 'one')['id']}"
    assert error_of(about(gateway, "GET", f"{path}?stream=true"))["param"] == "stream"
    assert about(gateway, "GET", f"{path}/input_items?limit=0").status == 400
    assert about(gateway, "GET", f"{path}/input_items?order=up").status == 400
    wrong = about(gateway, "PUT", path)
    assert wrong.status == 405
    assert "DELETE" in (wrong.header("allow") or "")
    assert about(gateway, "GET", path, key="sk-another-key-0123456789").status == 401


@pytest.mark.parametrize("name", ["a", "chat"])
def test_delete(gateway: Gateway, host: ResponsesProvider, name: str) -> None:
    """It is gone here and at the provider, and a conversation cannot go on from it."""
    first = turn(gateway, name, "one")
    second = turn(gateway, name, "two", first["id"])
    gone = about(gateway, "DELETE", f"{RESPONSES}/{first['id']}")
    assert gone.status == 200
    assert gone.json == {"id": first["id"], "object": "response", "deleted": True}
    assert f"a/{first['id']}" not in host.stored
    assert about(gateway, "GET", f"{RESPONSES}/{first['id']}").status == 404
    assert about(gateway, "DELETE", f"{RESPONSES}/{first['id']}").status == 404
    assert call(gateway, "claude", "three", first["id"]).status == 404
    cut = call(gateway, "claude", "three", second["id"])
    assert cut.status == 404
    assert first["id"] in error_of(cut)["message"]


def test_items_are_referred_to(gateway: Gateway, host: ResponsesProvider) -> None:
    """`item_reference` to an item of ours, and of a provider after the model changed."""
    ours = turn(gateway, "chat", "one")
    reference = {"type": "item_reference", "id": ours["output"][0]["id"]}
    turn(gateway, "claude", [{"role": "user", "content": "one"}, reference, {"role": "user", "content": "two"}])
    assert "chat: 1 messages" in json.dumps(host.last("/messages").body)
    theirs = turn(gateway, "a", "one")
    items = [{"type": "item_reference", "id": item["id"]} for item in theirs["output"] if item["type"] == "message"]
    asked = [{"role": "user", "content": "one"}, *items, {"role": "user", "content": "two"}]
    turn(gateway, "claude", asked)
    assert "a: 1 items" in json.dumps(host.last("/messages").body)
    turn(gateway, "a", asked)
    assert host.last("/responses").body["input"] == asked
    missing = call(gateway, "claude", [{"type": "item_reference", "id": "msg_nobody"}])
    assert missing.status == 404
    assert error_of(missing)["message"] == "Item with id 'msg_nobody' not found."


def test_background_responses_are_asked_for_at_their_owner(gateway: Gateway, host: ResponsesProvider) -> None:
    """A fetch brings the state that the provider has now; a cancel goes there, with the deployment's own key."""
    first = turn(gateway, "a", "one", background=True)
    assert first["status"] == "queued"
    early = call(gateway, "claude", "two", first["id"])
    assert early.status == 400
    assert "in progress" in error_of(early)["message"]
    assert about(gateway, "GET", f"{RESPONSES}/{first['id']}").json["status"] == "completed"
    assert host.seen[-1].key == gateway.provider_key
    assert text_of(turn(gateway, "claude", "two", first["id"])) == "messages: 3 messages"
    other = turn(gateway, "a", "one", background=True)
    cancelled = about(gateway, "POST", f"{RESPONSES}/{other['id']}/cancel")
    assert cancelled.status == 200
    assert cancelled.json["status"] == "cancelled"


@pytest.mark.parametrize("name", ["a", "chat"])
def test_a_synchronous_response_cannot_be_cancelled(gateway: Gateway, name: str) -> None:
    """OpenAI's words."""
    refused = about(gateway, "POST", f"{RESPONSES}/{turn(gateway, name, 'one')['id']}/cancel")
    assert refused.status == 400
    assert error_of(refused)["message"] == "Cannot cancel a synchronous response."


def test_a_follow_up_on_the_same_connection_finds_it(gateway: Gateway) -> None:
    """At once, written or not: twenty turns as fast as they go."""
    previous: str | None = None
    with RawConnection(gateway.port) as connection:
        for number in range(20):
            body: dict[str, object] = {"model": "chat", "input": str(number)}
            if previous is not None:
                body["previous_response_id"] = previous
            connection.send(json_request(RESPONSES, body, gateway.master_key))
            answer: Any = connection.answer()
            assert answer.status == 200, answer.body
            assert text_of(answer.json) == f"chat: {2 * number + 1} messages"
            previous = answer.json["id"]


def test_two_workers_find_each_others(host: ResponsesProvider, tmp_path: Path) -> None:
    """New connections land on either worker; every turn finds the one before."""
    with start(tmp_path, host, workers=2) as gateway:
        previous: str | None = None
        for number in range(30):
            response = turn(gateway, "chat", str(number), previous)
            assert text_of(response) == f"chat: {2 * number + 1} messages"
            previous = response["id"]


def test_another_key_does_not_find_it(host: ResponsesProvider, tmp_path: Path) -> None:
    """Not to fetch, not to delete, not to go on from, not even through the provider that knows the id."""
    with start(tmp_path, host) as gateway:
        theirs, ours = turn(gateway, "a", "secret"), turn(gateway, "chat", "secret")
        until(lambda: {theirs["id"], ours["id"]} <= stored(gateway))
        gateway.stop()
        gateway.master_key = "sk-" + "other" * 8
        gateway.start()
        for response in (theirs, ours):
            for method in ("GET", "DELETE"):
                assert about(gateway, method, f"{RESPONSES}/{response['id']}").status == 404
            for name in ("a", "claude"):
                refused = call(gateway, name, "two", response["id"])
                assert refused.status == 404
                assert error_of(refused)["code"] == "previous_response_not_found"
        item = next(item["id"] for item in theirs["output"] if item["type"] == "message")
        assert call(gateway, "a", [{"type": "item_reference", "id": item}]).status == 404
        assert stored(gateway) == {theirs["id"], ours["id"]}


def test_it_is_there_after_a_restart(host: ResponsesProvider, tmp_path: Path) -> None:
    """Stopped right after the answer, it is written before the process ends."""
    with start(tmp_path, host) as gateway:
        first = turn(gateway, "chat", "one")
        gateway.stop()
        gateway.start()
        assert text_of(turn(gateway, "chat", "two", first["id"])) == "chat: 3 messages"


def test_expired_responses_are_gone(host: ResponsesProvider, tmp_path: Path) -> None:
    """After the retention (a second here) it is not found; the shipper deletes the row."""
    with start(tmp_path, host, trunkline={"response_retention_days": 1 / 86400}) as gateway:
        first = turn(gateway, "chat", "one")
        until(lambda: about(gateway, "GET", f"{RESPONSES}/{first['id']}").status == 404)
        assert call(gateway, "chat", "two", first["id"]).status == 404
        gateway.stop()
        gateway.start()
        until(lambda: first["id"] not in stored(gateway))


def test_a_retention_of_nothing_stores_nothing(host: ResponsesProvider, tmp_path: Path) -> None:
    """And a translated response says so."""
    with start(tmp_path, host, trunkline={"response_retention_days": 0}) as gateway:
        first = turn(gateway, "chat", "one")
        assert first["store"] is False
        assert about(gateway, "GET", f"{RESPONSES}/{first['id']}").status == 404


def test_without_a_database_answers_go_out(host: ResponsesProvider, tmp_path: Path) -> None:
    """Calls are answered, the next ones say that they may not be stored; what needs the database is a 503."""
    general = {"database_url": "postgresql://nobody@127.0.0.1:9/none"}
    with start(tmp_path, host, general=general) as gateway:
        first = turn(gateway, "chat", "one")
        until(lambda: "database is down" in (call(gateway, "chat", "one").header("x-trunkline-losses") or ""))
        assert text_of(turn(gateway, "chat", "two", first["id"])) == "chat: 3 messages"  # it waits to be written
        refused = about(gateway, "GET", f"{RESPONSES}/resp_unknown")
        assert refused.status == 503
        assert "database" in error_of(refused)["message"]
        assert call(gateway, "a", "two", "resp_unknown").status == 503
        gateway.stop()
        assert "responses are not stored" in gateway.log()
