"""Journals for tests: records as a worker would write them, through the worker's own `Journal`."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from trunkline.ledger.journal import Journal, frame
from trunkline.ledger.record import CALL, INTENT, PRICE, Attempt, CallRecord, Intent, PriceRecord

_encode = msgspec.msgpack.Encoder().encode
API_KEYS = tuple(f"{number:064x}" for number in range(3))


def make_id() -> str:
    """A UUID of version 7, as the server makes them."""
    return str(uuid.UUID(int=(time.time_ns() // 1_000_000) << 80 | 7 << 76 | 2 << 62 | random.getrandbits(62)))


def call(**changes: Any) -> CallRecord:
    """A successful call of 120 + 30 tokens; fields can be changed."""
    record = CallRecord(
        request_id=make_id(), started_us=time.time_ns() // 1000, duration_us=1_234_567, first_byte_us=234_567,
        call_type="acompletion", model_group="gpt-5-mini", model="gpt-5-mini-2026-08-07", model_id="0123456789abcdef",
        provider="openai", api_base="https://api.example/v1", stream=True, status="success", outcome="ok",
        http_status=200, error="", api_key=API_KEYS[0], end_user="", requester_ip="127.0.0.1", usage_source="provider",
        input_total=120, output_total=30, cache_read=0, cache_write=0, reasoning=0, audio_in=0, audio_out=0,
        cost_input=30_000_000, cost_output=60_000_000, cost_cache_read=0, cost_cache_write=0, cost_other=0,
        cost=90_000_000, price_version="fedcba9876543210", attempts=1, provider_request_id="chatcmpl-1",
        config_version="abcdef012345", client_call_id="", user_agent="tests", finish_reason="stop",
    )  # fmt: skip
    return msgspec.structs.replace(record, **changes)


def intent_of(record: CallRecord, **changes: Any) -> Intent:
    """The intent that a worker wrote before this call left."""
    intent = Intent(
        request_id=record.request_id, started_us=record.started_us, call_type=record.call_type,
        model_group=record.model_group, model=record.model, model_id=record.model_id, provider=record.provider,
        api_base=record.api_base, stream=record.stream, api_key=record.api_key, end_user=record.end_user, attempt=1,
        estimated_input=100, estimated_output=64, estimated_cost=77_000_000, price_version=record.price_version,
    )  # fmt: skip
    return msgspec.structs.replace(intent, **changes)


def attempt(number: int = 1, **changes: Any) -> Attempt:
    """An attempt that failed with 503."""
    made = Attempt(
        number=number, started_us=time.time_ns() // 1000, duration_us=50_000, model="first", model_id="m1",
        provider="openai", api_base="https://api.example/v1", status=503, error="overloaded", usage_source="none",
        input_total=0, output_total=0, cost=0, price_version="",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def frame_of(record: CallRecord | Intent | PriceRecord) -> bytes:
    """A record as it stands in a journal."""
    kind = CALL if isinstance(record, CallRecord) else INTENT if isinstance(record, Intent) else PRICE
    return frame(kind + _encode(record))


class Writer:
    """A worker's journal with its open calls carried over rotations, as the worker does it."""

    def __init__(self, root: Path, name: str | None = None, *, segment_bytes: int = 1024 * 1024) -> None:
        self.open: dict[str, bytes] = {}
        self.worker_id = name or f"w-{make_id()}"
        self.journal = Journal(
            root / self.worker_id, segment_bytes=segment_bytes, carry=lambda: list(self.open.values())
        )

    def begin(self, *intents: Intent) -> None:
        """Write intents."""
        for each in intents:
            data = frame_of(each)
            self.journal.append(data)
            self.open[each.request_id] = self.open.get(each.request_id, b"") + data

    def end(self, *calls: CallRecord) -> None:
        """Write the records of calls."""
        for each in calls:
            self.open.pop(each.request_id, None)
            self.journal.append(frame_of(each))

    def calls(self, records: Iterable[CallRecord]) -> None:
        """Write whole calls, intent and record."""
        for each in records:
            self.begin(intent_of(each))
            self.end(each)

    def price(self, version: str = "fedcba9876543210") -> None:
        """Write a price."""
        self.journal.append(frame_of(PriceRecord(version=version, source="config:test", rates_json="{}")))

    def die(self) -> None:
        """Let go of everything, as the kernel does for a killed process."""
        self.journal.close()


def mixed(count: int, seed: int = 1, **changes: Any) -> list[CallRecord]:
    """Calls over several models, keys, quarters of an hour and outcomes; some with earlier attempts."""
    chance = random.Random(seed)
    now = time.time_ns() // 1000
    made: list[CallRecord] = []
    for _ in range(count):
        failed = chance.random() < 0.1
        cost_input, cost_output = chance.randrange(10**9), chance.randrange(10**9)
        fields: dict[str, Any] = {
            "started_us": now - chance.randrange(3_600_000_000),
            "model_group": chance.choice(["a", "b", "c"]),
            "api_key": chance.choice(API_KEYS),
            "status": "failure" if failed else "success",
            "outcome": "upstream_error" if failed else "ok",
            "first_byte_us": -1 if failed else chance.randrange(1_000_000),
            "input_total": chance.randrange(5000),
            "output_total": chance.randrange(500),
            "cache_read": chance.choice([0, 0, 100]),
            "cost_input": cost_input,
            "cost_output": cost_output,
            "cost": cost_input + cost_output,
            "end_user": chance.choice(["", "", "anna"]),
            "price_version": chance.choice(["fedcba9876543210", ""]),
        }
        if chance.random() < 0.05:
            fields |= {"attempts": 2, "earlier": (attempt(1),)}
        made.append(call(**{**fields, **changes}))
    return made


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Poll until `done`; raises `AssertionError` after `seconds`."""
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, f"not so within {seconds} s"
        time.sleep(0.02)
