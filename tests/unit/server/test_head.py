"""A request's head: well formed or not, and what it says of the call."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.pipeline.parts import snapshot
from trunkline.access import Gate, Refusal
from trunkline.ir import Secret
from trunkline.pipeline.state import State
from trunkline.pipeline.surface import Arrival
from trunkline.routing.plan import Routes
from trunkline.server import head
from trunkline.surfaces import operations
from trunkline.telemetry.stats import Stats
from trunkline.upstream import Pools

KEY = "sk-head-0123456789"


@pytest.fixture
async def state() -> State:
    """A state with a master key and no deployments."""
    taken = snapshot(master_key=Secret(KEY))
    stats = Stats()
    pools = Pools(asyncio.get_running_loop())
    return State(taken, Routes(taken, stats), Gate(taken), pools, stats, lambda deployment: None)


def read(state: State, **headers: str) -> Arrival | Refusal:
    """What a head with these headers says; underscores stand for hyphens."""
    lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"authorization", f"Bearer {KEY}".encode()))
    return head.arrival(state, operations.CHAT, None, lines, b"", keep_alive=True, http10=False)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5", 5.0), ("0.5", 0.5), ("0", None), ("-1", None), ("soon", None), ("nan", None), ("inf", None), ("1e9", None)],
)
async def test_timeouts_of_the_client(state: State, value: str, seconds: float | None) -> None:
    """`x-litellm-timeout` and its twin for streams are taken when they are sensible seconds."""
    found = read(state, x_litellm_timeout=value, x_litellm_stream_timeout=value)
    assert isinstance(found, Arrival)
    assert (found.timeout, found.stream_timeout) == (seconds, seconds)


@pytest.mark.parametrize(
    ("value", "count"), [("0", 0), ("3", 3), ("99", 10), ("-1", None), ("x", None), ("9" * 50, None), ("\xb2", None)]
)
async def test_retries_of_the_client(state: State, value: str, count: int | None) -> None:
    """`x-litellm-num-retries` is taken up to ten; garbage is none."""
    found = read(state, x_litellm_num_retries=value)
    assert isinstance(found, Arrival)
    assert found.num_retries == count


async def test_texts_are_cut_and_cleaned(state: State) -> None:
    """The user agent and the client's own call id are kept for the ledger, without control characters, not endless."""
    found = read(state, user_agent="a\x01b" * 300, x_litellm_call_id="c" * 500)
    assert isinstance(found, Arrival)
    assert (len(found.user_agent), len(found.client_call_id)) == (200, 128)
    assert "\x01" not in found.user_agent


@pytest.mark.parametrize(("value", "status"), [("gzip", 415), ("br", 415), ("identity", 0), ("", 0)])
async def test_encoded_bodies_are_not_taken(state: State, value: str, status: int) -> None:
    """A compressed body could be a bomb and its model could not be read: 415."""
    found = read(state, content_encoding=value)
    assert (found.status if isinstance(found, Refusal) else 0) == status


@pytest.mark.parametrize(
    ("hosts", "version", "word"),
    [
        ([b"a"], "1.1", None), ([b"a:80"], "1.1", None), ([b"[::1]:80"], "1.1", None), ([b""], "1.1", None),
        ([], "1.0", None), ([], "1.1", "no Host"), ([b"a", b"a"], "1.1", "more than one"),
        ([b"a b"], "1.1", "malformed"),
        ([b"a/b"], "1.1", "malformed"), ([b"user@a"], "1.1", "malformed"), ([b"a:99999999"], "1.1", "malformed"),
        ([b"[::1"], "1.1", "malformed"), ([b"a,b c"], "1.1", "malformed"), ([b"a#b"], "1.1", "malformed"),
    ],
)  # fmt: skip
def test_hosts(hosts: list[bytes], version: str, word: str | None) -> None:
    """RFC 9112, 3.2: a missing, doubled or malformed Host is refused; HTTP/1.0 may leave it out."""
    trouble = head.host_trouble([(b"host", host) for host in hosts], version)
    assert (trouble is None) if word is None else (word in (trouble or ""))


async def test_a_wrong_key_is_refused_before_anything_else(state: State) -> None:
    """Without a good key nothing more is read of the head."""
    lines: list[tuple[bytes, bytes]] = [(b"authorization", b"Bearer sk-no"), (b"content-encoding", b"gzip")]
    found: Any = head.arrival(state, operations.CHAT, None, lines, b"", keep_alive=True, http10=False)
    assert isinstance(found, Refusal)
    assert found.status == 401
