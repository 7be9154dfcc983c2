"""The shape of a conversation: roles, tool ids and names, tool choice, cache hints, the last message."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Message, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request, Tool, ToolChoice
from trunkline.ir.tool_ids import IdRule, map_id
from trunkline.profiles.aim import Aim

SYSTEM_AS_USER: Final = "a system message in the middle of the conversation was sent as a user's words"
FEWER_HINTS: Final = "the provider takes {} cache hints; the latest were kept"
_SYSTEM: Final = ("system", "developer")


def fit_roles(messages: list[Message], aim: Aim, losses: Losses) -> list[Message]:
    """System messages where the model takes them.

    OpenAI alone has the role `developer`; other hosts of its chat format have `system`.
    """
    later = aim.format is Format.ANTHROPIC_MESSAGES and not aim.profile.system_anywhere
    rename = aim.format is Format.OPENAI_CHAT and not aim.strict_chat
    if not later and not rename:
        return messages
    fitted: list[Message] | None = None
    first = True
    for place, message in enumerate(messages):
        if message.role not in _SYSTEM:
            first = False
            continue
        if rename and message.role == "developer":
            new = replace(message, role="system")
        elif later and not first:
            losses.add(f"messages[{place}]", SYSTEM_AS_USER)
            new = replace(message, role="user", native=None)
        else:
            continue
        fitted = list(messages) if fitted is None else fitted
        fitted[place] = new
    return messages if fitted is None else fitted


def fit_ids(message: Message, rule: IdRule, valid: re.Pattern[str]) -> Message:
    """Tool ids as the target takes them, of calls and results alike."""
    fitted: list[Part] | None = None
    for place, part in enumerate(message.parts):
        new: Part
        if isinstance(part, ToolCall) and valid.fullmatch(part.id) is None:
            new = replace(part, id=map_id(part.id, rule))
        elif isinstance(part, ToolResult) and valid.fullmatch(part.call_id) is None:
            new = replace(part, call_id=map_id(part.call_id, rule))
        else:
            continue
        fitted = list(message.parts) if fitted is None else fitted
        fitted[place] = new
    return message if fitted is None else replace(message, parts=fitted)


def check_tools(request: Request, aim: Aim, losses: Losses) -> None:
    """Whether the model takes the tools.

    Raises:
        Untranslatable: it takes none, none in this format, or not under such a name.
    """
    if "tools" in aim.lacks:
        raise losses.refuse("tools", aim.lacks["tools"])
    if not aim.profile.tools:
        raise losses.refuse("tools", aim.why("tools", "the model takes no tools"))
    if aim.format is Format.OPENAI_CHAT and aim.strict_chat and aim.profile.chat_tools == "no":
        raise losses.refuse("tools", aim.why("chat_tools", "the model takes tools on Responses only"))
    valid = aim.tool_name
    if valid is None:
        return
    for place, tool in enumerate(request.tools):
        if not tool.foreign and valid.fullmatch(tool.name) is None:
            raise losses.refuse(
                f"tools[{place}].name",
                f"{aim.facts.name} takes names of the form `{valid.pattern}` only; rename the tool",
            )


def fit_choice(choice: ToolChoice, aim: Aim, losses: Losses, *, thinks: bool) -> ToolChoice | None:
    """The choice as the model takes it; `None`: the model chooses.

    Raises:
        Untranslatable: it cannot be forced and that must be refused.
    """
    if choice.mode != "required":
        return choice
    if aim.forced == "no" or (aim.forced == "not_thinking" and thinks):
        if "tool_choice" in aim.policy.allowed:
            return choice
        aim.lack(
            losses, {"tool_choice": aim.why("forced", "it cannot be made to call a tool") + "; it was left to choose"}
        )
        return ToolChoice(mode="auto", names=choice.names) if choice.names else None
    if choice.names and not aim.profile.named and aim.format is not Format.COHERE_CHAT:
        aim.lack(losses, {"tool_choice": aim.why("named", "it cannot be made to call a certain tool")})
        return ToolChoice(mode="required")
    return choice


def fit_end(messages: list[Message], aim: Aim, losses: Losses, *, own: bool) -> list[Message]:
    """The conversation with an end that the model takes.

    Raises:
        Untranslatable: the last message is a beginning of the answer, and the model takes none.
    """
    if aim.profile.prefill or own or not messages or messages[-1].role != "assistant":
        return messages
    if any(isinstance(part, ToolCall | Foreign | Reasoning) for part in messages[-1].parts[-1:]):
        return messages  # a turn that goes on
    path = f"messages[{len(messages) - 1}]"
    why = aim.why("prefill", "the model takes no beginning of its answer as the last message")
    if not aim.policy.modify_params:
        raise losses.refuse(path, f"{why}; `modify_params: true` adds a turn of the user")
    losses.add(path, f"{why}, so `Continue.` was added as a turn of the user")
    return [*messages, Message(role="user", parts=[Text(text="Continue.")])]


def fit_hints(request: Request, messages: list[Message], most: int, losses: Losses) -> tuple[list[Tool], list[Message]]:
    """Tools and messages with the latest `most` cache hints."""
    count = sum(tool.cache is not None for tool in request.tools) + (request.cache is not None)
    count += sum(_hints(message) for message in messages)
    spare = count - most
    if spare <= 0:
        return request.tools, messages
    losses.add("cache_control", FEWER_HINTS.format(most))
    tools = list(request.tools)
    for place, tool in enumerate(tools):
        if spare and tool.cache is not None:
            tools[place], spare = replace(tool, cache=None), spare - 1
    fitted = list(messages)
    for place, message in enumerate(fitted):
        if spare:
            fitted[place], spare = _unhinted(message, spare)
    return tools, fitted


def _bare(part: Part) -> Part:
    return part if isinstance(part, Reasoning) else replace(part, cache=None)


def _hints(message: Message) -> int:
    count = 0
    for part in message.parts:
        if not isinstance(part, Reasoning):
            count += part.cache is not None
            if isinstance(part, ToolResult):
                count += sum(inner.cache is not None for inner in part.content)
    return count


def _unhinted(message: Message, spare: int) -> tuple[Message, int]:
    parts = list(message.parts)
    for place, part in enumerate(parts):
        if isinstance(part, Reasoning):
            continue
        if isinstance(part, ToolResult):
            content = list(part.content)
            for inner, one in enumerate(content):
                if spare and one.cache is not None:
                    content[inner], spare = replace(one, cache=None), spare - 1
            parts[place] = replace(part, content=content)
        if spare and part.cache is not None:
            parts[place], spare = _bare(parts[place]), spare - 1
    return replace(message, parts=parts), spare
