"""Every reason why something could not be written in Anthropic's Messages format: the written list."""

from __future__ import annotations

from typing import Final

# Requests, knobs and metadata: left out or changed, and said.
NO_KNOB: Final = "Anthropic has no such setting"
ONE_CANDIDATE: Final = "Anthropic gives one answer per request"
TEMPERATURE_CAPPED: Final = "Anthropic's temperature goes up to 1, so 1 was sent"
BLANK_STOP: Final = "Anthropic refuses stop sequences of white space"
MINIMAL_EFFORT: Final = "Anthropic's lowest effort is `low`, so that was sent"
ONE_SUMMARY: Final = "Anthropic has one kind of thinking summary"
NO_JSON_MODE: Final = (
    "Anthropic has no JSON mode without a schema; OpenAI's own rule that the prompt must ask for JSON is what is left"
)
SERVICE_TIER: Final = "Anthropic has the service tiers `auto` and `standard_only` only"
USER_ID: Final = "Anthropic refuses e-mail addresses and more than 512 characters as the user's id"
NOTHING_STORED: Final = "Anthropic stores no answers"
NO_METADATA: Final = "Anthropic keeps no metadata but the user's id"
NO_MESSAGE_NAME: Final = "Anthropic's messages have no name"
NO_DETAIL: Final = "Anthropic looks at every image the same way"
NO_IMAGE_NAME: Final = "Anthropic's images have no name"
CACHE_ON_EMPTY: Final = "Anthropic refuses a cache hint on an empty text"

# Requests, content that stays but is not what it was.
SYSTEM_AS_USER: Final = "a system message in the middle of the conversation was sent as a user's words"
ONLY_SYSTEM: Final = (
    "Anthropic needs a message beside the system prompt, so the last system message was sent as a user's"
)
TRAILING_SPACE: Final = "Anthropic refuses white space at the end of the last assistant text, so it was cut off"
CUSTOM_CALL: Final = "Anthropic has no free-text tools, so the call's text was sent as the argument `input`"
FOREIGN_CITATION: Final = "a citation that Anthropic did not make cannot be sent to it; the text was"
FOREIGN_STATE: Final = "state that only the provider which made it can read"
FOREIGN_REASONING: Final = "reasoning of another provider; it is not sent on as words"
UNSIGNED_REASONING: Final = "Anthropic takes thinking with its signature only, and this has none"

# Requests, content, tools and schemas that cannot be left out: refused.
BAD_ARGUMENTS: Final = "the arguments of a tool call must be the JSON text of an object"
FOREIGN_CONTENT: Final = "content that only the format it came in has"
FOREIGN_TOOL: Final = "a tool that only the format it came in has"
CUSTOM_TOOL: Final = "Anthropic has no free-text tools"
NO_ALLOWED_TOOL: Final = "none of the allowed tools is among the request's tools"
MODALITY: Final = "Anthropic's models answer in text only"
NO_SUCH_MEDIUM: Final = "Anthropic takes images and documents only"
ASSISTANT_MEDIA: Final = "Anthropic takes media from the user only"
SYSTEM_TEXT_ONLY: Final = "Anthropic's system prompt takes text only"
FOREIGN_FILE: Final = "a file id that another provider gave; send the file itself or its URL"
WEB_URL: Final = "Anthropic fetches `https://` URLs only; send the file itself"
UNKNOWN_MEDIA_TYPE: Final = "the media type is not given and cannot be told from the data"
DOCUMENT_TYPE: Final = "Anthropic takes documents as PDF or text"
EMPTY_MEDIUM: Final = "a medium without data, URL or file id"

# Answers.
ONE_CHOICE: Final = "Anthropic's answers hold one choice"
FOREIGN_ANSWER: Final = "a part of the answer that only the provider's own format has"
ANSWER_MEDIA: Final = "Anthropic's answers hold no media"
ANSWER_RESULT: Final = "an answer holds no tool results"
NO_LOGPROBS: Final = "Anthropic's answers hold no log probabilities"
UNCITABLE: Final = "Anthropic's citations need a URL or one of Anthropic's own documents"
ARGUMENTS_WRAPPED: Final = "the model's arguments are no JSON object, so they were given as the argument `arguments`"
BROKEN_ARGUMENTS: Final = "the model's arguments are no JSON object; they were passed on as they came"
LATE_MEMBER: Final = "a member that came when the block had been begun"

REASONS: Final = frozenset(value for name, value in list(globals().items()) if name.isupper())
