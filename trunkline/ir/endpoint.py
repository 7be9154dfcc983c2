"""The operations of the data plane, each in one client's words; `providers` say which of them a host offers."""

from __future__ import annotations

from enum import StrEnum


class Endpoint(StrEnum):
    """One operation in one format; the value is the tail of the path that the format's inventor gave it."""

    CHAT = "chat/completions"
    COMPLETIONS = "completions"
    RESPONSES = "responses"
    INPUT_TOKENS = "responses/input_tokens"
    COMPACT = "responses/compact"
    MESSAGES = "messages"
    COUNT_TOKENS = "messages/count_tokens"
    GENERATE = "generateContent"
    GEMINI_COUNT = "countTokens"
    CONVERSE = "converse"
    COHERE_CHAT = "chat"
    OLLAMA_CHAT = "api/chat"
    PREDICTIONS = "predictions"
    EMBEDDINGS = "embeddings"
    COHERE_EMBED = "embed"
    GEMINI_EMBED = "embedContent"
    GEMINI_BATCH_EMBED = "batchEmbedContents"
    RERANK = "rerank"
    MODERATIONS = "moderations"
    IMAGES = "images/generations"
    IMAGE_EDITS = "images/edits"
    SPEECH = "audio/speech"
    TRANSCRIPTIONS = "audio/transcriptions"
    TRANSLATIONS = "audio/translations"
