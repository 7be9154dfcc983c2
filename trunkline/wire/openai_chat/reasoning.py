"""Where hosts of OpenAI's chat format put reasoning and its opaque state, since the format itself has no place.

`reasoning_content` (DeepSeek, Moonshot, Z.AI, xAI, Alibaba, llama.cpp) and `reasoning` (Groq, Cerebras, Ollama, vLLM)
are words alone. `reasoning_details` (OpenRouter, Vercel) are entries `reasoning.text`, `.summary` and `.encrypted` with
`signature` or `data`. `thinking_blocks` (LiteLLM) are Anthropic's blocks. Mistral has `thinking` parts in the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from trunkline.ir.envelope import is_envelope, open_envelope, seal
from trunkline.ir.parts import Opaque, Reasoning
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat.spelling import Json, Spelt, is_marked, spelt

DETAILS: Final = "openrouter.details"
"""Kind of an entry of `reasoning_details`: its JSON without the words."""
PLAIN: Final = "openai_chat.reasoning"
"""Kind of words alone: the name of the member that they stood in, which is where their host wants them back."""
GEMINI: Final = "gemini.signature"
ANTHROPIC: Final = "anthropic.signature"
REDACTED: Final = "anthropic.redacted"
CLAUDE: Final = frozenset({ANTHROPIC, REDACTED, "bedrock.signature", "bedrock.redacted"})
"""Kinds that LiteLLM's `thinking_blocks` carry to a client."""
_HIDDEN: Final = frozenset({REDACTED, "bedrock.redacted"})

FORMATS: Final[Mapping[str, str]] = {
    **dict.fromkeys(CLAUDE, "anthropic-claude-v1"),
    "openai.encrypted": "openai-responses-v1",
    GEMINI: "google-gemini-v1",
}
"""OpenRouter's name for whose state an entry holds."""

FIELDS: Final = ("reasoning_content", "reasoning")
"""Members that hold words, in the order of preference."""
CONTENT: Final = "content"
"""The words stood in a `thinking` part of the content (Mistral)."""
BLOCKS: Final = "thinking_blocks"
TYPED: Final = "thinking"
"""Mark of one of Anthropic's blocks inside the content."""
CARRIERS: Final = frozenset({*FIELDS, BLOCKS, "reasoning_details"})

OF: Final = "of"
"""Our own member of an entry that carries the state of something else than reasoning, or none at all."""
_STATELESS: Final = "nobody"
ORDER_PREFIX: Final = "tlk1o."
"""Begins the `data` of the entry that says the order of a message's parts; no provider's blob has a dot."""

_encode_sorted: Final = msgspec.json.Encoder(order="sorted").encode
"""The same entry gives the same text, whether it came whole or in pieces."""
_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


class Carried(msgspec.Struct):
    """What the reasoning members of one assistant's message hold."""

    parts: list[Reasoning] = msgspec.field(default_factory=list)
    calls: dict[str, Opaque] = msgspec.field(default_factory=dict)
    """Opaque state of tool calls, by id."""
    texts: dict[int, Opaque] = msgspec.field(default_factory=dict)
    """Opaque state of texts, by place in `order`."""
    order: list[str] = msgspec.field(default_factory=list)
    """Steps: `r`easoning, `t`ext, `x` refusal (both with lengths), `m`edia, `c`all, `n`othing. Empty: nobody said."""
    known: set[str] = msgspec.field(default_factory=set)
    """Members that were read."""
    quiet: Json = msgspec.field(default_factory=dict)
    also: list[str] = msgspec.field(default_factory=list)
    """Members that only repeat the words."""


def opened(value: object, kind: str) -> Opaque | None:
    """Opaque state from a place that holds a blob of `kind` or an envelope; `None` where neither can be read."""
    if not isinstance(value, str) or not value:
        return None
    return open_envelope(value) if is_envelope(value) else Opaque(kind, value)


def read_carriers(members: Json, call_ids: Sequence[str]) -> Carried:
    """Read the reasoning of an assistant's message: `reasoning_details`, else `thinking_blocks`, else the words."""
    carried = Carried()
    details, blocks = members.get("reasoning_details"), members.get(BLOCKS)
    if isinstance(details, list) and all(isinstance(entry, dict) for entry in details):
        carried.known.add("reasoning_details")
        _read_details(details, carried, call_ids)
        if not details:
            carried.quiet["reasoning_details"] = details
    if isinstance(blocks, list) and (read := _read_blocks(blocks)) is not None:
        carried.known.add(BLOCKS)
        if not carried.parts:
            carried.parts = read
        elif not any(part.opaque is not None and part.opaque.provider for part in read):
            carried.quiet[BLOCKS] = blocks
    _read_words(members, carried)
    return carried


