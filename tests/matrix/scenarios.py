"""What is asked and answered in the matrix, in no format's words; and which client can ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.support.stand_in import End, Fault, Scenario
from trunkline.ir import Usage
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.parts import CacheHint, Media, MediaKind, Message, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking, Tool, ToolChoice

PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF: Final = "JVBERi0xLjEKMSAwIG9iajw8Pj5lbmRvYmoKdHJhaWxlcjw8Pj4KJSVFT0YK"
WAV: Final = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
HINT: Final = CacheHint()
USAGE: Final = Usage(input_total=131, output_total=37, cache_read=16, reasoning=9)
SCHEMA: Final[dict[str, object]] = {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"], "additionalProperties": False,
}  # fmt: skip
WEATHER: Final = Tool(name="get_weather", description="The weather of a city", schema=SCHEMA)
CLOCK: Final = Tool(
    name="read_clock",
    description="The time",
    schema={"type": "object", "properties": {}, "additionalProperties": False},
)
SYSTEM: Final = "Be brief."
WORDS: Final = 'Grüße aus Zürich 🌦: 12 °C.\n\nBring "both" \\ an umbrella.'
CALLS: Final = (
    ToolCall(id="call_A1b2C3d4E5f6G7h8", name="get_weather", arguments='{"city":"Zürich \\"West\\"","days":2}'),
    ToolCall(id="call_Z9y8X7w6V5u4T3s2", name="read_clock", arguments="{}"),
    ToolCall(id="call_M1n2B3v4C5x6Z7l8", name="get_weather", arguments='{"city":"東京","days":1}'),
)


def answer(*parts: Part, finish: Finish = Finish.STOP, usage: Usage = USAGE) -> Answer:
    """An answer; its model is named by whoever plays it."""
    return Answer(id="a1b2", model="said-model", choices=[Choice(parts=list(parts), finish=finish)], usage=usage)


def asked(*messages: Message, tools: tuple[Tool, ...] = (), **more: object) -> Request:
    """A request; system words first, where no message brings them."""
    said = (
        list(messages)
        if messages[0].role == "system"
        else [Message(role="system", parts=[Text(text=SYSTEM)]), *messages]
    )
    request = Request(model="", messages=said, tools=list(tools), sampling=Sampling(max_tokens=3000))
    for name, value in more.items():
        setattr(request, name, value)
    return request


def user(*parts: Part | str) -> Message:
    """What the user says."""
    return Message(role="user", parts=[Text(text=part) if isinstance(part, str) else part for part in parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the matrix."""

    request: Request
    scenario: Scenario
    needs: str = ""
    """What of a format it needs: a word of `CAN`."""
    streams: tuple[bool, ...] = (False, True)


def fine(request: Request, told: Answer, needs: str = "") -> Case:
    """A case that goes well."""
    return Case(request=request, scenario=Scenario(answer=told), needs=needs)


def fault(name: Fault) -> Case:
    """A case in which the provider answers with an error."""
    return Case(request=PLAIN, scenario=Scenario(answer=answer(Text(text=WORDS)), fault=name))


def ends(end: End) -> Case:
    """A case in which a stream does not end well."""
    told = answer(Text(text="One two three four five six seven eight nine ten."), Text(text=" More words, never told."))
    return Case(request=PLAIN, scenario=Scenario(answer=told, end=end), streams=(True,))


