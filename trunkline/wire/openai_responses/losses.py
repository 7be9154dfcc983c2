"""Why something could not be carried into OpenAI's Responses format: the written list."""

from __future__ import annotations

from typing import Final

NO_CACHE: Final = "the Responses format caches prompts on its own and takes no hints of other formats"
NO_STATE: Final = "opaque state of another provider means nothing to this one"
NO_REASONING: Final = "reasoning of another provider is not sent on as text"
NO_NAMES: Final = "messages have no author names in the Responses format"
NO_ERROR_FLAG: Final = "tool results have no error flag in the Responses format; the text is sent as it is"
NO_CITATIONS: Final = "citations of another format are not sent back in the history"
NO_PLACE: Final = "a citation without URL and source has no place in the Responses format"
NO_CITED_WORDS: Final = "the Responses format does not quote the words of a source"
FOREIGN: Final = "only the format that it came in has this kind of content"
FOREIGN_TOOL: Final = "only the format that it came in has this tool"
NO_VIDEO: Final = "the Responses format takes no video"
AUDIO_FORMAT: Final = "the Responses format takes audio as WAV or MP3 only"
AUDIO_INLINE: Final = "the Responses format takes audio inline only"
NO_SUCH_URL: Final = "the Responses format fetches media by http and https only"
NOT_HERE: Final = "a message of the assistant holds no media in the Responses format"
NO_MEDIA: Final = "an answer in the Responses format holds texts and inline images, no other media"
NO_RESULT: Final = "an answer holds no results of the client's tools"
OTHER_ANSWERS: Final = "the Responses format holds one answer; the others are left out"
OURS: Final = "the id of an item of this gateway means nothing to the provider; send the item itself"
ONE_ANSWER: Final = "the Responses format gives one answer per request"
NO_TOP_K: Final = "the Responses format has no `top_k`"
NO_MIN_P: Final = "the Responses format has no `min_p`"
NO_STOP: Final = "the Responses format has no stop sequences"
NO_SEED: Final = "the Responses format has no seed"
NO_PENALTY: Final = "the Responses format has no frequency and presence penalties"
NO_LOGIT_BIAS: Final = "the Responses format has no logit bias"
NO_MODALITIES: Final = "the Responses format answers in text only"
EFFORT_FOR_BUDGET: Final = "the Responses format has effort levels; the token budget was turned into one"

REASONS: Final[frozenset[str]] = frozenset(
    value for name, value in tuple(globals().items()) if name.isupper() and isinstance(value, str)
)
"""All of them."""
