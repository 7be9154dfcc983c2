"""The operations that clients know, each with the spellings of its path.

`{model}` in a spelling is the model's name, percent-decoded; it may hold encoded slashes, and where it is followed by
a colon (Google's way) plain ones too.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir import Endpoint
from trunkline.ir.format import Format
from trunkline.pipeline.surface import Surface

CHAT: Final = Surface(Endpoint.CHAT, "acompletion", "/v1/chat/completions", streams=True)
COMPLETIONS: Final = Surface(Endpoint.COMPLETIONS, "atext_completion", "/v1/completions", streams=True)
EMBEDDINGS: Final = Surface(Endpoint.EMBEDDINGS, "aembedding", "/v1/embeddings", streams=False)
RESPONSES: Final = Surface(
    Endpoint.RESPONSES, "aresponses", "/v1/responses", streams=True, errors=Format.OPENAI_RESPONSES
)
INPUT_TOKENS: Final = Surface(
    Endpoint.INPUT_TOKENS, "acount_tokens", "/v1/responses/input_tokens", streams=False, errors=Format.OPENAI_RESPONSES
)
COMPACT: Final = Surface(
    Endpoint.COMPACT, "acompact_responses", "/v1/responses/compact", streams=False, errors=Format.OPENAI_RESPONSES
)
MODERATIONS: Final = Surface(Endpoint.MODERATIONS, "amoderation", "/v1/moderations", streams=False)
IMAGES: Final = Surface(Endpoint.IMAGES, "aimage_generation", "/v1/images/generations", streams=True)
IMAGE_EDITS: Final = Surface(Endpoint.IMAGE_EDITS, "aimage_edit", "/v1/images/edits", streams=True, body="multipart")
SPEECH: Final = Surface(Endpoint.SPEECH, "aspeech", "/v1/audio/speech", streams=True)
TRANSCRIPTIONS: Final = Surface(
    Endpoint.TRANSCRIPTIONS, "atranscription", "/v1/audio/transcriptions", streams=True, body="multipart"
)
TRANSLATIONS: Final = Surface(
    Endpoint.TRANSLATIONS, "atranslation", "/v1/audio/translations", streams=False, body="multipart"
)
RERANK: Final = Surface(Endpoint.RERANK, "arerank", "/v1/rerank", streams=False)

MESSAGES: Final = Surface(
    Endpoint.MESSAGES, "anthropic_messages", "/v1/messages", streams=True, errors=Format.ANTHROPIC_MESSAGES
)
COUNT_TOKENS: Final = Surface(
    Endpoint.COUNT_TOKENS, "acount_tokens", "/v1/messages/count_tokens", streams=False,
    errors=Format.ANTHROPIC_MESSAGES,
)  # fmt: skip

_GOOGLE: Final = "/v1beta/models/{model}:"
GENERATE: Final = Surface(
    Endpoint.GENERATE, "agenerate_content", f"{_GOOGLE}generateContent", streams=False, errors=Format.GEMINI
)
GENERATE_STREAM: Final = Surface(
    Endpoint.GENERATE, "agenerate_content_stream", f"{_GOOGLE}streamGenerateContent?alt=sse", streams=True,
    errors=Format.GEMINI, stream=True,
)  # fmt: skip
GENERATE_ARRAY: Final = Surface(
    Endpoint.GENERATE, "agenerate_content_stream", f"{_GOOGLE}streamGenerateContent", streams=True,
    errors=Format.GEMINI, stream=True, array=True,
)  # fmt: skip
GENERATE_COUNT: Final = Surface(
    Endpoint.GEMINI_COUNT, "acount_tokens", f"{_GOOGLE}countTokens", streams=False, errors=Format.GEMINI
)
EMBED_CONTENT: Final = Surface(
    Endpoint.GEMINI_EMBED, "aembedding", f"{_GOOGLE}embedContent", streams=False, errors=Format.GEMINI
)
BATCH_EMBED: Final = Surface(
    Endpoint.GEMINI_BATCH_EMBED, "aembedding", f"{_GOOGLE}batchEmbedContents", streams=False, errors=Format.GEMINI
)
COHERE_CHAT: Final = Surface(Endpoint.COHERE_CHAT, "acompletion", "/v2/chat", streams=True, errors=Format.COHERE_CHAT)
COHERE_EMBED: Final = Surface(
    Endpoint.COHERE_EMBED, "aembedding", "/v2/embed", streams=False, errors=Format.COHERE_CHAT
)
COHERE_RERANK: Final = Surface(Endpoint.RERANK, "arerank", "/v2/rerank", streams=False, errors=Format.COHERE_CHAT)

_TAILS: Final = (
    CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, INPUT_TOKENS, COMPACT, MODERATIONS, IMAGES, IMAGE_EDITS, SPEECH,
    TRANSCRIPTIONS, TRANSLATIONS,
)  # fmt: skip
"""With and without `/v1`, and in the form of Azure's v1 clients."""
_DEPLOYMENTS: Final = (CHAT, COMPLETIONS, EMBEDDINGS, IMAGES, IMAGE_EDITS, SPEECH, TRANSCRIPTIONS, TRANSLATIONS)
"""Azure's classic form: the path names the model."""
_ENGINES: Final = (CHAT, COMPLETIONS, EMBEDDINGS)
_GENERATING: Final = {
    "generateContent": GENERATE, "streamGenerateContent": GENERATE_ARRAY, "countTokens": GENERATE_COUNT,
    "embedContent": EMBED_CONTENT, "batchEmbedContents": BATCH_EMBED,
}  # fmt: skip
_GOOGLE_HEADS: Final = (
    "/v1beta/models", "/v1/models", "/v1alpha/models", "/v1beta1/models", "/models",
    "/v1/projects/{project}/locations/{location}/publishers/{publisher}/models",
    "/v1beta1/projects/{project}/locations/{location}/publishers/{publisher}/models",
    "/v1/publishers/{publisher}/models", "/v1beta1/publishers/{publisher}/models",
)  # fmt: skip
"""AI Studio's base paths, with any version and none, and Vertex's (with a project, or in express mode)."""

SPELLINGS: Final[tuple[tuple[str, Surface], ...]] = (
    *((f"{head}{surface.endpoint.value}", surface) for surface in _TAILS for head in ("/v1/", "/", "/openai/v1/")),
    ("/cursor/chat/completions", CHAT),
    *((f"/openai/deployments/{{model}}/{one.endpoint.value}", one) for one in _DEPLOYMENTS),
    *((f"{head}/{{model}}/{one.endpoint.value}", one) for head in ("/engines", "/v1/engines") for one in _ENGINES),
    ("/v1/messages", MESSAGES),
    ("/v1/messages/count_tokens", COUNT_TOKENS),
    ("/rerank", RERANK),
    ("/v1/rerank", RERANK),
    ("/v2/rerank", COHERE_RERANK),
    ("/v2/chat", COHERE_CHAT),
    ("/v2/embed", COHERE_EMBED),
    *((f"{head}/{{model}}:{method}", one) for head in _GOOGLE_HEADS for method, one in _GENERATING.items()),
)
"""Every path form. Only the exact spelling counts: nothing is decided from a rewritten one (CVE-2026-49468)."""
