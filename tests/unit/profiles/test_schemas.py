"""Output schemas: by the model's own mode, by a forced tool, by words; in the target's dialect."""

from __future__ import annotations

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, adapt, ask
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.events import Ended, Event, Finished, PartEnded, PartStarted, Started, TextDelta
from trunkline.ir.fold import fold, unfold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.losses import Losses, Untranslatable
from trunkline.ir.parts import Message, Text, ToolCall
from trunkline.ir.request import OutputSchema, Request, Thinking, Tool, ToolChoice
from trunkline.profiles.schemas import (
    CLAUDE,
    INLINE,
    SCHEMA_TOOL,
    Schema,
    UntoolStream,
    fit_schema,
    schema_tool,
    untool,
)

CITY: Schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLOSED: Schema = {**CITY, "additionalProperties": False}
TOOL = Tool(name="t", schema={"type": "object"})


def answer_as(schema: Schema | None = CITY, **members: object) -> Request:
    return ask(output=OutputSchema(schema=schema, name="city"), **members)  # type: ignore[arg-type]


def test_a_model_with_schemas_gets_the_schema() -> None:
    """Unchanged where its dialect is not known to be small."""
    request = answer_as()
    for model, at in (("gpt-4o", OPENAI), ("gemini-3-pro", GEMINI)):
        adapted = adapt(request, model, at)
        assert adapted.request.output == request.output
        assert schema_tool(adapted.request) is None


def test_claude_wants_closed_objects() -> None:
    """An answer of a closed object is one of the open object too: no loss."""
    adapted = adapt(answer_as(), "claude-sonnet-4-6", ANTHROPIC)
    assert adapted.request.output is not None
    assert (adapted.request.output.schema, adapted.losses) == (CLOSED, {})


def test_older_models_are_forced_to_call_the_schemas_tool() -> None:
    """As LiteLLM does it: `json_tool_call`."""
    adapted = adapt(answer_as(), "claude-3-7-sonnet-20250219", ANTHROPIC)
    assert adapted.request.output is None
    assert schema_tool(adapted.request) == SCHEMA_TOOL
    assert adapted.request.tools[-1].schema == CITY
    assert adapted.request.tool_choice == ToolChoice(mode="required", names=[SCHEMA_TOOL])


def test_beside_the_clients_tools_any_of_them_may_be_called() -> None:
    """A call of the client's, or the answer; a tool that must be called stays one of the two."""
    either = adapt(answer_as(tools=[TOOL]), "claude-sonnet-4-20250514", ANTHROPIC)
    assert either.request.tool_choice == ToolChoice(mode="required")
    assert [tool.name for tool in either.request.tools] == ["t", SCHEMA_TOOL]
    none = adapt(answer_as(tools=[TOOL], tool_choice=ToolChoice(mode="none")), "claude-sonnet-4-20250514", ANTHROPIC)
    assert none.request.tool_choice == ToolChoice(mode="required", names=[SCHEMA_TOOL])
    forced = answer_as(tools=[TOOL], tool_choice=ToolChoice(mode="required", names=["t"]))
    assert adapt(forced, "claude-sonnet-4-20250514", ANTHROPIC).request.tool_choice == ToolChoice(
        mode="required", names=["t", SCHEMA_TOOL]
    )


def test_a_host_without_response_format_gets_a_tool() -> None:
    """Volcengine; JSON mode is left to the prompt, and that said."""
    at = ("volcengine", Format.OPENAI_CHAT)
    adapted = adapt(answer_as(), "some-model", at)
    assert (schema_tool(adapted.request), adapted.losses) == (SCHEMA_TOOL, {})
    loose = adapt(answer_as(None), "some-model", at)
    assert (loose.request.output, set(loose.losses)) == (None, {"response_format"})


def test_thinking_gives_way_to_the_schema() -> None:
    """Claude 4 cannot be forced while it thinks."""
    adapted = adapt(answer_as(thinking=Thinking(effort="low")), "claude-sonnet-4-20250514", ANTHROPIC)
    assert adapted.request.thinking is None
    assert adapted.request.tool_choice == ToolChoice(mode="required", names=[SCHEMA_TOOL])
    assert set(adapted.losses) == {"thinking"}


def test_json_without_a_schema_is_a_tool_of_any_object_where_there_is_no_json_mode() -> None:
    """Anthropic and Bedrock have none; models that cannot be forced are asked by the prompt alone."""
    for at in (ANTHROPIC, BEDROCK):
        adapted = adapt(answer_as(None), "claude-sonnet-4-6", at)
        assert schema_tool(adapted.request) == SCHEMA_TOOL
    loose = adapt(answer_as(None), "us.anthropic.claude-opus-5-5", BEDROCK)
    assert (loose.request.output, set(loose.losses)) == (None, {"response_format"})
    assert adapt(answer_as(None), "gpt-4o", OPENAI).request.output == OutputSchema(name="city")


def test_a_model_with_a_json_mode_alone_is_told_the_schema() -> None:
    """DeepSeek: in the system prompt, and the loss says that nothing holds it to it."""
    at = ("deepseek", Format.OPENAI_CHAT)
    adapted = adapt(answer_as(), "deepseek-v4-pro", at)
    first = adapted.request.messages[0]
    assert first.role == "system"
    assert isinstance(first.parts[0], Text)
    assert '"city"' in first.parts[0].text
    assert adapted.request.output == OutputSchema()
    assert set(adapted.losses) == {"response_format"}
    for elsewhere in (("together_ai", Format.OPENAI_CHAT), ("deepseek", Format.OPENAI_RESPONSES)):
        assert adapt(answer_as(), "deepseek-v4-pro", elsewhere).request.output == answer_as().output
    spoken = answer_as()
    spoken.messages = [Message(role="system", parts=[Text(text="S")]), *spoken.messages]
    assert [len(one.parts) for one in adapt(spoken, "deepseek-v4-pro", at).request.messages] == [2, 1]


