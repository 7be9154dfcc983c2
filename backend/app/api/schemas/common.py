"""Bases and small types that every schema uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

ULID_PATTERN: Final = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"

Ulid = Annotated[str, Field(pattern=ULID_PATTERN, examples=["01JDF0Q8M3W9V4T6Y2ZB7K5N1C"])]
"""26 characters of Crockford's base 32, upper case; sorts by time of making."""


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An instant, RFC 3339 in UTC."""

NanoUsd = Annotated[
    int,
    PlainSerializer(str, return_type=str, when_used="json"),
    Field(description="Nano-dollars as a string of digits: `8300000` is $0.0083."),
]
"""Money: whole nano-dollars, on the wire a string, because a browser's numbers end at 2**53."""

ModelId = Annotated[str, Field(min_length=1, max_length=300)]
"""A model's name as the gateway knows it."""


class Answer(BaseModel):
    """Base of what the API answers. Every field is always present, so the generated client has no optional ones."""

    model_config = ConfigDict(
        extra="ignore", json_schema_serialization_defaults_required=True, protected_namespaces=(), validate_default=True
    )


class Query(BaseModel):
    """Base of what a client sends: an unknown field is an error, because a misspelt one would be ignored in silence."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())
