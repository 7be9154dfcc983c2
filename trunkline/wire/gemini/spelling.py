"""`snake_case` member names, which Google's JSON parser takes beside `camelCase` (protobuf's JSON mapping says so).

A request is read after its known names were put into camel case; where that was, is kept, so that the same body can
be written again. An index that has moved meanwhile does no harm: both spellings mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from trunkline.ir.losses import BadShape
from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_object

_NAMES: Final = """
    allowedFunctionNames audioTimestamp cachedContent candidateCount codeExecution codeExecutionResult computerUse
    displayName dynamicRetrievalConfig enableWidget endOffset enterpriseWebSearch excludedPredefinedFunctions
    executableCode fileData fileSearch fileUri frequencyPenalty functionCall functionCallingConfig
    functionDeclarations functionResponse generateContentRequest generationConfig googleMaps googleSearch
    googleSearchRetrieval imageConfig imageSize includeServerSideToolInvocations includeThoughts inlineData
    languageCode latLng maxOutputTokens mcpServers mediaResolution mimeType modelArmorConfig modelSelectionConfig
    multiSpeakerVoiceConfig parametersJsonSchema partMetadata prebuiltVoiceConfig presencePenalty
    responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema retrievalConfig
    routingConfig safetySettings serviceTier speakerVoiceConfigs speechConfig startOffset stopSequences
    streamFunctionCallArguments systemInstruction thinkingBudget thinkingConfig thinkingLevel thoughtSignature
    toolCall toolConfig toolResponse toolType topK topP urlContext videoMetadata voiceConfig voiceName willContinue
"""


def snake(name: str) -> str:
    """`topP` as `top_p`."""
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


_CAMEL: Final = {snake(name): name for name in _NAMES.split()}
_FREE: Final = frozenset({
    "args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels",
    "fileSearch", "mcpServers", "partMetadata",
})  # fmt: skip
"""Names whose values are the client's own, or schemas (`schema.py` reads both spellings of those)."""

_DEEPEST: Final = 64
"""No request of this format nests its own names half as deep."""

Renamed = list[tuple[Sequence[str | int], str, str]]
"""Path (in camel case), camel case name, name as it was; inner ones first."""


def to_camel(members: Members) -> tuple[Members, Renamed]:
    """The body in camel case, and what was renamed; the argument is not changed.

    Raises:
        BadShape: it is nested too deep to be a request.
    """
    renamed: Renamed = []
    return _object(members, (), renamed), renamed


def to_snake(body: Members, renamed: Renamed) -> None:
    """Give a body that was built here its old names back, in place."""
    for path, camel, name in renamed:
        at: object = body
        for step in path:
            if isinstance(step, str):
                at = at.get(step) if is_object(at) else None
            else:
                at = at[step] if is_list(at) and step < len(at) else None
        if is_object(at) and camel in at:
            at[name] = at.pop(camel)


def _object(members: Members, path: tuple[str | int, ...], renamed: Renamed) -> Members:
    if len(path) > _DEEPEST:
        raise BadShape("", f"the body is nested more than {_DEEPEST} deep")
    out: Members | None = None
    for name, inner in members.items():
        own = _CAMEL.get(name, name)
        if own != name and own in members:
            own = name
        value = inner
        if own not in _FREE:
            if is_object(inner):
                value = _object(inner, (*path, own), renamed)
            elif is_list(inner):
                value = _list(inner, (*path, own), renamed)
        if own != name or value is not inner:
            if out is None:
                out = dict(members)
            if own != name:
                del out[name]
                renamed.append((path, own, name))
            out[own] = value
    return members if out is None else out


def _list(items: list[object], path: tuple[str | int, ...], renamed: Renamed) -> list[object]:
    out: list[object] | None = None
    for place, item in enumerate(items):
        if is_object(item):
            value = _object(item, (*path, place), renamed)
            if value is not item:
                if out is None:
                    out = list(items)
                out[place] = value
    return items if out is None else out
