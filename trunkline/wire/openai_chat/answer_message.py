"""Writing the message of an answer, for a client: with all that its next request must bring back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from trunkline.ir.answer import Choice
from trunkline.ir.envelope import seal
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Message, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.assistant import ALSO
from trunkline.wire.openai_chat.assistant_write import Grouped, grouped, lifted
from trunkline.wire.openai_chat.calls import SIGNED, is_legacy, put_signature, write_call, write_legacy_call
from trunkline.wire.openai_chat.citations import write_annotation
from trunkline.wire.openai_chat.content import ContentPart, write_parts
from trunkline.wire.openai_chat.media import write_made_image, write_spoken
from trunkline.wire.openai_chat.reasoning import (
    BLOCKS,
    CLAUDE,
    DETAILS,
    FIELDS,
    PLAIN,
    block_of,
    is_block,
    order_entry,
    own_detail,
    sealed_detail,
    sealed_state,
    unsigned_as_written,
    with_origin,
    words_of,
)
from trunkline.wire.openai_chat.spelling import OWN, Json, is_own, marks_of, restore


def blob(opaque: Opaque, reply: Reply) -> str:
    """Opaque state of this format's own kinds: in an envelope where its origin is known, else as it came."""
    opaque = with_origin(opaque, reply)
    return seal(opaque) if opaque.provider else opaque.data


def step_of(part: Part) -> str:
    """The part in the entry that says the order; empty for what a message of this format does not hold."""
    match part:
        case Reasoning():
            return "r"
        case Text():
            return f"{'x' if part.refusal else 't'}{len(part.text)}"
        case ToolCall():
            return "c"
        case Media():
            return "m" if part.kind in (MediaKind.AUDIO, MediaKind.IMAGE) else ""
        case Foreign() | ToolResult():
            return ""
        case _:
            assert_never(part)


def fits(part: Part, losses: Losses, path: str) -> bool:
    """The format can express it; what it cannot is reported, since an answer cannot be refused any more."""
    match part:
        case Text() | Reasoning():
            return bool(part.text) or part.opaque is not None or is_own(part.native)
        case ToolCall():
            return True
        case Media():
            if step_of(part) or is_own(part.native):
                return True
            losses.add(f"{path}.content", why.MEDIA_ANSWER)
            return False
        case Foreign():
            if part.format is OWN:
                return True
            losses.add(f"{path}.content", why.FOREIGN)
            return False
        case ToolResult():
            return False
        case _:
            assert_never(part)


def needs_order(parts: Sequence[Part], *, usual: bool) -> bool:
    """The usual order would not be read back: something stands elsewhere, or one of the texts has state of its own."""
    texts = [part for part in parts if isinstance(part, Text) and not part.refusal]
    return not usual or len(texts) > 1 or any(text.opaque is not None for text in texts)


def write_message(choice: Choice, reply: Reply, losses: Losses, path: str) -> tuple[Json, Opaque | None]:
    """The message of one choice, and a signature to be put into it when it is complete (`sign`)."""
    native = choice.native
    own = is_own(native)
    kept = [part for part in choice.parts if fits(part, losses, path)]
    parts, _, signature = lifted(Message(role="assistant", parts=kept, native=native))
    groups = grouped(parts)
    members: Json = {"role": "assistant"}
    details: list[Json] = []
    _write_content(groups, members, losses, path)
    if own and native is not None and "message.annotations" in native.members:
        members.pop("annotations", None)  # it holds others besides, in their order
    write_reasoning(groups.reasoning, members, reply, losses, path)
    _write_media(groups, members)
    _write_calls(groups, members, details, reply, losses, path)
    words = words_of(part for _, part in groups.reasoning)
    for mark in marks_of(native):
        if mark.startswith(ALSO) and words:
            members[mark[len(ALSO) :]] = words
    if not own:
        details += [
            sealed_state(part.opaque, place, "", reply)
            for place, part in enumerate(parts)
            if isinstance(part, Text) and part.opaque is not None
        ]
        if needs_order(parts, usual=groups.usual):
            details.append(order_entry([step_of(part) for part in parts]))
    if details:
        before = members.get("reasoning_details")
        members["reasoning_details"] = [*before, *details] if isinstance(before, list) else details
    return members, signature


