"""U11-U14, U20, U24, P08, P10-P12: streams that break, lie or never end, through the gateway."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time

import pytest

from tests.support.checker import Told
from tests.support.gateway import resident
from tests.support.load import at_once, call, closed_loop
from tests.support.trial import ONCE, Trial

pytestmark = pytest.mark.alone

WITH_USAGE = {"include_usage": True}
"""`stream_options` of a client that reads usage itself: nothing has to be hidden from it again."""


def text_of(marker: str, count: int) -> str:
    """What the provider says in its first `count` events."""
    return "".join(f"{marker}#{index}é中😀 " for index in range(count))


def assert_broken(trial: Trial, told: Told, *, most: int, source: str = "estimated") -> None:
    """Either an error before anything was sent, or whole events followed by exactly one error event."""
    assert told.answer.complete, told.answer.error
    row = trial.row(told.marker)
    assert row["status"] == "failure"
    assert row["outcome"] in ("truncated", "upstream_error")
    if told.answer.status != 200:
        assert told.answer.status in (502, 503)
        said = str(told.answer.error_body["message"])
        assert said.startswith("litellm.") or "overloaded, try later" in said, said  # ours, or the provider's own words
        return
    stream = told.answer.stream
    assert not stream.broken, stream.broken
    assert (len(stream.errors), stream.done, stream.after_end) == (1, 0, 0), told.answer.body[-300:]
    assert {"message", "type", "param", "code"} <= stream.errors[0].keys()
    assert 0 < stream.content_events <= most
    assert stream.text == text_of(told.marker, stream.content_events)
    assert row["usage_source"] == source
    assert isinstance(row["completion_tokens"], int)
    assert row["completion_tokens"] >= 1


@pytest.mark.parametrize("fault", ["rst_at", "fin_at"])
def test_u11_u12_a_stream_cut_at_any_byte_gives_whole_events_and_one_error(trial: Trial, fault: str) -> None:
    """U11, U12: a reset or a FIN at each of 50 offsets: whole events, then one error event, and partial usage."""
    calls = [call(trial, f"fault:{fault}:n=8,at={1 + step * 38}", stream=True, headers=ONCE) for step in range(50)]
    for told in at_once(calls):
        assert_broken(trial, told, most=8)
        entry = trial.ended(told.marker)
        if told.answer.status == 200:
            assert told.answer.stream.content_events == entry.events


@pytest.mark.parametrize("fault", ["rst_at", "fin_at"])
def test_u11_u12_the_last_bytes_count(trial: Trial, fault: str) -> None:
    """U11, U12: a stream cut inside `[DONE]` is broken; one cut after it, but before the last chunk, is whole."""
    calls = [call(trial, f"fault:{fault}:at={-at}", stream=True, headers=ONCE) for at in (12, 16, 20)]
    for told in at_once(calls):
        assert_broken(trial, told, most=5, source="provider")  # the usage came before the end marker
    told = trial.call(f"fault:{fault}:at=-5", stream=True, headers=ONCE)
    assert told.acknowledged, told.answer.body[-200:]


@pytest.mark.parametrize("fault", ["rst_at", "fin_at"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_u11_u12_a_whole_answer_cut_is_an_error(trial: Trial, fault: str, framing: str) -> None:
    """U11, U12: half a JSON body is a typed 502, and no part of it is relayed."""
    calls = [call(trial, f"fault:{fault}:framing={framing},at={at}", headers=ONCE) for at in (1, 50, 200, -6)]
    for told in at_once(calls):
        assert told.answer.status in (502, 503)
        assert told.marker not in str(told.answer.error_body["message"])


@pytest.mark.parametrize("arguments", ["after=1", "after=3", "finish=1", "after=0"])
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_u13_an_end_without_done_is_an_error(trial: Trial, arguments: str, framing: str) -> None:
    """U13: whole events and a well-framed end without `[DONE]` never look finished."""
    told = trial.call(f"fault:fin_event:{arguments},framing={framing}", stream=True, headers=ONCE)
    assert_broken(trial, told, most=5)


@pytest.mark.parametrize("end", ["done", "fin", "rst"])
def test_u14_an_error_event_ends_the_stream_as_an_error(trial: Trial, end: str) -> None:
    """U14: the provider's own error inside the stream arrives once, nothing follows it, and the row says failure."""
    told = trial.call(f"fault:error_event:after=2,end={end}", stream=True, headers=ONCE)
    assert_broken(trial, told, most=2)
    # Where the events and the error come in one read, nothing has been sent yet, and the error is the whole answer.
    errors = told.answer.stream.errors if told.answer.status == 200 else [told.answer.error_body]
    assert ["overloaded" in str(error["message"]) for error in errors] == [True]
    assert trial.row(told.marker)["outcome"] == "upstream_error"


