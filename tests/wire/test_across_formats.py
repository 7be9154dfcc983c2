"""Every recorded conversation through every other format and back: equal, or a loss that the written lists name."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from tests.wire.across import (
    ABSENT,
    ORDERED,
    TARGETS,
    Recorded,
    exchanges,
    facts,
    named,
    opened,
    order,
    said,
    target_codec,
)
from trunkline.ir.answer import Answer, Finish
from trunkline.ir.events import Ended, Event, PartEnded, Started
from trunkline.ir.fold import BrokenStream, fold
from trunkline.ir.format import Format
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.parts import Message, Text
from trunkline.ir.request import Request
from trunkline.wire.anthropic_messages import losses as anthropic
from trunkline.wire.bedrock_converse import losses as bedrock
from trunkline.wire.codec import Codec, Reply
from trunkline.wire.cohere_chat import losses as cohere
from trunkline.wire.gemini import losses as gemini
from trunkline.wire.natives import ONLY_THERE
from trunkline.wire.ollama import losses as ollama
from trunkline.wire.openai_chat import losses as chat
from trunkline.wire.openai_responses import losses as responses
from trunkline.wire.replicate import losses as replicate

LISTS: Final = {
    Format.OPENAI_CHAT: chat.REASONS, Format.OPENAI_RESPONSES: responses.REASONS,
    Format.ANTHROPIC_MESSAGES: anthropic.REASONS, Format.GEMINI: gemini.REASONS, Format.OLLAMA: ollama.REASONS,
    Format.BEDROCK_CONVERSE: bedrock.REASONS, Format.COHERE_CHAT: cohere.REASONS, Format.REPLICATE: replicate.REASONS,
    None: chat.REASONS,
}  # fmt: skip
ENVELOPE: Final = re.compile(r"tlk1\.[A-Za-z0-9_=-]+")
NO_STATE: Final = "-"
"""What an envelope holds around a thought without state, in a format that wants a signature."""
SURFACES_OF: Final = frozenset(
    {Format.OPENAI_CHAT, Format.OPENAI_RESPONSES, Format.ANTHROPIC_MESSAGES, Format.GEMINI, Format.COHERE_CHAT}
)
"""Formats that clients of the gateway speak."""


def _cells(kind: str) -> list[Any]:
    found = [
        pytest.param(one, target, id=f"{one.name}-{target.value if target else 'completions'}")
        for one in exchanges()
        if getattr(one, kind)
        for target in TARGETS
        if target is not one.format and (target is not None or kind != "request")
    ]
    return found or [pytest.param(None, None, marks=pytest.mark.skip(reason=ABSENT), id="absent")]


def _listed(losses: Losses, target: Format | None) -> list[str]:
    """The paths; every reason must be a written one."""
    for loss in losses.found:
        assert loss.reason in LISTS[target] or loss.reason == ONLY_THERE, f"a reason in no list: {loss}"
    return [loss.path for loss in losses.found]


def _as_json(members: object) -> Any:
    """As a peer reads it."""
    return msgspec.json.decode(msgspec.json.encode(members))


@pytest.mark.parametrize(("recorded", "target"), _cells("request"))
def test_a_request_goes_across_and_back(recorded: Recorded, target: Format) -> None:
    """Words, calls, results, their pairing and order, media, tools and schema: equal, or named as lost."""
    try:
        request = recorded.codec.decode_request(recorded.request or {}, named(recorded))
    except BadShape:
        return  # a recorded mistake of a client
    codec, losses = target_codec(target), Losses()
    refused = ""
    try:
        written = codec.encode_request(replace(request, stream=False), losses)
    except Untranslatable as error:
        refused, written = error.reason, {}
    if refused:
        assert refused in LISTS[target], f"a reason in no list: {refused}"
        return
    lost = _listed(losses, target)
    again = codec.decode_request(_as_json(written), named(recorded))
    if target is Format.REPLICATE:
        whole = "".join(p.text for m in again.messages for p in m.parts if isinstance(p, Text))
        assert all(t.text.strip() in whole for m in request.messages for t in m.parts if isinstance(t, Text))
        return
    before, after = facts(request), facts(again)
    del after["chosen"]
    chosen = before.pop("chosen")
    if chosen and after["tools"] == chosen:
        before["tools"] = chosen  # the others may not be called, so they need not be there
    differing = [name for name, value in before.items() if after[name] != value]
    unexplained = [name for name in differing if not _explained(name, before, after, lost)]
    assert not unexplained, [(n, before[n], after[n], losses.found) for n in unexplained]
    if target in ORDERED and not lost:
        assert order(again.messages) == order(request.messages)


def _explained(name: str, before: dict[str, Any], after: dict[str, Any], lost: list[str]) -> bool:
    """Whether a loss that was reported accounts for a difference."""
    told = [path.lower() for path in lost]
    match name:
        case "system" | "user":
            # A system message in the middle may become the user's words, and the other way round.
            moved = sorted(before["system"] + before["user"]) == sorted(after["system"] + after["user"])
            return (bool(told) and moved) or any(path.startswith(("messages", "input", "contents")) for path in told)
        case "max_tokens":
            return bool(before[name] is None or any("max" in path for path in told))
        case "schema":
            return any("format" in path or "schema" in path or "output" in path for path in told)
        case "tools":
            return any("tool" in path for path in told)
        case _:
            return bool(told)


def _reply(codec: Codec) -> Reply:
    request = Request(model="m", messages=[Message(role="user", parts=[Text(text="hi")])])
    return Reply(id="1", model="m", created=1, request=request, provider="prov", deployment="depl")


def _compare(one: Answer, other: Answer, target: Format | None, lost: list[str], written: bytes = b"") -> None:
    before, after = said(one), said(other)
    assert after["text"] == before["text"] or lost, "words are lost"
    if target is None:
        return
    assert after["calls"] == before["calls"] or lost, "calls are lost"
    assert after["thoughts"] == before["thoughts"] or lost, "thoughts are lost"
    assert after["media"] == before["media"] or lost
    envelopes = set(ENVELOPE.findall(written.decode())) if target is Format.COHERE_CHAT else set()
    state = {opened(data) for data in (*after["state"], *envelopes)} - {NO_STATE}  # Cohere's own streams have no state
    state -= {"reasoning_content"} - set(before["state"])  # where words without state stood, which is no state
    assert state == set(before["state"]) or lost, "state is lost"
    assert not before["foreign"] or lost or after["foreign"]
    no_words = target is Format.REPLICATE  # it does not say why a model stopped
    for was, now in zip(one.choices, other.choices, strict=False):
        assert no_words or lost or now.finish in _near(was.finish), (was.finish, now.finish)
    if one.usage is not None and other.usage is not None:
        told = (other.usage.input_total, other.usage.output_total)
        assert told == (one.usage.input_total, one.usage.output_total)


def _near(finish: Finish | None) -> set[Finish | None]:
    """What a finish may be where a format lacks the word."""
    groups: list[set[Finish | None]] = [
        {Finish.STOP, Finish.STOP_SEQUENCE, None, Finish.OTHER, Finish.PAUSE, Finish.BAD_CALL, Finish.TOOL_CALLS},
        {Finish.LENGTH, Finish.CONTEXT, Finish.PAUSE},
        {Finish.CONTENT_FILTER, Finish.REFUSAL, Finish.OTHER, Finish.STOP},
        {Finish.BAD_CALL, Finish.OTHER},
        {Finish.TOOL_CALLS},
    ]
    exact: set[Finish | None] = {finish}
    if finish is Finish.TOOL_CALLS:
        return exact
    for group in groups[:4]:
        if finish in group:
            exact |= group
    return exact


@pytest.mark.parametrize(("recorded", "target"), _cells("answer"))
def test_an_answer_goes_across_and_back(recorded: Recorded, target: Format | None) -> None:
    """Words, thoughts, calls, state (sealed), finish and usage: equal, or named as lost."""
    try:
        answer = recorded.codec.decode_answer(recorded.answer or {})
    except BadShape:
        return
    codec, losses = target_codec(target), Losses()
    written = _as_json(codec.encode_answer(replace(answer, native=None), _reply(codec), losses))
    _compare(answer, codec.decode_answer(written), target, _listed(losses, target))


@pytest.mark.parametrize(("recorded", "target"), _cells("stream"))
def test_a_stream_goes_across_and_back(recorded: Recorded, target: Format | None) -> None:
    """The same for streams; and the stream folds to what the whole answer would have been."""
    decoder = recorded.codec.stream_decoder()
    events = check([*decoder.feed(recorded.stream), *decoder.end()])
    try:
        answer = fold(events)
    except BrokenStream:
        return  # recorded without its end, or with an error
    codec = target_codec(target)
    encoder = codec.stream_encoder(_reply(codec))
    data = b"".join(encoder.encode(_without_native(event)) for event in events)
    reader = codec.stream_decoder()
    try:
        heard = fold(check([*reader.feed(data), *reader.end()]))
    except BrokenStream:
        assert target is Format.COHERE_CHAT
        assert answer.choices[0].finish in (Finish.CONTENT_FILTER, Finish.BAD_CALL)  # `ERROR` there
        return
    if _edited(events):
        return  # the final text is not what the deltas told, and what is told is told
    lost = _listed(encoder.losses, target)
    _compare(answer, heard, target, lost, data)
    losses = Losses()
    whole = codec.decode_answer(_as_json(codec.encode_answer(replace(answer, native=None), _reply(codec), losses)))
    if target in SURFACES_OF:
        now, then = said(heard), said(whole)
        assert (now["text"], now["calls"], now["thoughts"]) == (then["text"], then["calls"], then["thoughts"])


def _edited(events: list[Event]) -> bool:
    """Whether a part's end gives other words than its beginning and its deltas."""
    plain = fold(PartEnded(event.index) if isinstance(event, PartEnded) else event for event in events)
    before: str = said(plain)["text"]
    after: str = said(fold(events))["text"]
    return before != after


def _without_native(event: Event) -> Event:
    """As the pipeline does: the provider's own members of an answer are none of the client's."""
    return replace(event, native=None) if isinstance(event, Started | Ended) else event