def sign(message: Json, signature: Opaque, choice: Choice, reply: Reply) -> None:
    """Put the message's one signature where it stood."""
    put_signature(message, blob(signature, reply), marks_of(choice.native))


def _write_content(groups: Grouped, members: Json, losses: Losses, path: str) -> None:
    content = [part for _, part in groups.content]
    if any(_is_listed(part) for part in content):
        members["content"] = write_parts(content, losses, f"{path}.content", "openai")
    elif content:
        texts = [part for part in content if isinstance(part, Text)]
        for text in texts:
            restore({}, text.native, losses, f"{path}.content")
        members["content"] = "".join(text.text for text in texts)
    if groups.refusals:
        members["refusal"] = "".join(text.text for text in groups.refusals)
    annotations: list[Json] = []
    before = 0
    for part in content:
        if isinstance(part, Text):
            for citation in part.citations:
                entry = write_annotation(citation, before, len(part.text), losses, f"{path}.content.citations")
                if entry is not None:
                    annotations.append(entry)
            before += len(part.text)
    if annotations:
        members["annotations"] = annotations


def _is_listed(part: ContentPart) -> bool:
    return not isinstance(part, Text) or is_own(part.native)


def write_reasoning(
    parts: Sequence[tuple[int, Reasoning]], members: Json, reply: Reply, losses: Losses, path: str
) -> None:
    """Reasoning, each with its place among the parts: in the member that it came from, else in all that clients know.

    For those, the words are in `reasoning_content`, and entries of `reasoning_details` have them with their state.
    """
    details: list[Json] = []
    blocks: list[Json] = []
    words: list[str] = []
    for place, part in parts:
        opaque = part.opaque
        kind = opaque.kind if opaque is not None else ""
        if kind == DETAILS:
            entry = own_detail(part, reply)
            if entry is not None:
                details.append(entry)
        elif kind == PLAIN and opaque is not None and opaque.data in FIELDS:
            before = members.get(opaque.data)
            members[opaque.data] = f"{before}{part.text}" if before else part.text
        elif is_block(part):
            if opaque is not None or unsigned_as_written(part):
                blocks.append(block_of(part, blob(opaque, reply) if opaque is not None else ""))
                restore(blocks[-1], part.native, losses, path)
        else:
            restore({}, part.native, losses, f"{path}.content[{place}]")
            details.append(sealed_detail(part, place, reply))
            words.append(part.text)
            if opaque is not None and kind in CLAUDE:
                blocks.append(block_of(part, seal(with_origin(opaque, reply))))
    if any(words):
        members["reasoning_content"] = "".join(words)
    if details:
        members["reasoning_details"] = details
    if blocks:
        members[BLOCKS] = blocks


def _write_media(groups: Grouped, members: Json) -> None:
    images: list[Json] = []
    for _, media in groups.media:
        if media.kind is MediaKind.AUDIO:
            members["audio"] = write_spoken(media)
        else:
            images.append(write_made_image(media, len(images)))
    if images:
        members["images"] = images


def _write_calls(groups: Grouped, members: Json, details: list[Json], reply: Reply, losses: Losses, path: str) -> None:
    listed: list[Json] = []
    for place, call in groups.calls:
        if is_legacy(call):
            members["function_call"] = write_legacy_call(call)
            continue
        entry = write_call(call, losses, f"{path}.content[{place}]")
        if call.opaque is not None:
            marks = marks_of(call.native)
            if any(mark.startswith(SIGNED) for mark in marks):
                put_signature(entry, blob(call.opaque, reply), marks)
            else:
                details.append(sealed_state(call.opaque, place, call.id, reply))
        listed.append(entry)
    if listed:
        members["tool_calls"] = listed
