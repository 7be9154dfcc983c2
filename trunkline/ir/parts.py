"""What a message is made of: ordered, typed parts.

Every part may carry a cache hint, opaque state of the provider that made it, and `native`: the members of the format
it came in that have no place here. A codec puts `native` of its own format back as it was and reports that of others.
Nothing here is frozen, for speed, and nothing may change a part that it did not make: `msgspec.structs.replace`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from trunkline.ir.format import Format


class Opaque(msgspec.Struct, frozen=True, gc=False):
    """State that only the provider which made it can read, to be sent back as it came."""

    kind: str
    """What it is: `anthropic.signature`, `anthropic.redacted`, `openai.encrypted`, `gemini.signature`,
    `bedrock.signature`, `bedrock.redacted`, `cohere.plan`, ... : the codec's own word, `<family>.<field>`."""
    data: str
    """The blob, as text; never empty (an empty signature wedges a conversation: fidelity.md failure 6)."""
    provider: str = ""
    """Provider that made it; empty where it came from a client without an envelope, so nobody can tell."""
    deployment: str = ""
    """Deployment (or account) that made it, under the same condition."""
    id: str = ""
    """The id that travels with it (a Responses reasoning item's; fidelity.md failure 14)."""


class CacheHint(msgspec.Struct, frozen=True, gc=False):
    """Everything up to and including this part is worth caching."""

    ttl: str = ""
    """`5m`, `1h`; empty: the provider's default."""


class Native(msgspec.Struct, gc=False):
    """Members of one format that have no place in the representation."""

    format: Format
    members: dict[str, object]


class Citation(msgspec.Struct, kw_only=True):
    """Where a text, or a stretch of it, comes from."""

    url: str = ""
    title: str = ""
    cited: str = ""
    """The words of the source."""
    start: int | None = None
    """First character of the stretch of the part's text, counted in characters; `None`: the whole part."""
    end: int | None = None
    source: str = ""
    """Id of a document, file or tool call, where the source is no URL."""
    native: Native | None = None
    """The annotation as the format wrote it: same format, same annotation."""


class Text(msgspec.Struct, kw_only=True):
    """Words. In an answer they may be a refusal."""

    text: str
    refusal: bool = False
    citations: list[Citation] = msgspec.field(default_factory=list)
    cache: CacheHint | None = None
    opaque: Opaque | None = None
    native: Native | None = None


class Reasoning(msgspec.Struct, kw_only=True):
    """The model's thinking, as far as it shows it.

    `text` is empty and `opaque` set where the provider hides it (redacted, encrypted).
    """

    text: str = ""
    summary: bool = False
    """The text is a summary and not the thinking itself."""
    opaque: Opaque | None = None
    native: Native | None = None


class ToolCall(msgspec.Struct, kw_only=True):
    """The model asks for a tool of the client to be run."""

    id: str
    """Pairs the call with its result; a decoder whose format has none makes one that is unique within the
    conversation and that the result's decoder makes too."""
    name: str
    arguments: str
    """JSON text of an object, verbatim as far as the format has it as text; `""` counts as `{}`. For a `custom` tool:
    any text."""
    custom: bool = False
    """A free-text tool (OpenAI `custom`)."""
    cache: CacheHint | None = None
    opaque: Opaque | None = None
    native: Native | None = None


class MediaKind(StrEnum):
    """What a medium is to the model."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class Media(msgspec.Struct, kw_only=True):
    """An image, sound, film or document: inline, by URL, or by a file id that one provider knows. Just one is set."""

    kind: MediaKind
    mime: str = ""
    """`image/png`; empty where only the provider could tell (a URL)."""
    data: str = ""
    """Base64 (standard alphabet, padded)."""
    url: str = ""
    """`https://...`, `gs://...`, `s3://...`; a `data:` URL is decoded into `mime` and `data`."""
    file_id: str = ""
    name: str = ""
    """File name or title."""
    detail: str = ""
    """`low`, `high`, `auto`: how closely to look."""
    cache: CacheHint | None = None
    opaque: Opaque | None = None
    native: Native | None = None


class Foreign(msgspec.Struct, kw_only=True):
    """Something that only one format has (server tools and their results, code execution, ...), whole."""

    format: Format
    kind: str
    """The format's own word for it, for messages to people."""
    data: object
    """The JSON value as it came."""
    cache: CacheHint | None = None


class ToolResult(msgspec.Struct, kw_only=True):
    """What a tool of the client gave back. No content is content too (fidelity.md failure 8)."""

    call_id: str
    content: list[Text | Media | Foreign] = msgspec.field(default_factory=list)
    name: str = ""
    """Name of the tool, where the format says it; Gemini needs it, so its encoder looks it up by `call_id`."""
    is_error: bool = False
    custom: bool = False
    cache: CacheHint | None = None
    opaque: Opaque | None = None
    native: Native | None = None


Part = Text | Reasoning | ToolCall | ToolResult | Media | Foreign
Role = Literal["system", "developer", "user", "assistant"]


class Message(msgspec.Struct, kw_only=True):
    """One message. Tool results stand in a `user` message, each in its place among the other parts."""

    role: Role
    parts: list[Part]
    name: str = ""
    native: Native | None = None