def test_u14_an_error_event_before_any_token_moves_on(trial: Trial) -> None:
    """U14: an error as the first event is a failed attempt like any other: another deployment answers."""
    told = trial.call("over/fault:error_event:after=0", stream=True)
    assert told.acknowledged, told.answer.body
    alone = trial.call("fault:error_event:after=0", stream=True, headers=ONCE)
    assert alone.answer.status >= 500
    assert "overloaded" in str(alone.answer.error_body["message"])


def test_u20_no_byte_of_one_answer_reaches_another(trial: Trial) -> None:
    """U20: wrong lengths and bytes behind an answer never end up in the next one (600 calls here, 10,000 nightly)."""
    for name in ("lie:kind=extra", "lie:kind=short", "lie:kind=long"):
        before = len(trial.told)
        model, limit = f"fault:{name}", time.monotonic() + 20

        def enough(before: int = before, limit: float = limit) -> bool:
            return len(trial.told) - before >= 200 or time.monotonic() > limit

        async def mixed(model: str = model) -> None:
            lying = closed_loop(trial, clients=4, until=enough, model=model, streams=0, headers=ONCE)
            honest = closed_loop(trial, clients=4, until=enough, model="fault:ok:n=9", streams=0.5)
            await asyncio.gather(lying, honest)

        asyncio.run(mixed())
    for told in trial.told:
        body = told.answer.body
        assert b"GHOST" not in body
        assert b"ghost" not in body
        if told.answer.status == 200:
            assert told.acknowledged
            text = told.answer.stream.text if told.stream else body.decode()
            assert text.count(told.marker + "#") in (5, 9)
            assert text.count("#") == text.count(told.marker + "#")


def test_u20_bytes_on_an_idle_connection_close_it(trial: Trial) -> None:
    """U20: an answer that nobody asked for, on a connection at rest, ends the connection; the next call is clean."""
    for _ in range(5):
        assert trial.call("fault:lie:kind=extra,wait=0.05").acknowledged
        time.sleep(0.1)
        told = trial.call("plain")
        assert told.acknowledged
        assert f"{told.marker}#0" in told.answer.body.decode()
        assert b"GHOST" not in told.answer.body


@pytest.mark.parametrize(("kind", "status"), [("extra", 200), ("short", 502), ("long", 502)])
def test_u20_a_lying_length_is_judged_by_what_came(trial: Trial, kind: str, status: int) -> None:
    """U20: bytes behind a whole answer cost only the connection; too short or too long a body is a 502."""
    told = trial.call(f"fault:lie:kind={kind}", headers=ONCE)
    assert told.answer.status == status


@pytest.mark.parametrize("joined", [0, 1])
@pytest.mark.parametrize("kind", ["bytes", "twice", "event"])
def test_u24_nothing_follows_done(trial: Trial, kind: str, joined: int) -> None:
    """U24: bytes, events and a second `[DONE]` behind the first are dropped; there is exactly one end."""
    for asked in (False, True):
        options = {"include_usage": asked}
        told = trial.call(f"fault:after_done:kind={kind},joined={joined}", stream=True, stream_options=options)
        assert told.acknowledged, told.answer
        stream = told.answer.stream
        assert (stream.done, stream.after_end, stream.broken) == (1, 0, [])
        assert b"LATE" not in told.answer.body
        assert b"garbage" not in told.answer.body


def replied(body: bytes, **arguments: float) -> tuple[str, dict[str, str]]:
    """Model and metadata of a call whose answer is `body`."""
    joined = ",".join(f"{name}={value}" for name, value in arguments.items())
    return f"fault:reply:{joined}", {"reply": base64.b64encode(body).decode()}


def chunk_event(text: str, finish: str = "null") -> bytes:
    """One event as OpenAI writes it."""
    choice = f'{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":{finish}}}'
    return f'data: {{"id":"c","object":"chat.completion.chunk","choices":[{choice}]}}\n\n'.encode()


GOOD = chunk_event("é中😀") + chunk_event("x") + chunk_event("", '"stop"') + b"data: [DONE]\n\n"