PLAIN: Final = asked(user("How is the weather in Zürich?"))
HISTORY: Final = (
    user("Weather and time?"),
    Message(role="assistant", parts=[Text(text="I look it up."), *CALLS]),
    Message(
        role="user",
        parts=[
            ToolResult(call_id=CALLS[0].id, content=[Text(text="12 °C")]),
            ToolResult(call_id=CALLS[1].id),
            ToolResult(call_id=CALLS[2].id, content=[Text(text="no such city")], is_error=True),
        ],
    ),
)
THINKING: Final = answer(
    Reasoning(text="First the weather.", opaque=Opaque("any", "sig-AAAA")),
    CALLS[0],
    Reasoning(text="Now the clock.", opaque=Opaque("any", "sig-BBBB")),
    CALLS[1],
    finish=Finish.TOOL_CALLS,
)
CASES: Final[Mapping[str, Case]] = {
    "text": fine(PLAIN, answer(Text(text=WORDS))),
    "turns": fine(
        asked(user("Hi"), Message(role="assistant", parts=[Text(text="Hello.")]), user("And now?")),
        answer(Text(text=WORDS)), "turns",
    ),
    "tools": fine(
        asked(user("Weather?"), tools=(WEATHER, CLOCK), tool_choice=ToolChoice(mode="auto")),
        answer(CALLS[0], finish=Finish.TOOL_CALLS), "tools",
    ),
    "text_and_tool": fine(
        asked(user("Weather?"), tools=(WEATHER,)),
        answer(Text(text="I look."), CALLS[0], finish=Finish.TOOL_CALLS), "tools",
    ),
    "mixed": fine(
        asked(user("Weather and time?"), tools=(WEATHER, CLOCK)),
        answer(Text(text="First this."), CALLS[0], Text(text="Then that."), CALLS[1], finish=Finish.TOOL_CALLS),
        "tools",
    ),
    "forced": fine(
        asked(user("Weather?"), tools=(WEATHER, CLOCK), tool_choice=ToolChoice(mode="required")),
        answer(CALLS[0], finish=Finish.TOOL_CALLS), "tools",
    ),
    "parallel": fine(
        asked(user("All of it?"), tools=(WEATHER, CLOCK)), answer(*CALLS, finish=Finish.TOOL_CALLS), "tools",
    ),
    "results": fine(asked(*HISTORY, tools=(WEATHER, CLOCK)), answer(Text(text=WORDS)), "tools"),
    "bare_error": fine(
        asked(
            user("Time?"), Message(role="assistant", parts=[CALLS[1]]),
            Message(role="user", parts=[ToolResult(call_id=CALLS[1].id, is_error=True)]), tools=(CLOCK,),
        ),
        answer(Text(text=WORDS)), "tools",
    ),
    "thinking": fine(
        asked(user("Weather and time?"), tools=(WEATHER, CLOCK), thinking=Thinking(enabled=True, budget=2048)), THINKING,
        "thinking",
    ),
    "thought": fine(
        asked(user("Think."), thinking=Thinking(enabled=True, budget=2048)),
        answer(Reasoning(text="Hm.\n\nSo.", opaque=Opaque("any", "sig-AAAA")), Text(text=WORDS)),
        "thinking",
    ),
    "image": fine(
        asked(user("What is this?", Media(kind=MediaKind.IMAGE, mime="image/png", data=PNG), "And why?")),
        answer(Text(text=WORDS)), "image",
    ),
    "pdf": fine(
        asked(user("Read this.", Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data=PDF, name="report.pdf"))),
        answer(Text(text=WORDS)), "pdf",
    ),
    "audio": fine(
        asked(user("Listen.", Media(kind=MediaKind.AUDIO, mime="audio/wav", data=WAV))), answer(Text(text=WORDS)), "audio",
    ),
    "schema": fine(
        asked(user("Plan."), output=OutputSchema(schema=SCHEMA, name="plan", strict=True)),
        answer(Text(text='{"city":"Zürich","days":2}')), "schema",
    ),
    "cache": fine(
        asked(
            Message(role="system", parts=[Text(text=SYSTEM, cache=HINT)]), user(Text(text="Long text.", cache=HINT), "Short?")
        ),
        answer(Text(text=WORDS), usage=Usage(input_total=131, output_total=37, cache_read=16, cache_write=8)), "cache",
    ),
    "refusal": fine(PLAIN, answer(Text(text="I will not help with that.", refusal=True), finish=Finish.REFUSAL)),
    "length": fine(PLAIN, answer(Text(text="This is cut o"), finish=Finish.LENGTH)),
    "filtered": fine(PLAIN, answer(Text(text="This is held"), finish=Finish.CONTENT_FILTER)),
    "context": fault("context"),
    "filter": fault("filter"),
    "rate_limit": fault("rate_limit"),
    "overloaded": fault("overloaded"),
    "auth": fault("auth"),
    "error_event": ends("error"),
    "cut": ends("cut"),
    "quiet_end": ends("quiet"),
}  # fmt: skip
ASKS: Final[Mapping[str, str]] = {
    "chat": "turns tools thinking image pdf audio schema cache",
    "responses": "turns tools thinking image pdf audio schema",
    "messages": "turns tools thinking image pdf schema cache",
    "gemini": "turns tools thinking image pdf audio schema",
    "cohere": "turns tools thinking image schema",
    "completions": "",
}
"""What a client's format can ask for; a cell whose client cannot ask does not exist."""
