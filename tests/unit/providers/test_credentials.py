"""Placeholders and header values."""

from __future__ import annotations

import pytest

from trunkline.providers import is_placeholder
from trunkline.providers.credentials import header_problem


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "sk-...",
        "sk-ant-...",
        "AIza…",
        "<your-key>",
        "your-project-id",
        "your_key",
        "sk-your-key-here",
        "${OPENAI_API_KEY}",
        "os.environ/KEY",
        "xxxx",
        "sk-xxxxxxxx",
        "sk-ant-xxxxx",
        "****",
        "changeme",
        "change-me",
        "{{ KEY }}",
        "REPLACE_ME",
        "YOUR_API_KEY",
    ],
)
def test_placeholder(value: str) -> None:
    """What example files leave to be filled in counts as missing."""
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    [
        "sk-1234",
        "none",
        "dummy",
        "EMPTY",
        "ollama",
        "fake-key",
        "sk-proj-a1B2c3",
        "gsk_abc",
        "AIzaSyD-x",
        "xai-3f8a",
        "r8_Zx",
        "sk-yourself9",
        '{"type": "service_account"}',
    ],
)
def test_no_placeholder(value: str) -> None:
    """Real keys, and the words that keyless servers are given, are values."""
    assert not is_placeholder(value)


@pytest.mark.parametrize("value", ["sk-1\nb", "sk-1\r\nx: y", "sk-1\x00", "schlüssel", "“quoted”", "sk-1\tb", " sk-1"])
def test_header_problem_hides_the_value(value: str) -> None:
    """A key that cannot stand in a header is refused without being shown."""
    problem = header_problem(value)
    assert problem is not None
    assert value.strip() not in problem
