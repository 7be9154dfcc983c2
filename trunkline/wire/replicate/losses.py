"""Why something could not be carried into Replicate's format: the written list."""

from __future__ import annotations

from typing import Final

NO_TOOLS: Final = "Replicate's models take no tools"
TOOLS_LEFT_OUT: Final = "the tools, none of which was to be called, are left out: Replicate's models take none"
NO_SCHEMA: Final = "Replicate's models cannot be held to an output schema"
NO_CACHE: Final = "Replicate caches no prompts"
NO_STATE: Final = "Replicate's format has no place for opaque state"
NO_REASONING: Final = "Replicate's models take no reasoning back"
NO_REASONING_SHOWN: Final = "Replicate's format has no place for reasoning"
NO_CALLS_SHOWN: Final = "Replicate's format has no place for tool calls"
NO_CITATIONS: Final = "Replicate's format has no citations"
NO_NAMES: Final = "messages have no author names in Replicate's format"
NO_MEDIA: Final = "Replicate's chat models take images and text, no other media"
NO_FILE_IDS: Final = "a file id of another provider means nothing to Replicate"
NO_SUCH_URL: Final = "Replicate fetches images by http and https only"
NO_MIME: Final = "an image without a media type cannot be sent inline"
ONE_IMAGE: Final = "this model takes one image"
NOT_HERE: Final = "images can only come from the user in Replicate's format"
NOT_TEXT: Final = "the document says that it is text and is not"
FOREIGN: Final = "only the format that it came in has this kind of content"
AS_TEXT: Final = "a text document is sent as plain text"
ORDER: Final = "a prediction has one system text and its images beside one prompt"
NO_CANDIDATES: Final = "Replicate gives one answer per request"
NO_MIN_P: Final = "Replicate's chat models have no common `min_p`"
NO_LOGPROBS: Final = "Replicate gives no log probabilities"
NO_LOGIT_BIAS: Final = "Replicate's chat models have no logit bias"
COMMA: Final = "Replicate's stop sequences are one text with commas between; one with a comma in it is left out"
NO_THINKING: Final = "Replicate's chat models have no common setting for thinking"
NO_MODALITIES: Final = "Replicate's chat models answer in text only"
NO_VERBOSITY: Final = "Replicate's chat models have no verbosity setting"
NO_USER: Final = "Replicate's format has no end user"
NO_METADATA: Final = "Replicate's format has no metadata"
NO_SERVICE_TIER: Final = "Replicate has no service tiers"
NO_STORE: Final = "Replicate stores no answers on request"
OTHER_ANSWERS: Final = "Replicate's format holds one answer; the others are left out"

REASONS: Final[frozenset[str]] = frozenset(
    value for name, value in tuple(globals().items()) if name.isupper() and isinstance(value, str)
)
"""All of them."""
