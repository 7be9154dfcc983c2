"""Configurations written in the test that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from trunkline.config import ConfigError, Deployment, Problem, Snapshot, load

MODEL = """
model_list:
  - model_name: m
    litellm_params: {model: openai/gpt-5.6-sol, api_key: sk-test-0123456789}
"""
"""The smallest configuration with a model that can be called."""


def write(folder: Path, text: str, name: str = "config.yaml") -> Path:
    """The path of a file that holds `text`."""
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Snapshot:
    """The snapshot of `text`."""
    return load(write(folder, text), environ or {})


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with `text`; fails when nothing is."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environ)
    return caught.value.problems


def notes(snapshot: Snapshot, kind: str) -> list[str]:
    """The texts of the notes of one kind."""
    return [note.text for note in snapshot.notes if note.kind == kind]


def entry(folder: Path, params: str, environ: Mapping[str, str] | None = None, *, rest: str = "") -> Deployment:
    """The deployment of one entry whose `litellm_params` are a YAML flow mapping."""
    text = f"model_list:\n  - model_name: m\n    litellm_params: {params}\n{rest}"
    return read(folder, text, environ).deployments[0]
