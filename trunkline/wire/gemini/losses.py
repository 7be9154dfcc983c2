"""What the way into Gemini's format loses, and what it refuses: the written list."""

from __future__ import annotations

from typing import Final

CACHE_MARK: Final = "Gemini has no cache marks inside a request; it caches by itself or by `cachedContent`"
CITATIONS: Final = "Gemini takes no citations in a request"
DETAIL: Final = "Gemini sets the resolution of media for the whole request (`mediaResolution`)"
MEDIA_NAME: Final = "Gemini's AI Studio takes no file names beside inline data"
GUESSED_TYPE: Final = "Vertex AI needs a MIME type beside a URL, so the usual one of this kind was sent"
NAME: Final = "Gemini's messages have no names"
SYSTEM_PLACE: Final = "Gemini has one system instruction, so this one moved ahead of the conversation"
OPAQUE: Final = "only the provider that made this state can read it"
REASONING: Final = "another model's reasoning is not sent on"
BESIDE_RESULT: Final = "this model takes media beside a tool result, not inside it"

MIN_P: Final = "Gemini has no `min_p`"
LOGIT_BIAS: Final = "Gemini has no `logit_bias`"
USER: Final = "Gemini has no field for the end user"
METADATA: Final = "Gemini has no metadata for a request"
SERVICE_TIER: Final = "Vertex AI chooses the tier by a header, not in the body"
STORE: Final = "Gemini does not store answers"
VERBOSITY: Final = "Gemini has no verbosity"
PARALLEL: Final = "Gemini cannot be kept to one tool call per turn"
EFFORT: Final = "Gemini knows no effort above `high`, so `high` was sent"
BUDGET: Final = "Gemini takes a thinking level or a budget, and the level was sent"
SUMMARY_STYLE: Final = "Gemini's thought summaries have no styles"
STRICT_TOOL: Final = "Gemini has no `strict` on a tool"
CHOICE_WITHOUT_TOOLS: Final = "Gemini takes a tool choice only beside tools"
SCHEMA_KEYWORDS: Final = "Gemini's older schema dialect has no such keyword"

STOP_SEQUENCE: Final = "Gemini does not say which stop sequence was met"
FOREIGN_ANSWER: Final = "a part of the answer that only its own format has"
RESULT_IN_ANSWER: Final = "an answer in Gemini's format holds no tool results"
BAD_ARGUMENTS: Final = "the model's arguments are no JSON object, so the answer says `MALFORMED_FUNCTION_CALL`"
CITATION_SOURCE: Final = "a citation without any source"

CUSTOM_TOOL: Final = "Gemini has no free-text tools; give the tool a JSON schema"
FOREIGN_TOOL: Final = "this tool runs at another provider and Gemini has none of that kind"
FOREIGN_PART: Final = "this content exists only in the format it came in"
ARGUMENTS: Final = "the arguments of this tool call are no JSON object, and Gemini takes nothing else"
NO_NAME: Final = "Gemini needs the tool's name, and no earlier tool call has this id"
FILE_ID: Final = "the file id belongs to another provider; send the file inline or by URL"
URL: Final = "Gemini fetches only `https://` and `gs://` URLs; the file must be fetched first and sent inline"
SYSTEM_MEDIA: Final = "Gemini's system instruction takes only text"
RECURSIVE: Final = "Gemini's older schema dialect has no recursive schemas"
SCHEMA: Final = "the schema cannot be read"

DROPPED: Final[frozenset[str]] = frozenset({
    CACHE_MARK, CITATIONS, DETAIL, MEDIA_NAME, GUESSED_TYPE, NAME, SYSTEM_PLACE, OPAQUE, REASONING, BESIDE_RESULT,
    MIN_P, LOGIT_BIAS, USER, METADATA, SERVICE_TIER, STORE, VERBOSITY, PARALLEL, EFFORT, BUDGET, SUMMARY_STYLE,
    STRICT_TOOL, CHOICE_WITHOUT_TOOLS, SCHEMA_KEYWORDS, STOP_SEQUENCE, FOREIGN_ANSWER, RESULT_IN_ANSWER,
    BAD_ARGUMENTS, CITATION_SOURCE,
})  # fmt: skip
"""Left out or changed, and reported."""

REFUSED: Final[frozenset[str]] = frozenset({
    CUSTOM_TOOL, FOREIGN_TOOL, FOREIGN_PART, ARGUMENTS, NO_NAME, FILE_ID, URL, SYSTEM_MEDIA, RECURSIVE, SCHEMA,
})  # fmt: skip
"""Not left out: the request is refused."""

REASONS: Final[frozenset[str]] = DROPPED | REFUSED