@pytest.mark.parametrize("megabytes", [8, 64])
@pytest.mark.parametrize("of", ["line", "event"])
def test_p08_an_event_without_end_is_an_error_at_the_cap(trial: Trial, of: str, megabytes: int) -> None:
    """P08: a line of 64 MiB or an event without end is an error at the cap, and memory does not follow it."""
    trial.call(f"fault:line:megabytes={megabytes},of={of}", stream=True, headers=ONCE)
    (worker,) = trial.gateway.worker_pids()
    before = resident(worker)
    told = trial.call(f"fault:line:megabytes={megabytes},of={of}", stream=True, headers=ONCE)
    assert told.answer.status == 502
    assert trial.ended(told.marker).ended == "client_closed"
    assert resident(worker) - before <= 8 << 20


BAD_UTF8 = {"lone": b"\x80", "overlong": b"\xc0\xaf", "surrogate": b"\xed\xa0\x80", "cut": b"\xf0\x9f\x98"}


@pytest.mark.parametrize("bad", BAD_UTF8.values(), ids=BAD_UTF8.keys())
def test_p10_invalid_utf8_is_relayed_unchanged(trial: Trial, bad: bytes) -> None:
    """P10: bytes that are no UTF-8 inside a text pass as they came, in every event of the stream."""
    broken = chunk_event("A").replace(b"A", b"a" + bad + b"b")
    for body in (chunk_event("x") + broken + GOOD, broken + GOOD):
        model, metadata = replied(body)
        told = trial.call(model, stream=True, metadata=metadata, stream_options=WITH_USAGE)
        assert told.answer.status == 200, told.answer.body
        assert told.answer.body == body


NO_OBJECTS = {
    "text": b"not json", "cut": b'{"choices":[{"delta":{"content":"', "two": b'{"id":"a"}{"id":"b"}', "array": b"[1]",
    "null": b"null", "number": b"7", "string": b'"x"', "nested": b"[" * 2000,
}  # fmt: skip


@pytest.mark.parametrize("data", NO_OBJECTS.values(), ids=NO_OBJECTS.keys())
def test_p11_data_that_is_no_object_is_an_error(trial: Trial, data: bytes) -> None:
    """P11: data that is no JSON object ends the stream with one error event; it is not passed on.

    `before` events come in a read of their own, `beside` events in the same read as the bad one.
    """
    for before, beside in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 3)):
        lead = chunk_event("x") * before
        body = lead + chunk_event("x") * beside + b"data: " + data + b"\n\n" + GOOD
        model, metadata = replied(body, cut=len(lead), delay=0.1)
        told = trial.call(model, stream=True, metadata=metadata, headers=ONCE)
        if told.answer.status != 200:
            assert (told.answer.status, before) == (502, 0)
            continue
        stream = told.answer.stream
        assert (len(stream.errors), stream.done, stream.broken) == (1, 0, []), (before, beside, told.answer.body[-200:])
        assert before <= stream.content_events <= before + beside


def test_p11_doubled_keys_pass_as_they_are(trial: Trial) -> None:
    """P11: an object with a doubled key is an object; its bytes are the provider's."""
    body = chunk_event("x").replace(b'"id":"c"', b'"id":"c","id":"d"') + GOOD
    model, metadata = replied(body)
    told = trial.call(model, stream=True, metadata=metadata, stream_options=WITH_USAGE)
    assert told.answer.body == body


def test_p12_relayed_streams_equal_the_providers_byte_for_byte(trial: Trial) -> None:
    """P12: of 100 streams, cut into every chunk size from 1 on, the body's SHA-256 equals the provider's."""
    calls = []
    for split in range(1, 51):
        model, metadata = replied(GOOD, split=split)
        calls.append(call(trial, model, stream=True, metadata=metadata, stream_options=WITH_USAGE))
        calls.append(call(trial, f"fault:ok:n={split}", stream=True, stream_options=WITH_USAGE))
    for told in at_once(calls):
        assert told.acknowledged, told.answer
        entry = trial.ended(told.marker)
        assert told.answer.body == GOOD or told.answer.stream.content_events == entry.completion_tokens
        assert hash_of(told.answer.body) == entry.answer_sha256


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_p04_other_line_ends_pass_as_they_are(trial: Trial, end: bytes) -> None:
    """P04: a stream with CR LF or CR is understood (usage, end) and relayed as it came, cut at any byte."""
    body = (chunk_event("é") + chunk_event("", '"stop"') + b"data: [DONE]\n\n").replace(b"\n", end)
    calls = []
    for cut in range(1, len(body), 7):
        model, metadata = replied(body, cut=cut)
        calls.append(call(trial, model, stream=True, metadata=metadata, stream_options=WITH_USAGE))
    for told in at_once(calls):
        assert told.acknowledged
        assert told.answer.body == body


def hash_of(body: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(body).hexdigest()
