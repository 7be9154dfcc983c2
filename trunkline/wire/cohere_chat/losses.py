"""Why something could not be carried into Cohere's chat format: the written list."""

from __future__ import annotations

from typing import Final

NO_CACHE: Final = "Cohere caches prompts on its own and takes no hints"
NO_STATE: Final = "opaque state of another provider means nothing to Cohere"
NO_REASONING: Final = "reasoning of another provider is not sent to Cohere"
NO_NAMES: Final = "messages have no author names in Cohere's format"
NO_ERROR_FLAG: Final = "tool results have no error flag in Cohere's format; the text is sent as it is"
NO_CUSTOM_TOOLS: Final = "Cohere has no tools that take free text"
NO_SERVER_TOOLS: Final = "Cohere runs no tools of its own in this format"
NO_MEDIA: Final = "Cohere takes images and text, no other media"
NO_FILE_IDS: Final = "a file id of another provider means nothing to Cohere"
NO_SUCH_URL: Final = "Cohere fetches images by http and https only"
NO_MIME: Final = "an image without a media type cannot be sent inline"
NOT_HERE: Final = "this kind of content cannot stand in a message of this role in Cohere's format"
NOT_TEXT: Final = "the document says that it is text and is not"
FOREIGN: Final = "only the format that it came in has this kind of content"
AS_TEXT: Final = "a text document is sent as plain text"
ORDER: Final = "Cohere's format has no order between texts and tool calls"
NO_CANDIDATES: Final = "Cohere gives one answer per request"
NO_MIN_P: Final = "Cohere has no `min_p`"
NO_WHOLE_TOP_K: Final = "Cohere's `k` is an integer; the fraction is cut off"
NO_TOP_LOGPROBS: Final = "Cohere gives the log probabilities of the chosen tokens only"
NO_LOGIT_BIAS: Final = "Cohere has no logit bias"
NO_EFFORT: Final = "Cohere's thinking is on or off, with a token budget, and has no effort levels"
NO_SHOW: Final = "Cohere always shows its thinking"
NO_SUMMARY: Final = "Cohere does not summarise its thinking"
NO_SERIAL_TOOLS: Final = "Cohere cannot be held to one tool call per turn"
SOME_STRICT: Final = "Cohere's `strict_tools` holds for all tools or none"
NO_SCHEMA_TEXT: Final = "an output schema has no description beside it in Cohere's format"
NO_MODALITIES: Final = "Cohere answers in text only"
NO_VERBOSITY: Final = "Cohere has no verbosity setting"
NO_USER: Final = "Cohere's format has no end user"
NO_METADATA: Final = "Cohere's format has no metadata"
NO_SERVICE_TIER: Final = "Cohere has no service tiers"
NO_STORE: Final = "Cohere stores no answers"
OTHER_ANSWERS: Final = "Cohere's format holds one answer; the others are left out"

REASONS: Final[frozenset[str]] = frozenset(
    value for name, value in tuple(globals().items()) if name.isupper() and isinstance(value, str)
)
"""All of them."""
