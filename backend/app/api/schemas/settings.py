"""A person's own settings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.app.api.schemas.common import Answer, ModelId, Query, Ulid

SendKey = Literal["enter", "mod_enter"]


class Prompt(BaseModel):
    """A text to start from."""

    model_config = ConfigDict(extra="forbid")

    id: Ulid
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(max_length=100_000)
    pinned: bool


class AppSettings(Answer):
    """`task_models` says which model does which kind of task, as in the guide's `TASK_MODEL_MAP`."""

    default_model: str
    task_models: dict[str, str]
    send_key: SendKey
    shortcuts: bool = Field(description="Single letters as shortcuts.")
    read_answers: bool = Field(description="A screen reader speaks a finished answer.")
    prompts: list[Prompt]
    pinned_models: list[str]
    zone: str | None = Field(description="IANA name; null: the browser's.")


class AppSettingsUpdate(Query):
    """A field that is left out stays as it is. `default_model: null` goes back to the server's MODEL."""

    default_model: ModelId | None = None
    task_models: dict[str, ModelId] | None = Field(default=None, max_length=50)
    send_key: SendKey | None = None
    shortcuts: bool | None = None
    read_answers: bool | None = None
    prompts: list[Prompt] | None = Field(default=None, max_length=500)
    pinned_models: list[ModelId] | None = Field(default=None, max_length=200)
    zone: str | None = Field(default=None, max_length=100)
