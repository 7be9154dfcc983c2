"""Every format of the recording provider, each as its vendor documents it."""

from __future__ import annotations

from typing import Final

from tests.oracle.faces_openai import Chat, Completions, Embeddings, Responses
from tests.oracle.faces_others import Cohere, Gemini, GeminiEmbed, Messages
from tests.oracle.said import Face

FACES: Final[tuple[Face, ...]] = (
    Chat(), Completions(), Responses(), Embeddings(), Messages(), Gemini(), GeminiEmbed(), Cohere(),
)  # fmt: skip
