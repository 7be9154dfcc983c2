"""Money: streams cost what whole answers cost, every row can be recomputed, and nothing a client sends changes it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.replay import Replayer, Reply
from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, GatewayConfig, model
from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer, exchange, json_request
from trunkline.ir import Usage
from trunkline.ledger.cost import cost
from trunkline.profiles.rates import price_from_json

CHAT = "/v1/chat/completions"
RICH: dict[str, object] = {
    "input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6, "cache_read_input_token_cost": 3e-7,
    "cache_creation_input_token_cost": 3.75e-6, "output_cost_per_reasoning_token": 20e-6,
    "input_cost_per_audio_token": 4e-5, "input_cost_per_request": 0.001,
    "cache_creation_input_token_cost_above_1hr": 6e-6,
    "search_context_cost_per_query": {"search_context_size_medium": 0.01},
}  # fmt: skip
CLAUDE: dict[str, object] = {
    "input_tokens": 20, "output_tokens": 7, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 300,
    "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
}  # fmt: skip
USAGES: dict[str, dict[str, object]] = {
    "openai": {
        "prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500,
        "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 200},
    },
    "deepseek": {
        "prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940, "prompt_cache_hit_tokens": 640,
        "prompt_cache_miss_tokens": 260,
    },
    "groq": {"prompt_tokens": 50, "completion_tokens": 7, "total_tokens": 57, "queue_time": 0.1},
    "mistral": {"prompt_tokens": 50, "completion_tokens": 7, "total_tokens": 57},
    "xai": {
        "prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 94},
    },
    "openrouter": {
        "prompt_tokens": 2649, "completion_tokens": 100, "total_tokens": 2749,
        "prompt_tokens_details": {"cached_tokens": 2569, "cache_write_tokens": 79},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def replayer() -> Iterator[Replayer]:
    """A provider that answers what the test says."""
    with Replayer() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(replayer: Replayer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One group a dialect, all at one rich price; one at a tiny price; one that nobody knows a price for."""
    key: dict[str, object] = {"api_key": "os.environ/CANARY_PROVIDER_KEY", "api_base": replayer.url}
    models: list[dict[str, object]] = [
        {"model_name": name, "litellm_params": key | RICH | {"model": f"{name}/m-1"}} for name in USAGES
    ]
    models.append({"model_name": "claude", "litellm_params": key | RICH | {"model": "anthropic/claude-opus-4-8"}})
    tiny = {"input_cost_per_token": 1e-7, "output_cost_per_token": 1e-7}
    models.append({"model_name": "tiny", "litellm_params": key | tiny | {"model": "openai/tiny-1"}})
    models.append({"model_name": "unpriced", "litellm_params": key | {"model": "openai/nobody-knows-this-one"}})
    config = GatewayConfig(models=models, router={"num_retries": 0})
    with Gateway(tmp_path_factory.mktemp("money"), config) as running:
        yield running