def _read_words(members: Json, carried: Carried) -> None:
    words = "".join(part.text for part in carried.parts)
    for name in FIELDS:
        value = members.get(name)
        if not isinstance(value, str):
            continue
        carried.known.add(name)
        if not value:
            carried.quiet[name] = value
        elif not words:
            words = value
            carried.parts.insert(0, Reasoning(text=value, opaque=Opaque(PLAIN, name)))
        elif value == words:
            carried.also.append(name)
        else:
            carried.quiet[name] = value


def _read_details(details: list[Json], carried: Carried, call_ids: Sequence[str]) -> None:
    entries: list[Json] = []
    for entry in details:
        data = entry.get("data")
        if isinstance(data, str) and data.startswith(ORDER_PREFIX):
            carried.order = data[len(ORDER_PREFIX) :].split(".")
        elif entries and continues(entries[-1], entry):
            entries[-1] = joined(entries[-1], entry)
        else:
            entries.append(entry)
    for entry in entries:
        part = read_detail(entry)
        if part is None:
            continue
        own_id, place = entry.get("id"), entry.get("index")
        if part.text or part.opaque is None or part.opaque.kind == DETAILS:
            carried.parts.append(part)
        elif isinstance(own_id, str) and own_id in call_ids:
            carried.calls[own_id] = part.opaque
        elif entry.get(OF) == "text":
            carried.texts[place if isinstance(place, int) else 0] = part.opaque
        else:
            carried.parts.append(part)


def continues(earlier: Json, entry: Json) -> bool:
    """The entry is a further piece of `earlier`: streams cut entries, and clients keep the pieces."""
    kind = entry.get("type")
    return (
        kind == earlier.get("type")
        and kind in ("reasoning.text", "reasoning.summary")
        and entry.get("index") == earlier.get("index")
        and not earlier.get("signature")
        and not (entry.get("id") and earlier.get("id") and entry["id"] != earlier["id"])
    )


def joined(earlier: Json, entry: Json) -> Json:
    """Two pieces of one entry, as one."""
    whole = dict(earlier)
    for name, value in entry.items():
        before = whole.get(name)
        if name in ("text", "summary") and isinstance(before, str) and isinstance(value, str):
            whole[name] = before + value
        elif value is not None or before is None:
            whole[name] = value
    return whole


def read_detail(entry: Json) -> Reasoning | None:
    """One entry of `reasoning_details`; `None` where a damaged envelope was all that it held."""
    text, summary = entry.get("text"), entry.get("summary")
    is_summary = not isinstance(text, str) and isinstance(summary, str)
    words = text if isinstance(text, str) else summary if isinstance(summary, str) else ""
    stated = "summary" if is_summary else "text"
    opaque = state_of({name: value for name, value in entry.items() if name != stated or not value})
    return Reasoning(text=words, summary=is_summary, opaque=opaque) if words or opaque is not None else None


def state_of(entry: Json) -> Opaque | None:
    """The opaque state in an entry without its words: what an envelope holds, else the entry itself.

    `None` where the envelope is damaged, or the entry is ours and had no state.
    """
    if entry.get(OF) == _STATELESS:
        return None
    for name in ("signature", "data"):
        value = entry.get(name)
        if isinstance(value, str) and is_envelope(value):
            return open_envelope(value)
    own_id = entry.get("id")
    return Opaque(DETAILS, _encode_sorted(entry).decode(), id=own_id if isinstance(own_id, str) else "")


