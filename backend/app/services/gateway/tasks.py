"""Cheap models for simple tasks: the guide's map from task to model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TASK_MODEL_MAP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "greeting": "gpt-3.5-turbo",
        "research": "gemini-2.5-flash",
        "analysis": "gpt-4",
        "creative": "claude-3-5-sonnet",
    }
)
FALLBACK: Final = "gemini-2.5-flash"
"""For a task that is not in the map."""


def model_for(task: str, task_models: Mapping[str, str] = TASK_MODEL_MAP) -> str:
    """The model for a kind of task; `task_models` replaces the guide's map, as the application's settings do."""
    return task_models.get(task, FALLBACK)
