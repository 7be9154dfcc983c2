"""A request, written for a provider: the shape of the conversation, and the knobs.

A request that came in this format goes out as it came. One of another format is brought into the shape that Anthropic
asks for (providers.md B1): system prompt apart, no empty texts, and all results of parallel calls in one message, in
front of everything else.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Native, Text
from trunkline.ir.request import Request, Sampling
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.blocks_out import BlockWriter, spelled
from trunkline.wire.anthropic_messages.shape import OWN, Kept, cache_control, restore
from trunkline.wire.anthropic_messages.thinking import write_output, write_thinking
from trunkline.wire.anthropic_messages.tools import write_choice, write_tools
from trunkline.wire.codec import Members

MAX_USER_ID: Final = 512
"""Characters (providers.md B1)."""
_NO_KNOB: Final = ("min_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias")
"""Fields of the sampling that Anthropic has nothing for."""
_TIERS: Final = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}
"""OpenAI's `default` is what Anthropic calls `standard_only`: no priority capacity."""


class Turn(msgspec.Struct):
    """A message that is written but may still be merged."""

    role: str
    blocks: list[Members]
    native: Native | None = None
    path: str = ""
    results: bool = False
    """One of the blocks is a tool result."""


def write_request(request: Request, losses: Losses, *, default_max_tokens: int, system_messages: bool) -> Members:
    """The body. `model` and `stream` stand in it where they are set; hosts that name them in the path take them out.

    Raises:
        Untranslatable: content, a tool or an output mode that Anthropic has no place for.
    """
    own = request.native is not None and request.native.format is OWN
    writer = BlockWriter(losses, own=own)
    body: Members = {}
    if request.model:
        body["model"] = request.model
    _write_conversation(request, body, writer, system_messages=system_messages)
    _write_sampling(request.sampling, body, losses, own=own)
    if request.tools:
        body["tools"] = write_tools(request, losses, own=own)
    if own or request.tools or request.tool_choice is not None:
        choice = write_choice(request, losses, own=own)
        if choice is not None:
            body["tool_choice"] = choice
    if own or request.thinking is not None or request.output is not None:
        _write_output(request, body, losses, own=own)
    if request.sampling.max_tokens is None:
        budget = 0 if request.thinking is None or request.thinking.budget is None else request.thinking.budget
        body["max_tokens"] = default_max_tokens + max(budget, 0)  # the budget must be below it
    _write_rest(request, body, losses, own=own)
    restore(body, request.native, losses, "")
    return body


def _write_conversation(request: Request, body: Members, writer: BlockWriter, *, system_messages: bool) -> None:
    messages = request.messages
    plain = None if writer.own else _plain_conversation(messages)
    if plain is not None:
        system, body["messages"] = plain
        if system:
            body["system"] = system
        return
    first = 0
    for message in messages:
        if not _leads(message):
            break
        first += 1
    if first == len(messages) > 0 and not writer.own:
        first -= 1
        writer.losses.add(f"messages[{first}]", why.ONLY_SYSTEM)
        messages = [*messages[:first], replace(messages[first], role="user")]
    offset = 0
    if first:
        offset = int(_place(messages[0]) == "system")
        blocks: list[Members] = []
        for place in range(first):
            blocks += _system_blocks(messages[place], place, writer)
        if blocks or writer.own:
            body["system"] = spelled(blocks, messages[0].native)
    turns: list[Turn] = []
    results = False
    for place in range(first, len(messages)):
        message = messages[place]
        turn = _turn(message, f"messages[{place - offset}]", writer, system_messages=system_messages)
        if turn.blocks or (writer.own and not message.parts):
            turns.append(turn)
            results = results or turn.results
    if not writer.own:
        if results:
            turns = _merged(turns)
        _cut_trailing_space(turns, writer.losses)
    written: list[Members] = []
    for turn in turns:
        native = turn.native
        one: Members = {"role": turn.role, "content": turn.blocks if native is None else spelled(turn.blocks, native)}
        if native is not None:
            restore(one, native, writer.losses, turn.path)
        written.append(one)
    body["messages"] = written


def _plain_conversation(messages: list[Message]) -> tuple[list[Members], list[Members]] | None:
    """System prompt and messages of another format's conversation where every message is one text and no more, which
    most are; `None` where one is not, or has something to report. They become what the long way would make of them.
    """
    system: list[Members] = []
    turns: list[Members] = []
    role = text = ""
    for message in messages:
        parts = message.parts
        if len(parts) != 1 or message.name or ((native := message.native) is not None and _keeps(native)):
            return None
        part = parts[0]
        if not isinstance(part, Text) or part.citations or part.cache is not None or part.opaque is not None:
            return None
        text = part.text
        if not text or text.isspace() or ((native := part.native) is not None and _keeps(native)):
            return None
        role = message.role
        if role == "user" or role == "assistant":
            turns.append({"role": role, "content": [{"type": "text", "text": text}]})
        elif turns:
            return None
        else:
            system.append({"type": "text", "text": text})
    if not turns or (role == "assistant" and text[-1].isspace()):
        return None
    return system, turns


def _keeps(native: Native) -> bool:
    """There is something to put back or to report."""
    return native.format is OWN or bool(native.members)


def _place(message: Message) -> str:
    return message.native.place if isinstance(message.native, Kept) else ""


def _leads(message: Message) -> bool:
    """The message belongs to the system prompt, if it stands in front."""
    role = message.role
    return role != "user" and role != "assistant" and _place(message) != "messages"