def whole(usage: object, id_: str = "chatcmpl-1") -> Reply:
    """An answer with this usage."""
    message = {"role": "assistant", "content": "hello"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    content = {"id": id_, "model": "m-1", "choices": [choice], "usage": usage}
    return Reply(200, "application/json", json.dumps(content).encode())


def stream(usage: object, dialect: str = "openai") -> Reply:
    """The same answer as a stream, usage where the dialect puts it."""
    base: dict[str, object] = {"id": "chatcmpl-1", "model": "m-1"}
    text = base | {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": None}]}
    last = base | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events: list[object] = [text, last]
    match dialect:
        case "groq":
            events[1] = last | {"x_groq": {"id": "req_1", "usage": usage}}
        case "mistral":
            events[1] = last | {"usage": usage}
        case _:
            events.append(base | {"choices": [], "usage": usage})
    lines = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    return Reply(200, "text/event-stream", b"".join(lines) + b"data: [DONE]\n\n", cut=64)


def call(gateway: Gateway, name: str, marker: str, headers: dict[str, str] | None = None, **more: object) -> Answer:
    """One chat."""
    value = {"model": name, "user": marker, "messages": []} | more
    return exchange(gateway.port, json_request(CHAT, value, gateway.master_key, headers))


def query(gateway: Gateway, sql: str) -> list[dict[str, Any]]:
    """Ask the gateway's database."""
    with contextlib.closing(sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True, timeout=5)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(sql)]


COUNTED = (
    "prompt_tokens", "completion_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "audio_input_tokens", "audio_output_tokens", "cost_input_pico", "cost_output_pico", "cost_cache_read_pico",
    "cost_cache_write_pico", "cost_other_pico", "spend_pico", "price_version", "usage_source",
)  # fmt: skip


@pytest.mark.parametrize("dialect", USAGES)
def test_m03_a_stream_costs_what_the_whole_answer_costs(gateway: Gateway, replayer: Replayer, dialect: str) -> None:
    """M03: the same usage, streamed and not, in every dialect: same tokens and money by kind, and not zero."""
    replayer.reply = whole(USAGES[dialect])
    assert call(gateway, dialect, f"whole-{dialect}").status == 200
    replayer.reply = stream(USAGES[dialect], dialect)
    assert call(gateway, dialect, f"stream-{dialect}", stream=True).stream.done == 1
    one, two = gateway.row(f"whole-{dialect}"), gateway.row(f"stream-{dialect}")
    assert {name: one[name] for name in COUNTED} == {name: two[name] for name in COUNTED}
    spent = one["spend_pico"]
    assert isinstance(spent, int)
    assert spent > 1_000_000_000  # the flat part alone is 0.001 USD
    assert one["usage_source"] == "provider"


def usage_of(row: dict[str, Any]) -> Usage:
    """The counts of a row."""
    return Usage(
        input_total=row["prompt_tokens"], output_total=row["completion_tokens"], cache_read=row["cache_read_tokens"],
        cache_write=row["cache_write_tokens"], reasoning=row["reasoning_tokens"], audio_in=row["audio_input_tokens"],
        audio_out=row["audio_output_tokens"], **json.loads(row["metadata"]).get("usage", {}),
    )  # fmt: skip


def test_m04_every_row_can_be_recomputed(gateway: Gateway, replayer: Replayer) -> None:
    """M04: from the stored price alone, each row's cost by kind and in all; the sum of the kinds is the total."""
    for dialect, usage in USAGES.items():
        replayer.reply = whole(usage)
        call(gateway, dialect, f"again-{dialect}")
        gateway.row(f"again-{dialect}")
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "hello"}], "usage": CLAUDE,
    }  # fmt: skip
    replayer.reply = Reply(200, "application/json", json.dumps(message).encode())
    user: list[object] = [{"role": "user", "content": "hi"}]
    assert call(gateway, "claude", "again-claude", messages=user).status == 200
    claude = gateway.row("again-claude")
    assert json.loads(str(claude["metadata"])) == {"usage": {"cache_write_long": 100, "web_searches": 2}}
    assert claude["cost_cache_write_pico"] == 200 * 3_750_000 + 100 * 6_000_000
    assert claude["cost_other_pico"] == 2 * 10**10 + 10**9
    prices = {
        row["version"]: price_from_json(row["rates_json"]) for row in query(gateway, "SELECT * FROM litellm_prices")
    }
    rows = query(gateway, "SELECT * FROM litellm_request_logs WHERE outcome = 'ok' AND price_version <> ''")
    assert len(rows) >= len(USAGES)
    for row in rows:
        fresh = cost(usage_of(row), prices[row["price_version"]])
        kinds = [row[f"cost_{kind}_pico"] for kind in ("input", "output", "cache_read", "cache_write", "other")]
        assert kinds == [fresh.input, fresh.output, fresh.cache_read, fresh.cache_write, fresh.other], row["end_user"]
        assert row["spend_pico"] == fresh.total == sum(kinds)
        assert abs(Decimal(repr(row["spend"])) * 10**12 - row["spend_pico"]) < 1


def test_m09_a_repeated_id_of_the_client_is_charged_each_time(gateway: Gateway, replayer: Replayer) -> None:
    """M09: our ids are ours: twenty calls with one `x-request-id` and one `x-litellm-call-id` are twenty rows."""
    replayer.reply = whole(USAGES["groq"])
    names = ("x-request-id", "x-litellm-call-id", "x-litellm-trace-id", "Idempotency-Key")
    headers = dict.fromkeys(names, "same")
    ids = {call(gateway, "openai", "repeat", headers).header("x-litellm-call-id") for _ in range(20)}
    assert len(ids) == 20
    rows = gateway.wait_rows(lambda found: sum(row["end_user"] == "repeat" for row in found) == 20)
    mine = [row for row in rows if row["end_user"] == "repeat"]
    assert {row["request_id"] for row in mine} == ids
    assert {row["client_call_id"] for row in mine} == {"same"}


def test_m10_nothing_in_the_body_changes_price_or_owner(gateway: Gateway, replayer: Replayer) -> None:
    """M10: `usage`, `cost`, `metadata`, `cache`, `litellm_params`, `mock_response`, `base_model` of a client."""
    replayer.reply = whole(USAGES["openai"])
    call(gateway, "openai", "honest")
    answer = call(
        gateway, "openai", "sly", usage={"prompt_tokens": 0}, cost=0, response_cost=0, base_model="free",
        metadata={"user_api_key": "sk-other", "user_api_key_hash": "0", "model_info": {"input_cost_per_token": 0}},
        cache={"no-cache": False}, litellm_params={"input_cost_per_token": 0, "custom_llm_provider": "free"},
        mock_response="free lunch", input_cost_per_token=0, output_cost_per_token=0, api_base="http://127.0.0.1:9",
        api_key="sk-mine",
    )  # fmt: skip
    assert b"free lunch" not in answer.body
    one, two = gateway.row("honest"), gateway.row("sly")
    same = (*COUNTED, "model", "model_id", "provider", "api_base", "api_key")
    assert {name: one[name] for name in same} == {name: two[name] for name in same}
    assert two["api_key"] == hashlib.sha256(gateway.master_key.encode()).hexdigest()


