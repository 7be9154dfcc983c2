"""Recorded bodies and streams with mistakes put in: only what the contract allows is raised."""

from __future__ import annotations

import copy
import json
import random
from contextlib import suppress
from typing import Any

import pytest

from tests.wire.anthropic_messages.recorded import (
    ANSWERS,
    REQUESTS,
    STREAMS,
    Exchange,
    each,
    read,
    reply_to,
    written,
)
from trunkline.ir.events import Ended, Failed
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.wire.anthropic_messages.codec import CODEC

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**70, 1.5, "", "x", [], {}, [1], [None], {"type": 5}, {"type": "text"},
    {"type": "thinking"}, {"type": "tool_use"}, [{"type": "tool_result", "tool_use_id": "a", "content": [{}]}],
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and item, with what holds it."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        found += places(value[key])
    return found


def broken(value: Any, rnd: random.Random) -> Any:
    """A copy with one to three mistakes."""
    value = copy.deepcopy(value)
    found = places(value)
    for _ in range(rnd.choice((1, 1, 2, 3))):
        holder, key = rnd.choice(found)
        with suppress(KeyError, IndexError):
            if rnd.random() < 0.2:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(rnd.choice(ODD))
    return value


@each(REQUESTS)
def test_broken_requests(exchange: Exchange) -> None:
    """A request is decoded and encoded, or refused with its place; also when it seems to come from another format."""
    rnd = random.Random(exchange.name)
    for _ in range(30):
        with suppress(BadShape, Untranslatable):
            request = CODEC.decode_request(broken(exchange.body, rnd))
            CODEC.encode_request(request, Losses())
            request.native = None
            CODEC.encode_request(request, Losses())


@each(ANSWERS)
def test_broken_answers(exchange: Exchange) -> None:
    """An answer is decoded, and then encoded in any case, or it is a bad shape."""
    rnd = random.Random(exchange.name)
    for _ in range(30):
        body = broken(exchange.answer, rnd)
        CODEC.decode_failure(500, json.dumps(body).encode())
        try:
            answer = CODEC.decode_answer(body)
        except BadShape:
            continue
        CODEC.encode_answer(answer, reply_to(), Losses())
        answer.native = None
        CODEC.encode_answer(answer, reply_to(), Losses())


@pytest.mark.parametrize("cut", [1, 5])
@each(STREAMS)
def test_broken_streams(exchange: Exchange, cut: int) -> None:
    """Any bytes give events of the grammar, which are a stream again, with the same kind of end."""
    rnd = random.Random(exchange.name + str(cut))
    for _ in range(3):
        data = bytearray(exchange.stream)
        for _ in range(cut):
            at, chance = rnd.randrange(len(data)), rnd.random()
            if chance < 0.4:
                data[at] = rnd.randrange(256)
            elif chance < 0.7:
                del data[at : at + rnd.randrange(40)]
            else:
                data[at:at] = data[max(0, at - rnd.randrange(300)) : at]
        events = read(bytes(data), 997)
        again = read(written(events))
        assert isinstance(events[-1], Ended | Failed)
        assert type(again[-1]) is type(events[-1])
