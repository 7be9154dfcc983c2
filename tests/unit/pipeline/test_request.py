"""The client's body: one value decides, and every byte that need not change stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.parts import deployment
from trunkline.pipeline.request import OURS, BadBody, Edit, Sent, edit_for, encode_name, prepare, read
from trunkline.providers.target import Quirks

SWAP = edit_for(deployment(model="up-1"))


def send(body: bytes, edit: Edit = SWAP, *, wants_usage: bool = False) -> Sent:
    """What leaves for the provider."""
    asked = read(body)
    return prepare(body, asked, encode_name(asked.model or ""), edit, wants_usage=wants_usage)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b'{"model":"a","messages":[]}', b'{"model":"up-1","messages":[]}'),
        (b'{"messages":[],"model":"a"}', b'{"messages":[],"model":"up-1"}'),
        (b' {\n  "b" : 1.50,\t"model"  :\r\n "a" ,"z":"\xc3\xa9\\n"}\n',
         b' {\n  "b" : 1.50,\t"model"  :\r\n "up-1" ,"z":"\xc3\xa9\\n"}\n'),
        (b'{"model":"gr\xc3\xb6\xc3\x9fe","x":1e400}', b'{"model":"up-1","x":1e400}'),
        (b'{"model":"a\\"b\\\\","x":1}', b'{"model":"up-1","x":1}'),
        (b'{"model":"a","text":"\\"model\\": \\"b\\""}', b'{"model":"up-1","text":"\\"model\\": \\"b\\""}'),
    ],
)  # fmt: skip
def test_only_the_name_changes(body: bytes, sent: bytes) -> None:
    """White space, number spellings, escapes and order stay byte for byte; the model's name is replaced."""
    assert send(body).body.replace(b'"model": "up-1"', b'"model":"up-1"') == sent


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"cheap","model":"dear","messages":[]}',
        b'{"model":"cheap","mod\\u0065l":"dear","messages":[]}',
        b'{"mod\\u0065l":"cheap","messages":[],"model":"dear"}',
        b'{"\\u006dodel":"dear","messages":[]}',
        b'{"model":"x","messages":[],"m\\u006fdel" : "dear"}',
    ],
)
def test_of_a_doubled_model_one_value_decides_and_is_sent(body: bytes) -> None:
    """P16: however `model` is doubled or spelt, the last one is read, and exactly one model leaves."""
    assert read(body).model == "dear"
    pairs = json.loads(send(body).body, object_pairs_hook=list)
    assert [value for name, value in pairs if name == "model"] == ["up-1"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata":{"model":"inner"},"model":"a"}',
        b'{"model":"a","metadata":{"model":"a"}}',
        b'{"model":"a","tools":[{"model":"a"},{"model":"b"}]}',
        b'{"role":"model","model":"a"}',
        b'{"model":"model","x":"model"}',
        b'{"model":"a","stop":["model"]}',
    ],
)
def test_a_model_deeper_inside_is_left_alone(body: bytes) -> None:
    """Only the top-level member named `model` is the model."""
    before, after = json.loads(body), json.loads(send(body).body)
    assert after == before | {"model": "up-1"}


def test_a_body_without_a_model_gets_one() -> None:
    """Where the path names the model, the body still says which one upstream."""
    assert json.loads(send(b'{"messages":[]}').body) == {"messages": [], "model": "up-1"}


def test_a_host_that_names_the_model_in_its_path_gets_the_body_as_it_is() -> None:
    """Azure's classic face: nothing in the body changes."""
    edit = edit_for(deployment(quirks=Quirks(model_in_body=False)))
    body = b'{"model":"a", "messages":[]}'
    assert send(body, edit).body.replace(b'"model":"a"', b'"model": "a"') == body.replace(
        b'"model":"a"', b'"model": "a"'
    )


