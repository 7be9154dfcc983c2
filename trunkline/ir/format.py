"""The byte formats of chat that clients and providers speak."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """One chat format; `wire/<value>/` is its codec."""

    OPENAI_CHAT = "openai_chat"
    OPENAI_RESPONSES = "openai_responses"
    ANTHROPIC_MESSAGES = "anthropic_messages"
    GEMINI = "gemini"
    BEDROCK_CONVERSE = "bedrock_converse"
    COHERE_CHAT = "cohere_chat"
    REPLICATE = "replicate"
    OLLAMA = "ollama"
