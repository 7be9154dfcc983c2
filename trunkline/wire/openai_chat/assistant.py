"""Reading an assistant's message, in a history as in an answer: this format has its parts, but no order among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import CacheHint, Foreign, Media, Opaque, Part, Text, ToolCall, ToolResult
from trunkline.wire.openai_chat.calls import SIGNATURE_MEMBERS, read_call, read_legacy_call, take_signature
from trunkline.wire.openai_chat.citations import read_annotations
from trunkline.wire.openai_chat.content import read_parts
from trunkline.wire.openai_chat.media import read_made_image, read_spoken
from trunkline.wire.openai_chat.reasoning import Carried, read_carriers
from trunkline.wire.openai_chat.spelling import Json, Spelt, as_list, as_object, as_text, read_cache, spelt

ALSO: Final = "also:"
"""Mark, with the name of a member behind it that repeats the words of the reasoning."""
CACHE_HERE: Final = "cache at the message"
"""Mark: the hint stood beside the content (LiteLLM's way for content that is a string)."""
IMAGES: Final = "images"

_KNOWN: Final = frozenset({"role", "content", "tool_calls", "function_call", *SIGNATURE_MEMBERS})


class Spoken(msgspec.Struct):
    """An assistant's message as it was read."""

    parts: list[Part]
    native: Spelt
    name: str = ""


class _Read(msgspec.Struct):
    """The members of a message, each for itself."""

    content: str = ""
    listed: list[Part] | None = None
    """The parts of a content that is a list."""
    refusal: str = ""
    media: list[Media] = msgspec.field(default_factory=list)
    calls: list[ToolCall] = msgspec.field(default_factory=list)
    known: set[str] = msgspec.field(default_factory=set)
    quiet: Json = msgspec.field(default_factory=dict)
    marks: list[str] = msgspec.field(default_factory=list)


def read_assistant(members: Json, path: str, made_id: str, *, history: bool) -> Spoken:
    """An assistant's message.

    `made_id` begins the ids of calls that have none. `history`: it comes from a client, as part of a request.

    Raises:
        BadShape: it does not have the format's shape.
    """
    read = _Read(known=set(_KNOWN))
    _read_content(members, path, read)
    _read_calls(members, path, made_id, read)
    _read_media(members, read, history=history)
    carried = read_carriers(members, [call.id for call in read.calls])
    read.known |= carried.known
    read.quiet.update(carried.quiet)
    read.marks += [ALSO + name for name in carried.also]
    for call in read.calls:
        if call.opaque is None:
            call.opaque = carried.calls.get(call.id)
    parts = (None if read.listed is not None else _arranged(read, carried)) or _unarranged(read, carried)
    signature, left, marks = take_signature(members)
    if signature is None or _sign(parts, signature):
        read.quiet.update(left)
        read.marks += marks
    else:  # nothing that it could belong to
        read.quiet.update({name: members[name] for name in SIGNATURE_MEMBERS & members.keys()})
    cache, marks_of_cache = read_cache(members)
    if cache is not None and _hint(parts, cache):
        read.known.update(marks_of_cache)
        read.marks += [*marks_of_cache, CACHE_HERE]
    annotations = members.get("annotations")
    if annotations == []:
        read.quiet["annotations"] = []
    elif annotations is not None and read_annotations(annotations, parts):
        read.known.add("annotations")
    name = members.get("name") if history else None
    if history:
        read.known.add("name")
    if name == "":
        read.quiet["name"] = name
    said = "" if name is None else as_text(name, f"{path}.name")
    return Spoken(parts, spelt(members, read.known, read.quiet, read.marks), said)


def _read_content(members: Json, path: str, read: _Read) -> None:
    content, refusal = members.get("content"), members.get("refusal")
    if isinstance(content, str):
        read.content = content
        if not content:
            read.quiet["content"] = content
    elif isinstance(content, list):
        read.listed = [*read_parts(content, f"{path}.content")]
        if not content:
            read.quiet["content"] = content
    elif content is not None:
        raise BadShape(f"{path}.content", "must be a string, an array of parts or null")
    if isinstance(refusal, str):
        read.known.add("refusal")
        read.refusal = refusal
        if not refusal:
            read.quiet["refusal"] = refusal


def _read_calls(members: Json, path: str, made_id: str, read: _Read) -> None:
    listed, legacy = members.get("tool_calls"), members.get("function_call")
    if listed is not None:
        for place, entry in enumerate(as_list(listed, f"{path}.tool_calls")):
            read.calls.append(read_call(entry, f"{path}.tool_calls[{place}]", f"{made_id}_{place}"))
        if not read.calls:
            read.quiet["tool_calls"] = listed
    if legacy is not None:
        call = read_legacy_call(as_object(legacy, f"{path}.function_call"), made_id)
        if call is None:
            read.quiet["function_call"] = legacy
        else:
            read.calls.append(call)


def _read_media(members: Json, read: _Read, *, history: bool) -> None:
    audio, images = members.get("audio"), members.get("images")
    if isinstance(audio, dict):
        sound = read_spoken(audio, id_only=history)
        if sound is not None:
            read.known.add("audio")
            read.media.append(sound)
        elif not any(audio.values()):
            read.quiet["audio"] = audio
    if isinstance(images, list):
        made = [read_made_image(entry) for entry in images]
        if all(made):
            read.known.add("images")
            read.media += [image for image in made if image is not None]
        if not images:
            read.quiet["images"] = images


def _unarranged(read: _Read, carried: Carried) -> list[Part]:
    """The usual order: a model thinks, speaks, and calls tools."""
    parts: list[Part] = [*carried.parts]
    if read.listed is not None:
        parts += read.listed
    elif read.content:
        parts.append(Text(text=read.content))
    if read.refusal:
        parts.append(Text(text=read.refusal, refusal=True))
    parts += [*read.media, *read.calls]
    for opaque in carried.texts.values():
        _sign(parts, opaque)
    return parts


def _arranged(read: _Read, carried: Carried) -> list[Part] | None:
    """The order that our own entry says; `None` where the client changed the message, so that it no longer fits."""
    reasoning, media, calls = iter(carried.parts), iter(read.media), iter(read.calls)
    parts: list[Part] = []
    spoken = refused = 0
    try:
        for place, step in enumerate(carried.order):
            match step[:1]:
                case "r":
                    parts.append(next(reasoning))
                case "c":
                    parts.append(next(calls))
                case "m":
                    parts.append(next(media))
                case "t":
                    start, spoken = spoken, spoken + _length(step)
                    text = Text(text=read.content[start:spoken], opaque=carried.texts.get(place))
                    if text.text or text.opaque is not None:
                        parts.append(text)
                case "x":
                    start, refused = refused, refused + _length(step)
                    parts.append(Text(text=read.refusal[start:refused], refusal=True))
                case "n":
                    pass
                case _:
                    return None
    except (StopIteration, ValueError):
        return None
    rest = next(reasoning, None) or next(calls, None) or next(media, None)
    fits = rest is None and spoken == len(read.content) and refused == len(read.refusal)
    return parts if parts and fits else None


def _length(step: str) -> int:
    """Raises `ValueError` where there is none."""
    length = int(step[1:])
    if length < 0:
        raise ValueError(step)
    return length


def _sign(parts: Sequence[Part], opaque: Opaque) -> bool:
    """Hang a message's one signature on its text, or its first call: Google's face has no finer place.

    Tells whether there was one.
    """
    text = next((part for part in parts if isinstance(part, Text) and not part.refusal), None)
    call = next((part for part in parts if isinstance(part, ToolCall)), None)
    for part in (text, call):
        if part is not None and part.opaque is None:
            part.opaque = opaque
            return True
    return False


def _hint(parts: Sequence[Part], cache: CacheHint) -> bool:
    """Hang a message's cache hint on its last part; tells whether that can hold one."""
    last = parts[-1] if parts else None
    if not isinstance(last, Text | Media | ToolCall | Foreign | ToolResult) or last.cache is not None:
        return False
    last.cache = cache
    return True
