"""Keys: which texts are placeholders, and which may go into a header."""

from __future__ import annotations

import re
from typing import Final

_PLACEHOLDER: Final = re.compile(
    r"""
      .*(?:\.\.\.|…).*                                   # sk-..., AIza...
    | <.*> | \[.*\] | \{[^"]*\}                          # <your key>, {{KEY}}; but not JSON
    | \$\{?\w+\}?                                        # ${VAR} that nothing expanded
    | os\.environ/.*
    | (?:[a-z]{2,6}[-_])?(?:ant[-_])?your[-_ ].*         # your-project-id, sk-your-key-here
    | .*[-_ ]?(?:key|token|secret)[-_ ]?(?:goes[-_ ])?here
    | (?:[a-z]{2,5}[-_])*[x*]{3,}                        # xxxx, sk-ant-xxxxx, ****
    | (?:change|replace|fill)[-_ ]?(?:me|this|it)(?:[-_ ].*)?
    | insert[-_ ].* | todo | placeholder
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def is_placeholder(value: str) -> bool:
    """Whether a value from `.env` or config was never filled in: empty, `sk-...`, `your-project-id`, `<key>`.

    Words people give to servers that want no key (`none`, `dummy`, `EMPTY`, `ollama`) are values, not placeholders.
    """
    stripped = value.strip()
    return not stripped or _PLACEHOLDER.fullmatch(stripped) is not None


def header_problem(value: str) -> str | None:
    """Why `value` cannot stand in an HTTP header, or `None`; the reason never shows the value."""
    if any(char in "\r\n\x00" for char in value):
        return "holds a line break: was the whole file pasted?"
    if not value.isascii():
        return "holds a character outside ASCII: was it pasted with typographic quotes or an invisible space?"
    if any(char < " " or char == "\x7f" for char in value):
        return "holds a control character"
    if value != value.strip():
        return "begins or ends with a space"
    return None
