"""The operations a client can ask for, independent of the path it used."""

from __future__ import annotations

from enum import StrEnum


class Endpoint(StrEnum):
    """One operation of the data plane; the value is the tail of OpenAI's path for it."""

    CHAT = "chat/completions"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
