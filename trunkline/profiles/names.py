"""A model's own name, out of the id that a host gives it.

Hosts put regions, makers, routes, dates and versions around a name (`us.anthropic.claude-sonnet-4-5-20250929-v1:0`,
`accounts/fireworks/models/qwen3-coder`, `publishers/google/models/gemini-3-pro@default`). Profiles are looked up by
what is left, because the maker's rules hold wherever the model runs (providers.md D4, last row).
"""

from __future__ import annotations

import re
from typing import Final

_REGION: Final = re.compile(r"(?:us-gov|us|eu|apac|jp|au|ca|sa|global)\.")
_MAKER: Final = re.compile(
    r"(?:anthropic|amazon|meta|mistralai|mistral|cohere|deepseek|qwen|openai|moonshotai|moonshot|zai|minimax|ai21|google"
    r"|writer|nvidia|databricks|snowflake)[.-]"
)
_TAIL: Final = re.compile(r"(?:@[\w.-]+|-maas|-v\d+(?::\d+)?(?::\d+k)?)$")
_KEEPS_MAKER: Final = ("mistral-", "deepseek-", "minimax-", "cohere-", "moonshot-", "meta-llama")
"""The maker is part of the name: `mistral-large`, `deepseek-chat`, `moonshot-v1`."""


def bare_name(model: str) -> str:
    """Lower case, without path, region, maker, route, tag, date behind `@` and Bedrock's version."""
    name = model.strip().lower()
    if name.startswith("ft:"):  # `ft:gpt-4o-2024-08-06:org::id`
        name = name[3:].split(":", 1)[0]
    name = name.rstrip("/").rsplit("/", 1)[-1]
    region = _REGION.match(name)
    if region is not None:
        name = name[region.end() :]
    maker = _MAKER.match(name)
    if maker is not None and not name.startswith(_KEEPS_MAKER):
        name = name[maker.end() :]
    while (tail := _TAIL.search(name)) is not None:
        name = name[: tail.start()]
    return name.split(":", 1)[0]
