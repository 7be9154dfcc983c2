"""What the data plane's operations are called in the documentation, with a body to try.

OpenAI's three oldest operations have their members described in `openapi_data_plane`; the others are their makers'
formats, passed on or translated whole, so the maker's documentation is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from trunkline.pipeline.surface import Surface
from trunkline.surfaces import operations as o
from trunkline.surfaces import stored

Node = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as the documentation shows it."""

    title: str
    summary: str
    example: Node
    request: str | None = None
    """Name of a schema; `None`: as the format's maker documents it."""
    response: str | None = None
    chunk: str | None = None
    produces: str = "application/json"
    form: Node = field(default_factory=dict[str, object])
    """Members of a multipart form, for those that take one."""


_USER: Final = {"role": "user", "content": "Say hello."}
_CONTENTS: Final = [{"role": "user", "parts": [{"text": "Say hello."}]}]
_FILE: Final = {"type": "string", "format": "binary"}

OPERATIONS: Final[dict[Surface, Operation]] = {
    o.CHAT: Operation(
        title="Chat", summary="Answer a conversation.", request="ChatRequest", response="ChatResponse",
        chunk="ChatChunk", example={"model": "MODEL", "messages": [_USER]},
    ),
    o.COMPLETIONS: Operation(
        title="Text completion", summary="Continue a text.", request="CompletionRequest",
        response="CompletionResponse", chunk="ChatChunk",
        example={"model": "MODEL", "prompt": "Once upon a time", "max_tokens": 20},
    ),
    o.EMBEDDINGS: Operation(
        title="Embeddings", summary="Turn texts into vectors.", request="EmbeddingRequest",
        response="EmbeddingResponse", example={"model": "MODEL", "input": "hello"},
    ),
    o.RESPONSES: Operation(
        title="Responses", summary="Answer in OpenAI's Responses format, whatever the model's own format is.",
        example={"model": "MODEL", "input": "Say hello."},
    ),
    o.INPUT_TOKENS: Operation(
        title="Responses", summary="Count the tokens of a Responses request; an estimate where the provider has none.",
        example={"model": "MODEL", "input": "Say hello."},
    ),
    o.COMPACT: Operation(
        title="Responses", summary="Compact a conversation, where the provider can.",
        example={"model": "MODEL", "input": [_USER]},
    ),
    o.MODERATIONS: Operation(
        title="Moderations", summary="Say whether a text is harmful.", example={"model": "MODEL", "input": "hello"}
    ),
    o.IMAGES: Operation(
        title="Images", summary="Make images.", example={"model": "MODEL", "prompt": "A red bicycle"}
    ),
    o.IMAGE_EDITS: Operation(
        title="Images", summary="Change images.", example={"model": "MODEL", "prompt": "Make it blue"},
        form={"model": {"type": "string"}, "prompt": {"type": "string"}, "image": _FILE},
    ),
    o.SPEECH: Operation(
        title="Audio", summary="Read a text aloud.", produces="audio/mpeg",
        example={"model": "MODEL", "voice": "alloy", "input": "hello"},
    ),
    o.TRANSCRIPTIONS: Operation(
        title="Audio", summary="Write down what is said.", example={"model": "MODEL"},
        form={"model": {"type": "string"}, "file": _FILE, "response_format": {"type": "string"}},
    ),
    o.TRANSLATIONS: Operation(
        title="Audio", summary="Write down in English what is said.", example={"model": "MODEL"},
        form={"model": {"type": "string"}, "file": _FILE, "response_format": {"type": "string"}},
    ),
    o.RERANK: Operation(
        title="Rerank", summary="Order documents by what they say about a question.",
        example={"model": "MODEL", "query": "hello", "documents": ["hi", "bye"]},
    ),
    o.COHERE_RERANK: Operation(
        title="Rerank", summary="The same, for Cohere's clients.",
        example={"model": "MODEL", "query": "hello", "documents": ["hi", "bye"]},
    ),
    o.MESSAGES: Operation(
        title="Messages", summary="Answer in Anthropic's Messages format, whatever the model's own format is.",
        example={"model": "MODEL", "max_tokens": 100, "messages": [_USER]},
    ),
    o.COUNT_TOKENS: Operation(
        title="Messages", summary="Count the tokens of a Messages request; an estimate where the provider has none.",
        example={"model": "MODEL", "messages": [_USER]},
    ),
    o.GENERATE: Operation(
        title="Generate content", summary="Answer in Gemini's format, whatever the model's own format is.",
        example={"contents": _CONTENTS},
    ),
    o.GENERATE_ARRAY: Operation(
        title="Generate content", summary="The same as a stream: server-sent events with `?alt=sse`, else one array.",
        example={"contents": _CONTENTS},
    ),
    o.GENERATE_COUNT: Operation(
        title="Generate content", summary="Count the tokens of a request; an estimate where the provider has none.",
        example={"contents": _CONTENTS},
    ),
    o.EMBED_CONTENT: Operation(
        title="Generate content", summary="Turn a text into a vector, in Gemini's format.",
        example={"content": {"parts": [{"text": "hello"}]}},
    ),
    o.BATCH_EMBED: Operation(
        title="Generate content", summary="Turn texts into vectors, in Gemini's format.",
        example={"requests": [{"model": "models/MODEL", "content": {"parts": [{"text": "hello"}]}}]},
    ),
    o.COHERE_CHAT: Operation(
        title="Cohere", summary="Answer in Cohere's chat format, whatever the model's own format is.",
        example={"model": "MODEL", "messages": [_USER]},
    ),
    o.COHERE_EMBED: Operation(
        title="Cohere", summary="Turn texts into vectors, in Cohere's format.",
        example={"model": "MODEL", "texts": ["hello"], "input_type": "search_document", "embedding_types": ["float"]},
    ),
}  # fmt: skip

STORED: Final = {
    stored.Operation.FETCH: (
        "Fetch a stored response.",
        "As it was given, whichever model made it; from its provider while it is at work in the background.",
    ),
    stored.Operation.DELETE: (
        "Delete a stored response.",
        "Here, and at the provider where that stores it too. No other model can go on with what came after it.",
    ),
    stored.Operation.CANCEL: (
        "Cancel a response that is at work in the background.",
        "At its provider. Others are 400: they were answered at once.",
    ),
    stored.Operation.ITEMS: (
        "List the input items of a stored response.",
        "Its own input; what went before belongs to the earlier responses.",
    ),
}
"""Summary and description."""
PAGE: Final = {
    "after": "The id of the last item of the page before.",
    "limit": "Items of a page, 1 to 100; 20 where it is not given.",
    "order": "`desc` (default) or `asc`.",
}
"""Query parameters of a list."""