@pytest.mark.parametrize("id_", ["", "constant"])
def test_m11_the_providers_id_may_be_empty_or_constant(gateway: Gateway, replayer: Replayer, id_: str) -> None:
    """M11: rows are told apart by our id, whatever the provider's is."""
    replayer.reply = whole(USAGES["groq"], id_)
    for _ in range(3):
        call(gateway, "openai", f"ids{id_}")
    rows = gateway.wait_rows(lambda found: sum(row["end_user"] == f"ids{id_}" for row in found) == 3)
    assert len({row["request_id"] for row in rows if row["end_user"] == f"ids{id_}"}) == 3


def test_m13_tiny_amounts_add_up(gateway: Gateway, replayer: Replayer) -> None:
    """M13: three hundred calls of 0.0000001 USD are 0.00003 USD to the last digit, in rows and roll-ups."""
    replayer.reply = whole({"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1})
    for _ in range(300):
        assert call(gateway, "tiny", "tiny").header("x-litellm-response-cost") == "0.0000001"
    gateway.wait_rows(lambda found: sum(row["end_user"] == "tiny" for row in found) == 300)
    (rows,) = query(gateway, "SELECT sum(spend_pico) s FROM litellm_request_logs WHERE model_group = 'tiny'")
    assert rows["s"] == 300 * 100_000
    tables = [row["name"] for row in query(gateway, "SELECT name FROM sqlite_master WHERE name LIKE '%rollup%'")]
    columns = {name: [c["name"] for c in query(gateway, f"PRAGMA table_info({name})")] for name in tables}
    tables = [name for name in tables if "spend_pico" in columns[name]]
    assert tables
    for name in tables:
        (summed,) = query(gateway, f"SELECT sum(spend_pico) s FROM {name} WHERE model_group = 'tiny'")
        assert summed["s"] == 300 * 100_000, name


def test_m14_a_model_without_a_price_is_said_to_be_one(gateway: Gateway, replayer: Replayer) -> None:
    """M14: no cost header, a row without a price version, and a metric that counts it: never silently free."""
    replayer.reply = whole(USAGES["openai"])
    answer = call(gateway, "unpriced", "unpriced")
    assert answer.status == 200
    assert answer.header("x-litellm-response-cost") is None
    row = gateway.row("unpriced")
    assert (row["price_version"], row["spend_pico"], row["prompt_tokens"]) == ("", 0, 1200)
    told = [line for line in gateway.get("/metrics").body.decode().splitlines() if "unpriced" in line.split("{")[0]]
    assert any(not line.startswith("#") and float(line.rsplit(" ", 1)[1]) >= 1 for line in told), told


def test_m15_a_call_costs_what_it_cost_when_it_began(provider: FakeProvider, make_gateway: MakeGateway) -> None:
    """M15: the price changes while a call runs: the call is charged at the old one, the next at the new one."""
    gateway = make_gateway(
        models=[model("slow", "fault:ok:head_delay=1", provider.base_url)], trunkline={"first_byte_timeout": 5}
    )
    answers: list[Answer] = []
    running = threading.Thread(target=lambda: answers.append(call(gateway, "slow", "before")))
    running.start()
    provider.wait_entry("before")
    config = json.loads(gateway.config_file.read_text())
    config["model_list"][0]["litellm_params"]["input_cost_per_token"] = 1.0
    gateway.config_file.write_text(json.dumps(config))
    reloaded = exchange(gateway.port, json_request("/config/reload", {}, gateway.master_key))
    assert reloaded.status == 200, reloaded.body
    running.join(10)
    after = call(gateway, "slow", "after")
    costs = [Decimal(str(answer.header("x-litellm-response-cost"))) for answer in (answers[0], after)]
    assert costs[0] < Decimal("0.001")
    assert costs[1] > 1
    assert gateway.row("before")["price_version"] != gateway.row("after")["price_version"]


def test_a_broken_price_file_stops_no_call(replayer: Replayer, make_gateway: MakeGateway, tmp_path: Path) -> None:
    """A price file that is no JSON is said in the log; calls go on at the built-in prices."""
    (tmp_path / "prices.json").write_text('{"cut')
    key = {"api_key": "os.environ/CANARY_PROVIDER_KEY", "api_base": replayer.url}
    gateway = make_gateway(
        models=[{"model_name": "known", "litellm_params": key | {"model": "openai/gpt-4o-mini"}}],
        environment={"TRUNKLINE_PRICE_FILE": str(tmp_path / "prices.json")},
    )
    replayer.reply = whole(USAGES["openai"])
    for _ in range(2):
        answer = call(gateway, "known", "broken-prices")
        assert answer.status == 200
        assert Decimal(str(answer.header("x-litellm-response-cost"))) > 0
        assert exchange(gateway.port, json_request("/config/reload", {}, gateway.master_key)).status == 200
    assert "is no JSON object of models" in gateway.log()
    assert "prices come from the built-in list" in gateway.log()