def test_defaults_drops_and_renames() -> None:
    """A default fills a gap only, a dropped member is reported, a renamed one keeps its value and never overwrites."""
    edit = edit_for(
        deployment(
            model="up-1", defaults={"temperature": 0.5, "top_p": 1}, drop=frozenset({"seed", "absent"}),
            rename={"max_completion_tokens": "max_tokens", "n": "count"},
        )
    )  # fmt: skip
    sent = send(b'{"model":"a","temperature":0.10,"seed":1,"max_completion_tokens":7,"n":1,"count":2}', edit)
    assert json.loads(sent.body) == {"model": "up-1", "temperature": 0.10, "top_p": 1, "max_tokens": 7, "count": 2}
    assert b"0.10" in sent.body
    assert sent.losses == ("seed",)


@pytest.mark.parametrize("name", sorted(OURS))
def test_members_for_the_gateway_never_leave(name: str) -> None:
    """LiteLLM's own members (among them those that would steer a call to another host) are taken out."""
    body = json.dumps({"model": "a", "messages": [], name: "http://evil.example"}).encode()
    assert json.loads(send(body).body) == {"model": "up-1", "messages": []}
    assert json.loads(send(body, wants_usage=True).body).keys() == {"model", "messages", "stream_options"}


def test_usage_is_asked_for_where_the_client_did_not() -> None:
    """A stream gets `include_usage` in front of its last brace; other options stay; a `true` stays alone."""
    sent = send(b'{"model":"a","stream":true}\n', wants_usage=True)
    assert sent == Sent(b'{"model":"up-1","stream":true,"stream_options":{"include_usage":true}}', usage_added=True)
    sent = send(b'{"model":"a","stream":true,"stream_options":{"include_usage":false,"x":1}}', wants_usage=True)
    assert sent.usage_added
    assert json.loads(sent.body)["stream_options"] == {"include_usage": True, "x": 1}
    body = b'{"model":"a","stream":true,"stream_options":{"include_usage":true}}'
    assert send(body, wants_usage=True) == Sent(body.replace(b'"a"', b'"up-1"'))
    edit = edit_for(deployment(model="up-1", quirks=Quirks(stream_options=False)))
    assert send(b'{"model":"a","stream":true}', edit, wants_usage=True) == Sent(b'{"model":"up-1","stream":true}')


def test_null_stream_options_count_as_none() -> None:
    """`"stream_options": null` asks for nothing: usage is added, and hidden again."""
    sent = send(b'{"model":"a","stream":true,"stream_options":null}', wants_usage=True)
    assert sent.usage_added
    assert json.loads(sent.body)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[]", "object"),
        (b'"x"', "object"),
        (b'{"model":1}', "model"),
        (b'{"model":"a","stream":"yes"}', "stream"),
        (b'{"model":"a"', "JSON"),
        (b'{"model":"a"} x', "JSON"),
        (b'{"model":"a","x":NaN}', "JSON"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b'{"model":"\xff"}', "JSON"),
        (b'{"model":"\\ud800"}', "JSON"),
        (b'{"model":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON"),
    ],
)
def test_bodies_that_are_none_are_refused(body: bytes, word: str) -> None:
    """P15, P17: what is no JSON object of the expected shape is an error that says so."""
    with pytest.raises(BadBody, match=f"(?i){word}"):
        read(body)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
names = st.text(max_size=10) | st.sampled_from(["model", "messages", "mod\u0065l", "usage", '"model"'])


def _is_ordinary(members: dict[str, Any]) -> bool:
    return not members.keys() & (OURS | {"model", "stream", "stream_options"})


@given(
    st.dictionaries(names, values, max_size=6).filter(_is_ordinary), st.text(max_size=12), st.booleans(), st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
)  # fmt: skip
def test_every_other_member_survives(
    members: dict[str, Any], model: str, ascii_only: bool, usage: bool, separators: tuple[str, str]
) -> None:
    """Whatever a body holds, everything but the edited members is equal after the edit."""
    try:
        body = json.dumps({**members, "model": model}, ensure_ascii=ascii_only, separators=separators).encode()
    except UnicodeEncodeError:
        return
    sent = send(body, wants_usage=usage)
    after = json.loads(sent.body)
    assert after.pop("model") == "up-1"
    assert after.pop("stream_options", None) == ({"include_usage": True} if usage else None)
    assert after == members
    assert sent.usage_added is usage
