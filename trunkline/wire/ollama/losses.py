"""Why something could not be carried into Ollama's format: the written list."""

from __future__ import annotations

from typing import Final

NO_CACHE: Final = "Ollama caches prompts on its own and takes no hints"
NO_STATE: Final = "Ollama's format has no place for opaque state"
NO_REASONING: Final = "reasoning of another provider is not sent to Ollama"
NO_NAMES: Final = "messages have no author names in Ollama's format"
NO_ERROR_FLAG: Final = "tool results have no error flag in Ollama's format; the text is sent as it is"
NO_CUSTOM_TOOLS: Final = "Ollama has no tools that take free text"
NO_SERVER_TOOLS: Final = "Ollama runs no tools of its own in this format"
NO_STRICT: Final = "Ollama does not hold tool calls to their schema"
NO_TOOL_CHOICE: Final = "Ollama cannot be made to call a tool"
TOOLS_LEFT_OUT: Final = "Ollama cannot be kept from calling tools, so they are left out"
NO_SERIAL_TOOLS: Final = "Ollama cannot be held to one tool call per turn"
NOT_AN_OBJECT: Final = "the arguments of the call are no JSON object; their text is sent as its one member `arguments`"
NO_MEDIA: Final = "Ollama takes images and text, no other media"
NO_URLS: Final = "Ollama fetches nothing: an image must be inline"
NO_FILE_IDS: Final = "a file id of another provider means nothing to Ollama"
NOT_HERE: Final = "this kind of content cannot stand in a message of this role in Ollama's format"
NOT_TEXT: Final = "the document says that it is text and is not"
FOREIGN: Final = "only the format that it came in has this kind of content"
AS_TEXT: Final = "a text document is sent as plain text"
ORDER: Final = "a message of Ollama's format has one text, which stands before its tool calls and behind its images"
NO_CITATIONS: Final = "Ollama's format has no citations"
NO_CANDIDATES: Final = "Ollama gives one answer per request"
NO_LOGIT_BIAS: Final = "Ollama has no logit bias"
NO_EFFORT: Final = (
    "Ollama takes low, medium and high as thinking levels, of gpt-oss only; for others thinking is on or off"
)
NO_BUDGET: Final = "Ollama has no budget for thinking"
NO_SHOW: Final = "Ollama always shows its thinking"
NO_SUMMARY: Final = "Ollama does not summarise its thinking"
NO_SCHEMA_TEXT: Final = "an output schema has no description beside it in Ollama's format"
NO_MODALITIES: Final = "Ollama's chat answers in text only"
NO_VERBOSITY: Final = "Ollama has no verbosity setting"
NO_USER: Final = "Ollama's format has no end user"
NO_METADATA: Final = "Ollama's format has no metadata"
NO_SERVICE_TIER: Final = "Ollama has no service tiers"
NO_STORE: Final = "Ollama stores no answers"
OTHER_ANSWERS: Final = "Ollama's format holds one answer; the others are left out"

REASONS: Final[frozenset[str]] = frozenset(
    value for name, value in tuple(globals().items()) if name.isupper() and isinstance(value, str)
)
"""All of them."""
