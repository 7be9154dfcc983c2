"""Tokens around the texts of a request, by family of models: made by `python -m bench.tokens`."""

from __future__ import annotations

from typing import Final, NamedTuple


class TokenRates(NamedTuple):
    """Of one family."""

    pattern: str
    """Matched at the start of a model's bare name."""
    vocabulary: str
    """Name in `splintr-rs`; where the maker publishes none, the nearest."""
    rates: tuple[float, ...]
    """Tokens for each of the fields of `tokens.Weights`."""
    answer: float = 1.0
    """Tokens the provider counts for each of the vocabulary's in an answer."""
    answer_call: float = 8.0
    """Tokens around a tool call of an answer."""


OTHER: Final = TokenRates("", "o200k_base", (3.0, 4.0, 1.0, 0.0, 20.0, 6.0, 1.0, 3.0, 8.0, 1.0, 10.0, 1.0))
FAMILIES: Final = (
    TokenRates(
        r"gpt-oss", "o200k_base",
        (66.84, 4.04, 1.0, 0.12, 31.3, 6.02, 1.0, 3.0, 17.41, 1.05, 64.61, 1.04), 1.0, 8.0,
    ),
    TokenRates(
        r"gpt-|chatgpt-|o[1-9](?:-|$)|codex-", "o200k_base",
        (3.0, 4.0, 1.0, 0.0, 19.6, 0.76, 1.3, 1.39, 9.83, 1.05, 2.65, 0.85), 1.0, 8.0,
    ),
    TokenRates(
        r"claude-(?:opus|sonnet|haiku)-4[.-][56]", "o200k_base",
        (31.85, 4.05, 1.01, 1.05, 571.6, 6.02, 1.02, 3.0, 12.05, 1.01, 83.52, 1.54), 1.16, 8.0,
    ),
    TokenRates(
        r"claude-(?:opus|sonnet|haiku|fable|mythos)-(?:4[.-][789]|[5-9])", "o200k_base",
        (4.0, 5.0, 1.3, 1.3, 730.0, 8.0, 1.3, 4.0, 13.0, 1.3, 115.0, 1.8), 1.0, 8.0,
    ),
    TokenRates(
        r"claude-", "o200k_base",
        (3.18, 3.91, 0.99, 1.08, 370.43, 11.15, 1.16, 3.92, 12.49, 1.02, 17.94, 1.0), 1.21, 50.0,
    ),
    TokenRates(
        r"gemini-[3-9]", "gemma3",
        (0.0, 0.07, 1.0, 0.0, 35.1, 6.35, 0.47, 1.74, 39.65, 1.08, 31.95, 1.0), 1.0, 8.0,
    ),
    TokenRates(
        r"gemini-|gemma", "gemma3",
        (0.0, 0.28, 1.0, 0.0, 21.67, 0.0, 0.65, 0.0, 10.86, 1.14, 0.0, 0.0), 1.0, 1.5,
    ),
    TokenRates(
        r"mistral|ministral|magistral|codestral|devstral|pixtral|open-mi", "mistral_v3",
        (0.0, 4.04, 1.0, 0.0, 30.79, 10.94, 1.23, 3.33, 3.41, 1.09, 10.0, 1.0), 1.05, 8.0,
    ),
    TokenRates(
        r"deepseek", "deepseek_v3",
        (0.0, 3.95, 1.0, 0.03, 334.34, 6.44, 0.97, 2.96, 9.03, 0.99, 10.0, 1.0), 1.0, 8.0,
    ),
    TokenRates(
        r"grok", "o200k_base",
        (187.05, 4.05, 1.0, 0.17, 139.29, 10.85, 1.13, 3.93, 23.11, 1.08, 10.0, 1.0), 1.0, 8.0,
    ),
    TokenRates(
        r"nova-", "o200k_base",
        (0.0, 4.0, 1.01, 0.0, 384.88, 6.51, 1.01, 3.02, 10.05, 1.01, 10.0, 1.0), 1.0, 8.0,
    ),
    TokenRates(
        r"command-(?:a|r7b)", "o200k_base",
        (379.72, 4.02, 1.0, 0.0, 658.31, 6.9, 1.04, 3.07, 9.8, 1.02, 132.14, 1.09), 1.0, 8.0,
    ),
    TokenRates(
        r"(?:meta-)?llama", "llama3",
        (5.98, 3.99, 1.0, 0.0, 148.44, 8.14, 1.01, 3.12, 4.62, 0.98, 10.0, 1.0), 1.0, 22.0,
    ),
    TokenRates(
        r"qwen|qwq", "qwen3",
        (3.98, 4.02, 1.0, 0.27, 134.13, 3.78, 0.91, 2.91, 13.08, 1.03, 10.0, 1.0), 1.0, 8.0,
    ),
    TokenRates(
        r"glm", "glm4",
        (37.93, 4.0, 1.0, 0.0, 159.74, 6.2, 1.01, 3.05, 8.0, 1.0, 10.0, 1.0), 1.0, 8.0,
    ),
    TokenRates(
        r"kimi|moonshot", "kimi_k2",
        (6.72, 4.03, 1.0, 0.22, 34.87, 13.41, 1.16, 3.89, 22.65, 1.1, 10.0, 1.0), 1.0, 8.0,
    ),
)  # fmt: skip
"""Fitted to half of the recordings; `bench/tokens.py` measures on the other half."""
