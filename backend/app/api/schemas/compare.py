"""A comparison in one answer, for programs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.app.api.schemas.common import Answer, ModelId, Query
from backend.app.api.schemas.conversations import Params
from backend.app.api.schemas.errors import ErrorBody
from backend.app.api.schemas.messages import Receipt


class CompareMessage(BaseModel):
    """A turn, text only."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=2_000_000)


class CompareRequest(Query):
    """Either `messages` or `prompt`."""

    models: list[ModelId] = Field(min_length=2, max_length=4)
    messages: list[CompareMessage] | None = Field(default=None, min_length=1, max_length=1000)
    prompt: str | None = Field(default=None, min_length=1, max_length=2_000_000)
    params: Params | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> CompareRequest:
        if (self.messages is None) == (self.prompt is None):
            raise ValueError("give either `messages` or `prompt`")
        return self


class CompareResult(Answer):
    """One model's answer or what kept it from answering."""

    model: str
    content: str | None
    error: ErrorBody | None
    receipt: Receipt | None


class CompareReport(Answer):
    """In the order of the request."""

    results: list[CompareResult]
