"""`/trunkline/*` over both databases: sums that are right in every zone, pages that stay put, failures in groups."""

from __future__ import annotations

import random
import socket
import threading
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.integration.ledger.conftest import database, root, server, template
from tests.support.journals import API_KEYS, Writer, attempt, call
from tests.support.ledger import Database, ship_all
from tests.unit.admin.fakes import AUTH, SNAPSHOT, FakeGateway
from trunkline.admin.app import create_app
from trunkline.config.snapshot import Snapshot
from trunkline.ir import Secret
from trunkline.ledger.record import CallRecord

__all__ = ["database", "root", "server", "template"]

pytestmark = pytest.mark.usefixtures("root")

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("Pacific/Chatham", "America/St_Johns", "Asia/Beirut", "America/Havana", "Pacific/Apia", "Africa/Casablanca"),
)
AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)
"""Clocks go back in Europe on this day."""
SPRING = datetime(2026, 3, 29, tzinfo=UTC)
Body = dict[str, Any]


def micro(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def at(moment: datetime, **changes: Any) -> CallRecord:
    """A call that began then, with an id of then."""
    number = (micro(moment) // 1000) << 80 | 7 << 76 | 2 << 62 | random.getrandbits(62)
    return call(started_us=micro(moment), request_id=str(uuid.UUID(int=number)), **changes)


def snapshot_of(url: str) -> Snapshot:
    """A configuration that names the database."""
    return replace(SNAPSHOT, database_url=Secret(url))


@pytest.fixture
async def client(database: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the key, of a gateway over the database."""
    app = create_app(FakeGateway(tmp_path, snapshot_of(database.url)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://gateway", headers=AUTH
    ) as made:
        yield made


def ship(root: Path, database: Database, *records: CallRecord) -> None:
    """Put calls into the database the way a worker and the shipper do."""
    writer = Writer(root)
    writer.price()
    writer.end(*records)
    # The shipper brings its own event loop.
    thread = threading.Thread(target=ship_all, args=(root, database))
    thread.start()
    thread.join(60)


async def ask(client: httpx.AsyncClient, path: str, **params: Any) -> Body:
    """The body of an answer that is good."""
    answer = await client.get(f"/trunkline/{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: Body = answer.json()
    return found


def around(middle: datetime) -> dict[str, str]:
    """Three days on each side."""
    return {"from": (middle - timedelta(days=3)).isoformat(), "to": (middle + timedelta(days=4)).isoformat()}


@pytest.mark.parametrize("middle", [AUTUMN, SPRING], ids=["autumn", "spring"])
async def test_days_are_the_days_of_the_zone(
    client: httpx.AsyncClient, database: Database, root: Path, middle: datetime
) -> None:
    """In twelve zones, through both clock changes: every day has its own calls, and the parts sum to the whole."""
    moments = [middle - timedelta(days=3) + timedelta(minutes=37 * number) for number in range(272)]
    ship(root, database, *(at(moment, cost=7 + number) for number, moment in enumerate(moments)))
    for name in ZONES:
        zone = ZoneInfo(name)
        for bucket in ("day", "hour"):
            found = await ask(client, "usage", **around(middle), zone=name, bucket=bucket, by="model")
            [series] = found["series"]
            starts = [datetime.fromisoformat(start) for start in found["buckets"]]
            expected = Counter(max(start for start in starts if start <= moment) for moment in moments)
            assert series["calls"] == [expected[start] for start in starts], (name, bucket)
            if bucket == "day":
                dates = [start.astimezone(zone).date() for start in starts[1:]]
                before = [(start - timedelta(microseconds=1)).astimezone(zone).date() for start in starts[1:]]
                assert [date - timedelta(days=1) for date in dates] == before, name
            assert found["total"]["calls"] == sum(series["calls"]) == 272
            total = sum(map(Decimal, series["spend"]))
            assert total == Decimal(found["total"]["spend"]) == Decimal(sum(range(7, 279))).scaleb(-12)


async def test_the_largest_are_shown_and_the_rest_is_one_series(
    client: httpx.AsyncClient, database: Database, root: Path
) -> None:
    """Groups come by spend; what is not among the first `top` is folded into one that says how many it holds."""
    costs = {"a": 5, "b": 400, "c": 30, "d": 2_000}
    ship(root, database, *(at(AUTUMN, model=name, cost=cost) for name, cost in costs.items()))
    found = await ask(client, "usage", **around(AUTUMN), top=2, by="model")
    assert [(each["name"], each["members"], each["total"]["spend"]) for each in found["series"]] == [
        ("d", 1, "0.000000002"),
        ("b", 1, "0.0000000004"),
        (None, 2, "0.000000000035"),
    ]
    assert sum(sum(each["calls"]) for each in found["series"]) == 4


async def test_filters_narrow_the_sums(client: httpx.AsyncClient, database: Database, root: Path) -> None:
    """Model (with a star, whatever the capitals), provider, key and status each leave their own calls."""
    calls = [
        at(AUTUMN, model="gpt-4o", model_group="smart"),
        at(AUTUMN, model="GPT-4O-mini", model_group="fast", api_key=API_KEYS[1]),
        at(AUTUMN, model="claude_x", model_group="claude", provider="anthropic"),
        at(AUTUMN, model="claudeyx", status="failure", outcome="timeout", http_status=408),
    ]
    ship(root, database, *calls)
    for params, expected in (
        ({}, 4), ({"model": "gpt-4o"}, 1), ({"model": "gpt-4*"}, 2), ({"model": "smart"}, 1), ({"model": "claude_x"}, 1),
        ({"model": "%"}, 0), ({"provider": "anthropic"}, 1), ({"key": "f" * 8}, 0), ({"key": API_KEYS[1]}, 1),
        ({"status": "failure"}, 1), ({"status": "success"}, 3),
    ):  # fmt: skip
        assert (await ask(client, "usage", **around(AUTUMN), **params))["total"]["calls"] == expected, params


async def test_money_is_exact_beyond_64_bits(client: httpx.AsyncClient, database: Database, root: Path) -> None:
    """A sum of 18 million dollars and a pico has every digit."""
    big = 9_007_199_254_740_993_001
    ship(root, database, at(AUTUMN, cost=big), at(AUTUMN, cost=1), at(AUTUMN, cost=big, model_group="other"))
    found = await ask(client, "usage", **around(AUTUMN))
    assert found["total"]["spend"] == "18014398.509481986003"


async def test_pages_hold_every_request_once_while_new_ones_come(
    client: httpx.AsyncClient, database: Database, root: Path
) -> None:
    """Pages go backwards in time without a gap or a repetition, whatever is added at the top, also within an instant."""
    old = [at(AUTUMN + timedelta(seconds=number // 3)) for number in range(50)]
    ship(root, database, *old)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await ask(client, "requests", **around(AUTUMN), limit=7, cursor=cursor)
        seen += [each["request_id"] for each in page["requests"]]
        cursor = page["next_cursor"]
        if len(seen) == 7:
            ship(root, database, at(AUTUMN + timedelta(hours=1)))
    expected = sorted(((each.started_us, each.request_id) for each in old), reverse=True)
    assert seen == [request_id for _, request_id in expected]


async def test_the_log_finds_what_is_asked_for(client: httpx.AsyncClient, database: Database, root: Path) -> None:
    """By HTTP status or its class, by kind, by cost, and by any of three ids, whatever the time."""
    failed = {"status": "failure", "outcome": "upstream_error", "cost": 0, "price_version": ""}
    calls = {
        "dear": at(AUTUMN, cost=250_000_000_000),
        "quota": at(AUTUMN, http_status=429, **failed),
        "down": at(AUTUMN, http_status=503, **failed),
        "late": at(AUTUMN, http_status=408, **failed | {"outcome": "timeout"}),
        "ours": at(AUTUMN, client_call_id="from-the-client", provider_request_id="from-the-provider"),
    }
    ship(root, database, *calls.values())
    names = {each.request_id: name for name, each in calls.items()}
    for params, expected in (
        ({"status": "429"}, {"quota"}),
        ({"status": "5xx"}, {"down"}),
        ({"status": "failure"}, {"quota", "down", "late"}),
        ({"kind": "timeout"}, {"late"}),
        ({"kind": "quota"}, {"quota"}),
        ({"min_cost": "0.25"}, {"dear"}),
        ({"min_cost": "0.250000000001"}, set()),
        ({"id": "from-the-client", "from": "2020-01-01", "to": "2020-01-02"}, {"ours"}),
        ({"id": "from-the-provider"}, {"ours"}),
        ({"id": calls["late"].request_id}, {"late"}),
    ):
        found = await ask(client, "requests", **around(AUTUMN) | params)
        assert {names[each["request_id"]] for each in found["requests"]} == expected, params


async def test_one_request_shows_its_line_and_its_bill(
    client: httpx.AsyncClient, database: Database, root: Path
) -> None:
    """Attempts in order with their cause and time, and a bill whose lines sum to the pico to what was charged."""
    first = attempt(1, started_us=micro(AUTUMN), duration_us=180_000, status=429, provider="cohere", model="command")
    made = at(AUTUMN, attempts=2, earlier=(first,), cache_read=20)
    ship(root, database, made)
    found = await ask(client, f"requests/{made.request_id}")
    assert [(a["number"], a["provider"], a["http_status"], a["kind"]) for a in found["line"]] == [
        (1, "cohere", 429, "quota"),
        (2, "openai", 200, None),
    ]
    assert [a["duration_ms"] for a in found["line"]] == [180, 1054]
    assert [(line["what"], line["tokens"]) for line in found["bill"]] == [
        ("input", 100), ("cache_read", 20), ("output", 30),
    ]  # fmt: skip
    assert sum(Decimal(line["spend"]) for line in found["bill"]) == Decimal(found["spend"]) == Decimal("0.00009")
    assert found["price"]["version"] == made.price_version
    assert (found["first_byte_ms"], found["duration_ms"]) == (234, 1234)


async def test_a_price_that_is_not_known_is_no_zero(client: httpx.AsyncClient, database: Database, root: Path) -> None:
    """A call that consumed tokens of a model without a price has no spend; one without tokens cost nothing."""
    unpriced = {"cost": 0, "cost_input": 0, "cost_output": 0, "price_version": ""}
    ship(root, database, at(AUTUMN, **unpriced), at(AUTUMN, **unpriced, input_total=0, output_total=0))
    found = await ask(client, "requests", **around(AUTUMN))
    assert sorted(str(each["spend"]) for each in found["requests"]) == ["0", "None"]
    assert (await ask(client, "usage", **around(AUTUMN)))["total"]["unpriced_calls"] == 1


async def test_errors_are_grouped_and_say_what_is_new(
    client: httpx.AsyncClient, database: Database, root: Path
) -> None:
    """By kind, provider and model, with first and last seen; failed attempts count, and last week's are not new."""
    failed = {"status": "failure", "outcome": "upstream_error", "http_status": 429, "error": "slow down"}
    hours = [AUTUMN + timedelta(hours=number) for number in range(3)]
    retried = attempt(1, started_us=micro(hours[2]), status=401, model="small", provider="mistral", error="bad key")
    records = [
        *(at(hour, **failed, model="command", provider="cohere") for hour in hours),
        at(AUTUMN - timedelta(days=8), **failed, model="command", provider="cohere"),
        at(hours[1], **failed | {"outcome": "client_gone", "http_status": 499}),
        at(hours[2], attempts=2, earlier=(retried,)),
    ]
    ship(root, database, *records)
    found = await ask(client, "errors", **around(AUTUMN), bucket="day")
    assert found["count"] == 5
    assert [
        (each["kind"], each["provider"], each["model"], each["calls"], each["attempts"], each["new"])
        for each in found["groups"]
    ] == [
        ("quota", "cohere", "command", 3, 0, False),
        ("client_left", "openai", "gpt-5-mini-2026-08-07", 1, 0, True),
        ("key_refused", "mistral", "small", 0, 1, True),
    ]
    quota, _, refused = found["groups"]
    assert [datetime.fromisoformat(quota[name]) for name in ("first_seen", "last_seen")] == [hours[0], hours[2]]
    assert (quota["request_id"], quota["error"]) == (records[2].request_id, "slow down")
    assert (refused["request_id"], refused["error"]) == (records[5].request_id, "bad key")
    assert (sum(quota["points"]), max(quota["points"])) == (3, 3)


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("usage", {"zone": "Mars/Olympus"}, ["`zone`", "Europe/Berlin"]),
        ("usage", {"zone": "../../etc/passwd"}, ["`zone`"]),
        ("usage", {"from": "2026-01-02", "to": "2026-01-01"}, ["`from`", "before"]),
        ("usage", {"from": "2020-01-01", "to": "2026-01-01", "bucket": "15m"}, ["`bucket`", "400"]),
        ("usage", {"from": "0001-01-01", "zone": "Asia/Tokyo"}, ["`from`"]),
        ("usage", {"status": "429"}, ["`status`"]),
        ("requests", {"status": "great"}, ["`status`", "5xx"]),
        ("requests", {"min_cost": "cheap"}, ["`min_cost`", "0.10"]),
        ("requests", {"min_cost": "NaN"}, ["`min_cost`"]),
        ("requests", {"kind": "bad luck"}, ["`kind`"]),
        ("requests", {"cursor": "AAAA"}, ["`cursor`"]),
    ],
)
async def test_a_wrong_question_is_told_what_to_write(
    client: httpx.AsyncClient, path: str, params: dict[str, str], words: list[str]
) -> None:
    """The answer is 422 in OpenAI's shape, names the parameter and the way out."""
    answer = await client.get(f"/trunkline/{path}", params=params)
    assert answer.status_code == 422, answer.text
    message = answer.json()["error"]["message"]
    assert all(word in message for word in words), message


async def test_an_unknown_request_is_a_404_that_says_where_ids_are(client: httpx.AsyncClient) -> None:
    """An id that is not in the ledger, and one that no path can have."""
    answer = await client.get("/trunkline/requests/none-such")
    assert answer.status_code == 404
    assert "x-litellm-call-id" in answer.json()["error"]["message"]


async def test_before_the_first_call_everything_is_empty(tmp_path: Path) -> None:
    """A gateway whose ledger has no tables yet answers with nothing, and makes no file."""
    app = create_app(FakeGateway(tmp_path))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://gateway", headers=AUTH
    ) as client:
        assert (await ask(client, "usage"))["total"]["calls"] == 0
        assert (await ask(client, "requests"))["requests"] == []
        assert (await ask(client, "errors"))["groups"] == []
    assert not (tmp_path / "trunkline.db").exists()


async def test_a_database_that_is_down_is_a_503(tmp_path: Path) -> None:
    """Nobody listens where the database should be: the answer says so, and when to ask again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]
    app = create_app(FakeGateway(tmp_path, snapshot_of(f"postgresql://user:secret@127.0.0.1:{nobody}/none")))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://gateway", headers=AUTH
    ) as client:
        answer = await client.get("/trunkline/usage")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "secret" not in answer.text


async def test_the_overview_names_models_that_cannot_be_called(client: httpx.AsyncClient) -> None:
    """With the reason, which names the variable that is missing."""
    found = await ask(client, "overview")
    assert found["unavailable"] == [
        {"model_name": "keyless", "provider": "acme", "reason": "set `ACME_API_KEY`: the entry names it"}
    ]
    assert found["models"] == 3