def _system_blocks(message: Message, place: int, writer: BlockWriter) -> list[Members]:
    path = "system" if _place(message) == "system" else f"messages[{place}]"
    if not writer.own:
        for part in message.parts:
            if not isinstance(part, Text):
                raise writer.losses.refuse(path, why.SYSTEM_TEXT_ONLY)
    if message.name:
        writer.losses.add(f"{path}.name", why.NO_MESSAGE_NAME)
    return writer.message(message, path)


def _turn(message: Message, path: str, writer: BlockWriter, *, system_messages: bool) -> Turn:
    if message.name:
        writer.losses.add(f"{path}.name", why.NO_MESSAGE_NAME)
    role: str = message.role
    if role != "user" and role != "assistant":
        role = "user"
        if system_messages or _place(message) == "messages":
            role = "system"
        else:
            writer.losses.add(path, why.SYSTEM_AS_USER)
    blocks = writer.message(message, path)
    results = False
    if role == "user":
        for block in blocks:
            if block["type"] == "tool_result":
                results = True
    return Turn(role, blocks, message.native, path, results)


def _merged(turns: list[Turn]) -> list[Turn]:
    """Runs of user messages with tool results in them as one message each, results first."""
    merged: list[Turn] = []
    run: list[Turn] = []
    for turn in [*turns, Turn("", [])]:
        if turn.role == "user":
            run.append(turn)
            continue
        if any(one.results for one in run):
            blocks = [block for one in run for block in one.blocks]
            run[0].blocks = [b for b in blocks if b["type"] == "tool_result"]
            run[0].blocks += [b for b in blocks if b["type"] != "tool_result"]
            del run[1:]
        merged += run
        run = []
        if turn.role:
            merged.append(turn)
    return merged


def _cut_trailing_space(turns: list[Turn], losses: Losses) -> None:
    if not turns or turns[-1].role != "assistant":
        return
    last = turns[-1].blocks[-1]
    text = last.get("text")
    if last["type"] == "text" and isinstance(text, str) and text[-1:].isspace():
        last["text"] = text.rstrip()
        losses.add(turns[-1].path, why.TRAILING_SPACE)


def _write_sampling(sampling: Sampling, body: Members, losses: Losses, *, own: bool) -> None:
    if sampling.max_tokens is not None:
        body["max_tokens"] = sampling.max_tokens
    temperature = sampling.temperature
    if temperature is not None:
        if temperature > 1 and not own:
            losses.add("temperature", why.TEMPERATURE_CAPPED)
            temperature = 1
        body["temperature"] = temperature
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if sampling.top_k is not None:
        body["top_k"] = int(sampling.top_k)
    if sampling.stop is not None:
        stop = sampling.stop if own else [word for word in sampling.stop if word and not word.isspace()]
        if len(stop) < len(sampling.stop):
            losses.add("stop_sequences", why.BLANK_STOP)
        if stop or own:
            body["stop_sequences"] = stop
    if sampling.candidates is not None and sampling.candidates > 1:
        losses.add("n", why.ONE_CANDIDATE)
    # Zero, `false` and an empty bias ask for nothing.
    if (
        sampling.min_p or sampling.frequency_penalty or sampling.presence_penalty
        or sampling.logprobs or sampling.top_logprobs or sampling.logit_bias
    ):  # fmt: skip
        for name in _NO_KNOB:
            if getattr(sampling, name):
                losses.add(name, why.NO_KNOB)
    if sampling.seed is not None:
        losses.add("seed", why.NO_KNOB)


def _write_output(request: Request, body: Members, losses: Losses, *, own: bool) -> None:
    """`thinking`, `output_config` (joined with what of it has no place in the representation) and `output_format`."""
    config: Members = {}
    native = request.native
    if isinstance(native, Kept):
        known = native.members.get("output_config", native.silent.get("output_config"))
        config = dict(known) if isinstance(known, dict) else {}
    if request.thinking is not None:
        thinking, effort = write_thinking(request.thinking, losses, own=own)
        if thinking is not None:
            body["thinking"] = thinking
        if effort is not None:
            config["effort"] = effort
    if request.output is not None:
        place, written = write_output(request.output, losses)
        if place == "output_format":
            body[place] = written
        elif written is not None:
            config["format"] = written
    if config:
        body["output_config"] = config


def _write_rest(request: Request, body: Members, losses: Losses, *, own: bool) -> None:
    if request.stream:
        body["stream"] = True
    if request.cache is not None:
        body["cache_control"] = cache_control(request.cache)
    if request.user is not None:
        if own or (len(request.user) <= MAX_USER_ID and "@" not in request.user):
            known = request.native.members.get("metadata") if own and request.native is not None else None
            body["metadata"] = {**(known if isinstance(known, dict) else {}), "user_id": request.user}
        else:
            losses.add("user", why.USER_ID)
    if request.service_tier is not None:
        tier = request.service_tier if own else _TIERS.get(request.service_tier)
        if tier is not None:
            body["service_tier"] = tier
        else:
            losses.add("service_tier", why.SERVICE_TIER)
    if request.metadata:
        losses.add("metadata", why.NO_METADATA)
    if request.store:
        losses.add("store", why.NOTHING_STORED)
    if request.verbosity is not None:
        losses.add("verbosity", why.NO_KNOB)
    if request.modalities is not None and any(word != "text" for word in request.modalities):
        raise losses.refuse("modalities", why.MODALITY)
