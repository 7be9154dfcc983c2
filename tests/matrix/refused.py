"""The cells that are refused, as they should be, and why: content, tools and schemas are never silently dropped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from trunkline import profiles
from trunkline.wire.anthropic_messages import losses as anthropic
from trunkline.wire.bedrock_converse import losses as bedrock
from trunkline.wire.cohere_chat import losses as cohere
from trunkline.wire.gemini import losses as gemini
from trunkline.wire.natives import ONLY_THERE
from trunkline.wire.ollama import losses as ollama
from trunkline.wire.openai_chat import losses as chat
from trunkline.wire.openai_responses import losses as responses
from trunkline.wire.replicate import losses as replicate

REFUSED: Final[Mapping[tuple[str, str], str]] = {
    ("audio", "responses"): responses.AUDIO_INLINE,
    ("audio", "messages"): anthropic.NO_SUCH_MEDIUM,
    ("audio", "converse"): bedrock.MEDIA_TYPE,
    ("audio", "cohere"): cohere.NO_MEDIA,
    ("audio", "ollama"): ollama.NO_MEDIA,
    ("audio", "replicate"): replicate.NO_MEDIA,
    ("pdf", "cohere"): cohere.NO_MEDIA,
    ("pdf", "ollama"): ollama.NO_MEDIA,
    ("pdf", "replicate"): replicate.NO_MEDIA,
    ("schema", "replicate"): replicate.NO_SCHEMA,
    **{
        (case, "replicate"): replicate.NO_TOOLS
        for case in ("tools", "mixed", "text_and_tool", "forced", "parallel", "results", "bare_error", "thinking")
    },
}
"""(case, upstream format) -> the reason that the client is told with its 400."""

ELSEWHERE: Final = frozenset({ONLY_THERE})
REASONS: Final[frozenset[str]] = frozenset().union(
    *(one.REASONS for one in (anthropic, bedrock, chat, cohere, gemini, ollama, replicate, responses)), ELSEWHERE
)
"""The written lists of all formats."""


def _written(folder: Path) -> Iterator[str]:
    """Patterns of the sentences that stand in the profiles' code: their written list."""
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text())
        inside = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+?" for v in node.values)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and " " in node.value
                and id(node) not in inside
            ):
                yield re.escape(node.value).replace(r"\{\}", ".+?")


_SENTENCES: Final = [
    one for one in _written(Path(profiles.__file__).parent) if " " in one.replace(".+?", "") and len(one) > 12
]
PATTERNS: Final = sorted({re.escape(reason) for reason in REASONS} | set(_SENTENCES), key=len, reverse=True)
"""All of them, and the profiles', as patterns; the longest first."""
