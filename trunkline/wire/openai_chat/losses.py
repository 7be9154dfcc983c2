"""Everything that OpenAI's chat format cannot say, as reasons for people."""

from __future__ import annotations

from typing import Final

FOREIGN: Final = "OpenAI's chat format has nothing for this kind of content"
FOREIGN_TOOL: Final = "a server tool of another format cannot be offered through OpenAI's chat format"
REASONING: Final = "reasoning is sent back only to the provider that made it"
OPAQUE: Final = "opaque state is sent back only to the provider that made it"
CACHE: Final = "this host has no cache breakpoints; it caches by itself, if at all"
IS_ERROR: Final = "OpenAI's tool messages cannot say that a call failed"
ORDER: Final = "OpenAI's chat format has no order between reasoning, text and tool calls; the text goes first"
PLACE: Final = "OpenAI's chat format has no place for this in a message of this role"
MEDIA_URL: Final = "OpenAI's chat format takes media of this kind inline only, not by URL"
MEDIA_FILE: Final = "a file id means something only to the provider that stored the file"
MEDIA_KIND: Final = "OpenAI's chat format does not take media of this kind"
MEDIA_ANSWER: Final = "OpenAI's chat format has no place for media of this kind in an answer"
ASSISTANT_MEDIA: Final = "OpenAI's chat format has no place for media in an assistant's message"
AUDIO_FORMAT: Final = "OpenAI's chat format does not take audio of this type"
DOCUMENT_NAME: Final = "a text document becomes text; its name is left out"
DETAIL: Final = "OpenAI's chat format has a level of detail for images only"
BUDGET: Final = "this host takes an effort instead of a budget of thinking tokens; the nearest one is sent"
SHOW: Final = "OpenAI's chat format cannot say whether the thinking is to be shown"
SUMMARY: Final = "OpenAI's chat format has no summaries of reasoning"
SAMPLING: Final = "OpenAI's chat format has no such parameter"
SERVICE_TIER: Final = "OpenAI's chat format does not know this service tier"
REQUEST_CACHE: Final = "OpenAI's chat format has no cache hint for a whole request"
CITATION: Final = "OpenAI's chat format has citations of URLs only"
GRAMMAR: Final = "the grammar of a custom tool is written in OpenAI's own form only"
PROMPT: Final = "text completions take one prompt of plain text"
COMPLETION_TOOLS: Final = "text completions have no tools"
COMPLETION_OUTPUT: Final = "text completions have no output schema"
COMPLETION_KNOB: Final = "text completions have no such parameter"
COMPLETION_PART: Final = "text completions answer with text only"

REASONS: Final = frozenset({
    FOREIGN, FOREIGN_TOOL, REASONING, OPAQUE, CACHE, IS_ERROR, ORDER, PLACE, MEDIA_URL, MEDIA_FILE, MEDIA_KIND,
    MEDIA_ANSWER, ASSISTANT_MEDIA, AUDIO_FORMAT, DOCUMENT_NAME, DETAIL, BUDGET, SHOW, SUMMARY, SAMPLING, SERVICE_TIER,
    REQUEST_CACHE, CITATION, GRAMMAR, PROMPT, COMPLETION_TOOLS, COMPLETION_OUTPUT, COMPLETION_KNOB,
    COMPLETION_PART,
})  # fmt: skip
"""The written list: no encoder of this package gives another reason (but `natives.ONLY_THERE`)."""
