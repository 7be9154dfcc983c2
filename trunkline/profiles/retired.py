"""Models that their makers have shut down, or will on a day that is announced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OPENAI_PAGE: Final = "https://developers.openai.com/api/docs/deprecations"
ANTHROPIC_PAGE: Final = "https://platform.claude.com/docs/en/about-claude/model-deprecations"
GOOGLE_PAGE: Final = "https://ai.google.dev/gemini-api/docs/deprecations"
VERTEX_PAGE: Final = "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
GROQ_PAGE: Final = "https://console.groq.com/docs/deprecations"
XAI_PAGE: Final = "https://docs.x.ai/docs/models"
MOONSHOT_PAGE: Final = "https://platform.moonshot.ai/docs"
DEEPSEEK_PAGE: Final = "https://api-docs.deepseek.com/updates"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredFact:
    """One model's end."""

    retired: str
    """The id that was, or will be, shut down."""
    successor: str
    """What to call instead: `replacement_for` has the model that answers now, `retired_model` a living one."""
    since: str
    """ISO date of the shutdown; may lie ahead."""
    source: str
    """The page that says so."""

    def is_over(self, today: dt.date) -> bool:
        """Whether the shutdown has come."""
        return dt.date.fromisoformat(self.since) <= today


# (provider, date, successor, page, ids)
_FACTS: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    ("openai", "2026-10-23", "gpt-5.6-terra", OPENAI_PAGE, "gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-16k"),
    ("openai", "2026-09-28", "gpt-5.6-terra", OPENAI_PAGE, "gpt-3.5-turbo-1106 gpt-3.5-turbo-instruct"),
    ("openai", "2026-10-23", "gpt-5.6-sol", OPENAI_PAGE, "gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-turbo"),
    (
        "openai",
        "2026-10-23",
        "gpt-5.6-sol",
        OPENAI_PAGE,
        "gpt-4-turbo-2024-04-09 gpt-4-turbo-preview gpt-4o-2024-05-13",
    ),
    ("openai", "2026-10-23", "gpt-5.6-sol", OPENAI_PAGE, "o1 o1-2024-12-17 o1-pro o3-mini o3-mini-2025-01-31"),
    ("openai", "2026-10-23", "gpt-5.6-terra", OPENAI_PAGE, "o4-mini o4-mini-2025-04-16"),
    ("openai", "2026-10-23", "gpt-6-luna", OPENAI_PAGE, "gpt-4.1-nano gpt-4.1-nano-2025-04-14"),
    ("openai", "2026-12-11", "gpt-6.1-sol", OPENAI_PAGE, "gpt-5 gpt-5-2025-08-07 gpt-5-pro gpt-5-pro-2025-10-06"),
    ("openai", "2026-12-11", "gpt-6.1-sol", OPENAI_PAGE, "o3 o3-2025-04-16 o3-pro o3-pro-2025-06-10"),
    ("openai", "2026-12-11", "gpt-6.1-terra", OPENAI_PAGE, "gpt-5-mini gpt-5-mini-2025-08-07"),
    ("openai", "2026-12-11", "gpt-6-luna", OPENAI_PAGE, "gpt-5-nano gpt-5-nano-2025-08-07"),
    ("openai", "2027-01-14", "gpt-6-luna", OPENAI_PAGE, "gpt-4o gpt-4o-2024-08-06 gpt-4o-2024-11-20"),
    ("openai", "2027-01-14", "gpt-6-luna", OPENAI_PAGE, "gpt-4o-mini gpt-4o-mini-2024-07-18"),
    (
        "openai",
        "2027-01-14",
        "gpt-6-luna",
        OPENAI_PAGE,
        "gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14",
    ),
    ("openai", "2027-04-01", "gpt-6.1-sol", OPENAI_PAGE, "gpt-5.1 gpt-5.1-2025-11-13 gpt-5.3-codex"),
    ("openai", "2027-04-01", "gpt-6-luna", OPENAI_PAGE, "gpt-5.4-nano"),
    (
        "anthropic",
        "2025-10-28",
        "claude-sonnet-5-5",
        ANTHROPIC_PAGE,
        "claude-3-5-sonnet claude-3-5-sonnet-latest claude-3-5-sonnet-20240620 claude-3-5-sonnet-20241022",
    ),
    (
        "anthropic",
        "2026-02-19",
        "claude-sonnet-5-5",
        ANTHROPIC_PAGE,
        "claude-3-7-sonnet claude-3-7-sonnet-latest claude-3-7-sonnet-20250219",
    ),
    ("anthropic", "2025-07-21", "claude-sonnet-5-5", ANTHROPIC_PAGE, "claude-3-sonnet claude-3-sonnet-20240229"),
    ("anthropic", "2025-07-21", "claude-sonnet-5-5", ANTHROPIC_PAGE, "claude-2.0 claude-2.1 claude-2"),
    (
        "anthropic",
        "2026-01-05",
        "claude-opus-5-5",
        ANTHROPIC_PAGE,
        "claude-3-opus claude-3-opus-latest claude-3-opus-20240229",
    ),
    ("anthropic", "2026-04-20", "claude-haiku-5-5", ANTHROPIC_PAGE, "claude-3-haiku claude-3-haiku-20240307"),
    (
        "anthropic",
        "2026-02-19",
        "claude-haiku-5-5",
        ANTHROPIC_PAGE,
        "claude-3-5-haiku claude-3-5-haiku-latest claude-3-5-haiku-20241022",
    ),
    (
        "anthropic",
        "2026-06-15",
        "claude-sonnet-5-5",
        ANTHROPIC_PAGE,
        "claude-sonnet-4 claude-sonnet-4-0 claude-sonnet-4-20250514",
    ),
    (
        "anthropic",
        "2026-06-15",
        "claude-opus-5-5",
        ANTHROPIC_PAGE,
        "claude-opus-4 claude-opus-4-0 claude-opus-4-20250514",
    ),
    ("anthropic", "2026-11-30", "claude-sonnet-5-5", ANTHROPIC_PAGE, "claude-sonnet-4-5 claude-sonnet-4-5-20250929"),
    (
        "gemini",
        "2025-09-24",
        "gemini-3.8-flash",
        GOOGLE_PAGE,
        "gemini-pro gemini-1.0-pro gemini-1.5-pro gemini-1.5-pro-latest",
    ),
    ("gemini", "2025-09-24", "gemini-3.8-flash", GOOGLE_PAGE, "gemini-1.5-pro-001 gemini-1.5-pro-002"),
    (
        "gemini",
        "2025-09-24",
        "gemini-3.5-flash-lite",
        GOOGLE_PAGE,
        "gemini-1.5-flash gemini-1.5-flash-latest gemini-1.5-flash-8b",
    ),
    (
        "gemini",
        "2026-06-01",
        "gemini-3.5-flash-lite",
        GOOGLE_PAGE,
        "gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-lite",
    ),
    ("gemini", "2026-12-01", "gemini-3.5-flash-lite", GOOGLE_PAGE, "gemini-2.5-flash"),
    ("gemini", "2026-12-01", "gemini-3.8-flash", GOOGLE_PAGE, "gemini-2.5-pro"),
    ("gemini", "2026-03-09", "gemini-3.1-pro-preview", GOOGLE_PAGE, "gemini-3-pro-preview"),
    ("gemini", "2027-05-07", "gemini-3.5-flash-lite", GOOGLE_PAGE, "gemini-3.1-flash-lite"),
    ("vertex_ai", "2026-10-20", "gemini-3.5-flash-lite", VERTEX_PAGE, "gemini-2.5-flash"),
    ("groq", "2026-08-16", "openai/gpt-oss-120b", GROQ_PAGE, "llama-3.3-70b-versatile"),
    ("groq", "2026-08-16", "openai/gpt-oss-20b", GROQ_PAGE, "llama-3.1-8b-instant"),
    (
        "groq",
        "2026-07-17",
        "openai/gpt-oss-120b",
        GROQ_PAGE,
        "meta-llama/llama-4-scout-17b-16e-instruct qwen/qwen3-32b",
    ),
    ("groq", "2026-03-09", "openai/gpt-oss-120b", GROQ_PAGE, "meta-llama/llama-4-maverick-17b-128e-instruct"),
    ("xai", "2026-05-15", "grok-4.3", XAI_PAGE, "grok-3 grok-4 grok-4-0709 grok-4-fast grok-4.1-fast"),
    ("deepseek", "2026-07-24", "deepseek-flash", DEEPSEEK_PAGE, "deepseek-chat deepseek-reasoner"),
    ("moonshot", "2026-08-31", "kimi-k2.6", MOONSHOT_PAGE, "kimi-k2.5 moonshot-v1-8k moonshot-v1-32k moonshot-v1-128k"),
)