def test_a_model_that_nothing_holds_to_a_schema_is_refused() -> None:
    """A schema is content: it never just goes."""
    with pytest.raises(Untranslatable, match="response_format"):
        adapt(answer_as(), "gpt-audio", OPENAI, drop_params=True)
    with pytest.raises(Untranslatable, match="object at their root"):
        adapt(answer_as({"type": "array"}), "claude-3-7-sonnet-20250219", ANTHROPIC)


def test_keywords_that_a_dialect_lacks_are_said_in_the_description() -> None:
    """The model reads them, nothing enforces them, and each is reported; `$schema` binds nothing."""
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 0, "description": "Years."},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 2},
            "maximum": {"type": "number"},
        },
    }
    losses = Losses()
    fitted = fit_schema(schema, CLAUDE, losses, "s")
    assert fitted == {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "description": 'Years. {"minimum": 0}'},
            "tags": {
                "type": "array",
                "items": {"type": "string", "description": '{"maxLength": 5}'},
                "description": '{"minItems": 2}',
            },
            "maximum": {"type": "number"},
        },
        "additionalProperties": False,
    }
    assert {loss.path for loss in losses.found} == {"s.minimum", "s.maxLength", "s.minItems"}


def test_open_objects_are_closed_with_a_loss_and_free_keys_refused() -> None:
    """A map of free keys has no other sense."""
    losses = Losses()
    assert fit_schema({**CITY, "additionalProperties": True}, CLAUDE, losses, "s") == CLOSED
    assert [loss.path for loss in losses.found] == ["s.additionalProperties"]
    with pytest.raises(Untranslatable, match="free keys"):
        fit_schema({"type": "object", "additionalProperties": {"type": "string"}}, CLAUDE, losses, "s")


def test_references_are_written_out_where_there_are_none() -> None:
    """Recursion cannot be, and a reference to nothing is refused."""
    schema: Schema = {
        "type": "object",
        "properties": {"home": {"$ref": "#/$defs/City", "description": "Where."}},
        "$defs": {"City": CITY},
    }
    assert fit_schema(schema, INLINE, Losses(), "s") == {
        "type": "object",
        "properties": {"home": {**CITY, "description": "Where."}},
    }
    with pytest.raises(Untranslatable, match="recursive"):
        fit_schema({"$ref": "#/$defs/N", "$defs": {"N": {"items": {"$ref": "#/$defs/N"}}}}, INLINE, Losses(), "s")
    with pytest.raises(Untranslatable, match="names nothing"):
        fit_schema({"$ref": "#/$defs/X"}, INLINE, Losses(), "s")


def test_a_schema_nested_without_end_is_refused() -> None:
    """Before the stack runs out."""
    schema: Schema = {}
    for _ in range(500):
        schema = {"items": schema}
    with pytest.raises(Untranslatable, match="deep"):
        fit_schema(schema, CLAUDE, Losses(), "s")


JSON = '{"city":"Rome"}'
CALL = ToolCall(id="c", name=SCHEMA_TOOL, arguments=JSON)


def test_the_tools_arguments_become_the_answer() -> None:
    """And the finish is that of a text."""
    choice = Choice(parts=[CALL], finish=Finish.TOOL_CALLS, finish_native="tool_use")
    assert untool(Answer(choices=[choice])) == Answer(choices=[Choice(parts=[Text(text=JSON)], finish=Finish.STOP)])


def test_calls_of_the_clients_tools_stay_calls() -> None:
    """With them the turn is not over."""
    call = ToolCall(id="d", name="t", arguments="{}")
    only, both = ([call], [CALL, call])
    for parts, wanted in ((only, [call]), (both, [Text(text=JSON), call])):
        answer = Answer(choices=[Choice(parts=list(parts), finish=Finish.TOOL_CALLS, finish_native="tool_use")])
        (choice,) = untool(answer).choices
        assert (choice.parts, choice.finish, choice.finish_native) == (wanted, Finish.TOOL_CALLS, "tool_use")


@pytest.mark.parametrize("others", [[], [ToolCall(id="d", name="t", arguments="{}")]])
def test_a_stream_turns_into_what_the_whole_answer_turns_into(others: list[ToolCall]) -> None:
    """Arguments that come whole or in pieces; the grammar holds."""
    choice = Choice(parts=[CALL, *others], finish=Finish.TOOL_CALLS, finish_native="tool_use")
    answer = Answer(id="a", choices=[choice])
    stream = UntoolStream()
    assert fold(check([stream.filter(event) for event in unfold(answer)])) == untool(answer)
    pieces: list[Event] = [
        Started(id="a"),
        PartStarted(index=0, part=ToolCall(id="c", name=SCHEMA_TOOL, arguments="")),
        TextDelta(0, JSON[:5]),
        TextDelta(0, JSON[5:]),
        PartEnded(0, CALL),
        Finished(finish=Finish.TOOL_CALLS, finish_native="tool_use"),
        Ended(),
    ]
    stream = UntoolStream()
    whole = untool(Answer(id="a", choices=[Choice(parts=[CALL], finish=Finish.TOOL_CALLS)]))
    assert fold(check([stream.filter(event) for event in pieces])) == whole
