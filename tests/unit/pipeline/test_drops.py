"""LiteLLM's `additional_drop_params`: by name, and by path inside a member."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.unit.pipeline.parts import deployment
from trunkline.pipeline.drops import leave_out, top
from trunkline.pipeline.request import edit_for, prepare, read

BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "hi", "name": "n"}],
    "tools": [{"function": {"name": "a", "strict": True}}, {"function": {"name": "b"}}, 5],
    "response_format": {"type": "json_object"},
}


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("response_format", True),
        ("tools[*].function.strict", True),
        ("tools[1].function.name", True),
        ("messages[0].name", True),
        ("tools[*]", False),
        ("tools[9].function", False),
        ("tools.function", False),
        ("nothing.here", False),
        ("", False),
    ],
)
def test_a_path_is_taken_out_where_it_stands(path: str, gone: bool) -> None:
    """Names, members of list items one by one or all; whole items stay, and what is not there is no loss."""
    body = msgspec.json.decode(msgspec.json.encode(BODY))
    assert leave_out(body, path) is gone
    assert (body != BODY) is gone


def test_the_fast_path_takes_paths_out_too() -> None:
    """A same-format call loses just that member, says so, and keeps every other byte of the value."""
    spoken = replace(deployment(), drop=frozenset({"tools[*].function.strict", "response_format", "absent[0].x"}))
    raw = msgspec.json.encode(BODY)
    sent = prepare(raw, read(raw), b'"m"', edit_for(spoken), wants_usage=False)
    members = msgspec.json.decode(sent.body)
    assert members["tools"] == [{"function": {"name": "a"}}, {"function": {"name": "b"}}, 5]
    assert "response_format" not in members
    assert sorted(sent.losses) == ["response_format", "tools[*].function.strict"]
    assert (top("tools[*].x"), top("seed")) == ("tools", "seed")