_BY_MODEL: Final[Mapping[tuple[str, str], RetiredFact]] = {
    (provider, model): RetiredFact(retired=model, successor=successor, since=since, source=source)
    for provider, since, successor, source, ids in _FACTS
    for model in ids.split()
}
_BY_NAME: Final[Mapping[str, RetiredFact]] = {
    model: fact for (provider, model), fact in reversed(list(_BY_MODEL.items())) if provider != "vertex_ai"
}


def retired_model(provider: str, model: str) -> RetiredFact | None:
    """The end of the model that an entry itself calls, past or announced, or `None`.

    Azure and resellers keep dates of their own: only first-party ids are known.
    """
    return _BY_MODEL.get((provider, model))


def replacement_for(provider: str, model: str, requested_name: str) -> RetiredFact | None:
    """What a retired name stands for now: `gpt-4` served by `gpt-5.6-sol`.

    `requested_name` is the entry's `model_name`; `provider` and `model` are what answers. `None` where the name is
    no retired id, or where the entry still calls that very id (`retired_model` has that).
    """
    name = requested_name.rsplit("/", 1)[-1]
    fact = _BY_NAME.get(requested_name) or _BY_NAME.get(name)
    if fact is None or model in (requested_name, name) or ((provider, model) in _BY_MODEL and _same(model, name)):
        return None
    return RetiredFact(retired=fact.retired, successor=model, since=fact.since, source=fact.source)


def _same(model: str, name: str) -> bool:
    # `gpt-4` served by `gpt-4-0613` is the same model under its dated id.
    return model.startswith(f"{name}-")
