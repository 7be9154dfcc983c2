"""A stream on its way through: bytes as they are, facts picked out, and only what was added is taken out again."""

from __future__ import annotations

import json

import pytest

from trunkline.ir import Usage
from trunkline.pipeline.relay import Relay, echo_model

HEAD = b'data: {"id":"c1","model":"m-9","choices":['
ROLE = HEAD + b'{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null}]}\n\n'
TEXT = HEAD + '{"index":0,"delta":{"content":"é中"},"finish_reason":null}]}\n\n'.encode()
STOP = HEAD + b'{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = HEAD + b'],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = ROLE + TEXT + STOP + USAGE + DONE


def relay(*, hide: bool = False, echo: bytes = b"", dialect: str = "openai") -> Relay:
    """A fresh relay."""
    return Relay(dialect, hide_usage=hide, echo=echo)


def has_progressed(one: Relay) -> bool:
    """Asked anew: mypy takes an attribute that was compared once for what it was then."""
    return one.progressed


def is_clean(one: Relay) -> bool:
    """As above."""
    return one.clean


def usage_of(one: Relay) -> Usage | None:
    """As above."""
    return one.usage


def pieces(data: bytes, size: int) -> list[bytes]:
    """`data` cut into reads of `size` bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 1024])
def test_bytes_pass_and_facts_are_seen(size: int) -> None:
    """However the stream is cut, what comes out is what came in, and usage, finish reason and model are known."""
    one = relay()
    assert b"".join(one.feed(piece) for piece in pieces(WHOLE, size)) == WHOLE
    assert one.usage == Usage(7, 2)
    assert (one.finish_reason, one.model, one.done, one.clean) == ("stop", "m-9", True, True)


@pytest.mark.parametrize("size", [1, 3, 1024])
def test_usage_that_was_added_is_hidden(size: int) -> None:
    """The usage chunk the client did not ask for is left out, and nothing else."""
    one = relay(hide=True)
    assert b"".join(one.feed(piece) for piece in pieces(WHOLE, size)) == ROLE + TEXT + STOP + DONE
    assert one.usage == Usage(7, 2)


def test_a_usage_that_the_client_asked_for_stays() -> None:
    """Without the addition, neither the usage chunk nor `"usage":null` is touched."""
    with_null = TEXT.replace(b"}]}", b'}],"usage":null}')
    one = relay()
    assert one.feed(ROLE + with_null + USAGE + DONE) == ROLE + with_null + USAGE + DONE


@pytest.mark.parametrize("spelling", [b',"usage":null', b', "usage": null', b' ,\t"usage" :null'])
def test_null_usage_of_other_chunks_goes_with_the_addition(spelling: bytes) -> None:
    """OpenAI adds `"usage":null` to every chunk once usage is asked for; it goes where the asking was ours."""
    first = ROLE[:-3] + spelling.lstrip() + b"}\n\n"
    one = relay(hide=True)
    out = one.feed(first) + one.feed(TEXT[:-3] + spelling + b"}\n\n")
    texts = [json.loads(line[6:]) for line in out.split(b"\n\n") if line]
    assert all("usage" not in text for text in texts[1:])
    assert one.feed(TEXT) == TEXT


def test_usage_inside_a_chunk_with_choices_is_not_hidden() -> None:
    """Hosts that put usage on their last chunk of text (Mistral) keep that chunk."""
    last = STOP[:-3] + b',"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n'
    one = relay(hide=True, dialect="mistral")
    assert one.feed(ROLE + last + DONE) == ROLE + last + DONE
    assert one.usage == Usage(1, 1)


def test_an_event_like_the_one_before_cannot_hide_another_in_carriage_returns() -> None:
    """CR ends lines too: text with a raw CR is no text, and an end hidden behind it is seen."""
    one = relay()
    one.feed(ROLE)
    assert one.feed(TEXT) == TEXT
    front, back = TEXT.split("é中".encode())
    one.feed(front + b"x\r\rdata: [DONE]\r\r" + back)
    assert one.done or one.error


def test_nothing_passes_behind_the_end() -> None:
    """Events behind `[DONE]`, in the same read or a later one, are not forwarded."""
    one = relay()
    assert one.feed(ROLE + DONE + TEXT + DONE) == ROLE + DONE
    assert one.feed(TEXT) == b""
    assert one.done


def test_half_an_event_waits() -> None:
    """A client never sees a part of an event whose rest may not come."""
    one = relay()
    assert one.feed(ROLE + TEXT[:30]) == ROLE
    assert not is_clean(one)
    assert one.feed(TEXT[30:]) == TEXT


def test_comments_pass_and_are_no_progress() -> None:
    """U08: a ping says nothing of progress; before the first event it waits for that, later it goes on at once."""
    one = relay()
    assert one.feed(b": ping\n\n") + one.feed(b": again\n\n") == b""
    assert not has_progressed(one)
    assert one.feed(ROLE) == b": ping\n\n: again\n\n" + ROLE
    assert has_progressed(one)
    assert one.feed(b": ping\n\n") == b": ping\n\n"
    assert not has_progressed(one)


def test_pings_without_an_event_do_not_fill_the_memory() -> None:
    """Comments ahead of the first event are kept up to a size."""
    one = relay()
    for _ in range(10_000):
        assert one.feed(b": ping\n\n") == b""
    assert len(one.feed(ROLE)) < 5000


def test_an_error_event_ends_the_stream() -> None:
    """An error inside a stream is known with its data and passes; what follows it does not."""
    event = b'data: {"error":{"message":"no","code":429}}\n\n'
    one = relay()
    assert one.feed(ROLE + event + TEXT + DONE) == ROLE + event
    assert json.loads(one.error)["error"]["code"] == 429
    assert not one.done


@pytest.mark.parametrize("data", [b"{", b"[]", b"null", b"{}{}", b"<html>", b'"x"'])
@pytest.mark.parametrize("known", [False, True])
def test_an_event_that_is_no_object_is_an_error_and_stays_here(data: bytes, known: bool) -> None:
    """P11: data that is no JSON object is not forwarded, at the start as later."""
    one = relay()
    if known:
        assert one.feed(ROLE) == ROLE
    assert one.feed(b"data: " + data + b"\n\n") == b""
    assert one.error == data
    assert one.malformed


def test_a_stream_without_an_end_marker_is_clean_only_with_a_reason() -> None:
    """For hosts without `[DONE]`: a finish reason and no half event make a clean end."""
    one = relay()
    one.feed(ROLE)
    assert not is_clean(one)
    one.feed(STOP)
    assert is_clean(one)
    one.feed(b"data: {")
    assert not is_clean(one)


def test_counts_that_shrink_are_not_believed() -> None:
    """U23: cumulative usage may grow; one that shrinks leaves no usage, whatever comes later."""
    grown = USAGE.replace(b'"completion_tokens":2,"total_tokens":9', b'"completion_tokens":3,"total_tokens":10')
    one = relay()
    one.feed(ROLE + USAGE + grown)
    assert one.usage == Usage(7, 3)
    one.feed(USAGE)
    assert usage_of(one) is None
    one.feed(grown)
    assert usage_of(one) is None


def test_the_estimate_follows_the_events() -> None:
    """Without usage, about a token an event is assumed, more where events are long."""
    one = relay()
    one.feed(ROLE + TEXT * 20)
    assert 15 <= one.estimated_output() <= 30
    long = relay()
    long.feed(ROLE)
    long.feed(TEXT.replace("é中".encode(), b"word " * 400))
    assert long.estimated_output() > 300


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_other_line_ends_are_read_too(line_end: bytes) -> None:
    """CR LF and CR streams pass unchanged and are understood."""
    data = (ROLE + TEXT + STOP + USAGE + DONE).replace(b"\n", line_end)
    one = relay()
    assert b"".join(one.feed(piece) for piece in pieces(data, 5)).rstrip(b"\r\n") == data.rstrip(b"\r\n")
    assert (one.usage, one.done) == (Usage(7, 2), True)


def test_the_asked_name_is_echoed_where_wanted() -> None:
    """A setting puts the requested name where the provider named its own, once, in streams and whole answers."""
    one = relay(echo=b'"mine"')
    out = one.feed(ROLE + TEXT)
    assert [json.loads(event[6:])["model"] for event in out.strip().split(b"\n\n")] == ["mine", "mine"]
    assert one.model == "m-9"
    assert (
        echo_model(b'{"id":1,"model" : "a\\"b","x":{"model":"c"}}', b'"q"')
        == b'{"id":1,"model" : "q","x":{"model":"c"}}'
    )
    assert echo_model(b'{"id":1}', b'"q"') == b'{"id":1}'
