"""What Bedrock's clients say outside the common body, understood and given back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from trunkline.ir.losses import Losses
from trunkline.ir.request import OutputSchema, Request, Thinking
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.bedrock_converse.families import Family, family, takes_system_turns, thinks_adaptively
from trunkline.wire.codec import Named


def read(**more: Any) -> Request:
    """A request with these members."""
    body = {"messages": [{"role": "user", "content": [{"text": "a"}]}], **more}
    request, losses = CODEC.decode_request(body, Named(model="us.anthropic.claude-sonnet-5")), Losses()
    assert CODEC.encode_request(request, losses) == body
    assert losses.found == []
    return request


THINKING: list[tuple[dict[str, Any], Thinking | None]] = [
    ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Thinking(enabled=True, budget=2000)),
    ({"reasoning_config": {"type": "enabled", "budget_tokens": 2000}}, Thinking(enabled=True, budget=2000)),
    ({"thinking": {"type": "adaptive", "display": "summarized"}}, Thinking(enabled=True, show=True)),
    ({"thinking": {"type": "disabled"}}, Thinking(enabled=False)),
    ({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}, Thinking(enabled=True, effort="low")),
    ({"reasoning_effort": "high"}, Thinking(effort="high")),
    ({"reasoning": {"effort": "none"}}, Thinking(effort="none")),
    (
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max", "task_budget": 5}},
        Thinking(enabled=True, effort="max"),
    ),
    ({"thinking": {"type": "between_tools"}}, None),
    ({"thinking": {"type": "enabled", "new": 1}, "top_p_new": 2}, None),
    ({"thinking": "yes"}, None),
    ({"reasoning_effort": 5}, None),
]


@pytest.mark.parametrize(("fields", "thinking"), THINKING)
def test_thinking_is_understood_and_given_back(fields: dict[str, Any], thinking: Thinking | None) -> None:
    """In every family's words; what says more than we know stays as it was, unread."""
    found = read(additionalModelRequestFields=fields).thinking
    assert (replace(found, native=None) if found is not None else None) == thinking


def test_effort_in_the_output_config() -> None:
    """Converse has it beside the schema too."""
    found = read(outputConfig={"effort": "low"}).thinking
    assert found is not None
    assert found.effort == "low"


def test_thinking_that_was_changed_is_written_anew() -> None:
    """What a client wrote goes back only as long as it still means the same."""
    request = read(additionalModelRequestFields={"thinking": {"type": "adaptive", "display": "summarized"}, "x": 1})
    assert request.thinking is not None
    request.thinking = replace(request.thinking, enabled=False, show=None)
    written = CODEC.encode_request(request, Losses())
    assert written["additionalModelRequestFields"] == {"thinking": {"type": "disabled"}, "x": 1}


def test_a_schema_keeps_its_spelling() -> None:
    """The text of the schema is the client's, white space and all; changed, it is written anew."""
    text = '{ "type" :"object"}'
    inner = {"schema": text, "name": "", "description": "d", "new": 1}
    request = read(outputConfig={"textFormat": {"type": "json_schema", "structure": {"jsonSchema": inner}}})
    assert request.output is not None
    assert replace(request.output, native=None) == OutputSchema(schema={"type": "object"}, description="d")
    request.output = replace(request.output, schema={"type": "string"})
    written: Any = CODEC.encode_request(request, Losses())
    assert written["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"] == '{"type":"string"}'


def test_the_parallel_switch() -> None:
    """Claude's own field says what every format knows."""
    fields = {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    assert read(additionalModelRequestFields=fields).parallel_tools is False
    assert read(additionalModelRequestFields={"tool_choice": {"type": "any"}}).parallel_tools is None


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Family.CLAUDE),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-8", Family.CLAUDE),
        ("eu.amazon.nova-lite-v1:0", Family.NOVA),
        ("us.amazon.nova-2-lite-v1:0", Family.NOVA_2),
        ("amazon.titan-text-express-v1", Family.OTHER),
        ("openai.gpt-oss-120b-1:0", Family.EFFORT),
        ("openai.gpt-6-sol", Family.GPT),
        ("deepseek.v3-v1:0", Family.EFFORT),
        ("us.deepseek.r1-v1:0", Family.OTHER),
        ("us.mistral.pixtral-large-2502-v1:0", Family.MISTRAL),
        ("cohere.command-r-plus-v1:0", Family.COHERE),
        ("us.meta.llama4-scout-17b-instruct-v1:0", Family.OTHER),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", Family.UNKNOWN),
        ("", Family.UNKNOWN),
    ],
)
def test_families(model: str, found: Family) -> None:
    """By id, cross-region id or ARN."""
    assert family(model) is found


@pytest.mark.parametrize(
    ("model", "adaptive", "system"),
    [
        ("anthropic.claude-v2:1", False, False),
        ("anthropic.claude-instant-v1", False, False),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", False, False),
        ("anthropic.claude-opus-4-20250514-v1:0", False, False),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", False, False),
        ("anthropic.claude-opus-4-6-v1", True, False),
        ("anthropic.claude-opus-4-8", True, True),
        ("anthropic.claude-sonnet-5", True, True),
        ("global.anthropic.claude-fable-5-1", True, True),
    ],
)
def test_versions_of_claude(model: str, adaptive: bool, system: bool) -> None:
    """Read from old and new names; a date is no version."""
    assert (thinks_adaptively(model), takes_system_turns(model)) == (adaptive, system)