def detail_of(part: Reasoning) -> Json | None:
    """The entry that a part was read from; `None` where its state is not that of an entry (somebody forged it)."""
    assert part.opaque is not None
    try:
        entry = _decode(part.opaque.data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if part.text:
        entry["summary" if part.summary else "text"] = part.text
    return entry


def _read_blocks(blocks: list[object]) -> list[Reasoning] | None:
    parts: list[Reasoning] = []
    for block in blocks:
        if not isinstance(block, dict) or (part := read_block(block)) is None:
            return None
        parts.append(part)
    return [part for part in parts if part.text or part.opaque is not None]


_THINKING: Final = frozenset({"type", "thinking", "signature"})
_REDACTED: Final = frozenset({"type", "data"})


def read_block(block: Json) -> Reasoning | None:
    """One of Anthropic's blocks, as LiteLLM hands them through; `None` where it is none."""
    kind = block.get("type")
    quiet: Json = {"index": block["index"]} if "index" in block else {}  # ours, from a stream
    if kind == "redacted_thinking" and isinstance(block.get("data"), str):
        native = spelt(block, _REDACTED, quiet, (BLOCKS,))
        return Reasoning(opaque=opened(block["data"], REDACTED), native=native)
    if kind == "thinking" and isinstance(words := block.get("thinking"), str):
        native = spelt(block, _THINKING, quiet, (BLOCKS,))
        return Reasoning(text=words, opaque=opened(block.get("signature"), ANTHROPIC), native=native)
    return None


def block_of(part: Reasoning, blob: str) -> Json:
    """One of Anthropic's blocks; `blob` is its state as it is to be written, empty where it has none."""
    if is_hidden(part):
        return {"type": "redacted_thinking", "data": blob}
    return {"type": "thinking", "thinking": part.text, **({"signature": blob} if blob else {})}


def is_hidden(part: Reasoning) -> bool:
    """The provider hides the words for ever: Anthropic's `redacted_thinking`."""
    return part.opaque is not None and part.opaque.kind in _HIDDEN


def is_block(part: Reasoning) -> bool:
    """The part was one of Anthropic's blocks in a body of this format."""
    return is_marked(part.native, BLOCKS)


def unsigned_as_written(part: Reasoning) -> bool:
    """The peer itself wrote the block without a signature: nothing of ours was dropped."""
    return isinstance(part.native, Spelt) and "signature" in part.native.quiet


def with_origin(opaque: Opaque, reply: Reply) -> Opaque:
    """Opaque state with the provider and deployment that made it."""
    if opaque.provider or not reply.provider:
        return opaque
    return replace(opaque, provider=reply.provider, deployment=reply.deployment)


def sealed_detail(part: Reasoning, place: int, reply: Reply) -> Json:
    """The entry of `reasoning_details` that carries another format's reasoning to a client; its words in one piece.

    One entry per part and index: the SDKs of OpenAI join the entries of a stream that have the same index.
    """
    opaque = part.opaque
    name = "summary" if part.summary else "text"
    entry: Json = {"type": f"reasoning.{name}", name: part.text} if part.text else {"type": "reasoning.encrypted"}
    if opaque is not None:
        entry["signature" if part.text else "data"] = seal(with_origin(opaque, reply))
    else:
        entry[OF] = _STATELESS
    entry["format"] = FORMATS.get(opaque.kind, "unknown") if opaque is not None else "unknown"
    entry["index"] = place
    return entry


def sealed_state(opaque: Opaque, place: int, call_id: str, reply: Reply) -> Json:
    """The entry that carries the state of a tool call (by its id) or of a text (by its place)."""
    entry: Json = {"type": "reasoning.encrypted", "data": seal(with_origin(opaque, reply))}
    if call_id:
        entry["id"] = call_id
    else:
        entry[OF] = "text"
    return {**entry, "format": FORMATS.get(opaque.kind, "unknown"), "index": place}


def own_detail(part: Reasoning, reply: Reply) -> Json | None:
    """The entry of `reasoning_details` for a part that came from one: as it was where nobody knows its origin."""
    entry = detail_of(part)
    assert part.opaque is not None
    opaque = with_origin(part.opaque, reply)
    if entry is None or not opaque.provider:
        return entry
    blob = "data" if entry.get("type") == "reasoning.encrypted" else "signature"
    return {**entry, blob: seal(opaque)}


def order_entry(steps: Sequence[str]) -> Json:
    """The entry that says in which order the parts stood."""
    data = ORDER_PREFIX + ".".join(steps)
    return {"type": "reasoning.encrypted", "data": data, "format": "unknown", "index": len(steps)}


def words_of(parts: Iterable[Reasoning]) -> str:
    """All words, in order."""
    return "".join(part.text for part in parts)
