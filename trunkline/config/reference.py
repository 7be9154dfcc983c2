"""The reference pages and `.env.example`, made from the code: `python -m trunkline.config.reference` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from trunkline.config import environment
from trunkline.config.catalogue import OPENAI_PARAMS, SECTIONS, Section
from trunkline.config.environment import Variable

_HEAD: Final = (
    "<!-- Made by `python -m trunkline.config.reference`; edit `trunkline/config/{source}`, not this page. -->\n"
)

_CONFIG: Final = """# litellm-config.yaml

{head}
The file is LiteLLM's (names and defaults of LiteLLM 1.109.1). `trunkline check` reads it without starting anything and
names every key that is misspelt or not implemented yet, with its line.

## Values

| written | becomes |
|---|---|
| `os.environ/NAME` | the variable's value; the whole string, at any depth |
| `${{NAME}}` | the variable's value, anywhere inside a string |
| `${{NAME:-text}}` | the same, or `text` where the variable is not set |
| `$${{NAME}}` | `${{NAME}}` as it stands |

Variables come from the environment, then from `.env`; `environment_variables` of the file come before both. An empty
variable and one that still holds a placeholder (`sk-...`, `your-project-id`) count as not set.

A model that refers to a variable that is not set is listed as unavailable with the variable's name; the others work.
`master_key` and `database_url` are different: there the start is refused.

YAML anchors, aliases and `<<` work. A key that stands twice, tags that make objects, and files over 8 MiB are refused.
`1e-6` is a number.

## Time-outs

The first of these that is written bounds the wait for an answer to begin, and each pause inside it: `timeout` of the
entry, `trunkline.first_byte_timeout`, `litellm_settings.request_timeout`, `router_settings.timeout`, else 600 seconds.
For streams `stream_timeout` of the entry, then of `router_settings`, comes before them.
"""

_SETTINGS: Final = """# Environment variables

{head}
Read from the environment and from `.env` in the folder where `trunkline` starts; what the environment sets wins.
The settings of the gateway itself stand in [litellm-config.yaml](config.md).
"""

_EXAMPLE: Final = """\
# Copy to .env and fill in what you have. Copied unchanged it works too: the embedded toy model needs no key.
# A value that ends in ... or begins with your- counts as not set and is sent nowhere.
# Made by `python -m trunkline.config.reference` from trunkline/config/environment.py.
"""


def pages() -> Mapping[str, str]:
    """Path below the project's root -> text of every file that is made from the code."""
    return {
        "docs/reference/config.md": _config_page(),
        "docs/reference/settings.md": _settings_page(),
        ".env.example": _example(),
    }


def _config_page() -> str:
    parts = [_CONFIG.format(head=_HEAD.format(source="catalogue.py"))]
    parts += [_section(section) for section in SECTIONS]
    names = ", ".join(f"`{name}`" for name in sorted(OPENAI_PARAMS))
    parts.append(
        "## Request parameters in `litellm_params`\n\nAdded to a call where the client sent none: "
        f"{names}.\n\n"
        "A key that is in no list is sent to the provider too, as LiteLLM does, unless it looks like a slip.\n"
    )
    return "\n".join(parts)


def _section(section: Section) -> str:
    done = [f"| `{key.name}` | {key.doc} |" for key in section.keys if key.implemented]
    lines = [f"## {section.title}", "", "| key | |", "|---|---|", *done]
    later: dict[str, list[str]] = {}
    for key in section.keys:
        if not key.implemented:
            later.setdefault(key.doc.rstrip("."), []).append(f"`{key.name}`")
    if later:
        lines += ["", "Known, accepted, and without effect in this version; each is named once at start:", ""]
        lines += [f"- {doc}: {', '.join(names)}" for doc, names in later.items()]
    return "\n".join(lines) + "\n"


def _settings_page() -> str:
    groups = (
        ("Keys of the shipped configuration", environment.CREDENTIALS),
        ("The application", environment.APPLICATION),
        ("The gateway", environment.GATEWAY),
        ("Callbacks and alerts", environment.OBSERVABILITY),
        ("docker-compose.yml", environment.COMPOSE),
        ("Proxies and certificates", environment.SYSTEM),
        ("Other providers", environment.provider_variables()),
    )
    parts = [_SETTINGS.format(head=_HEAD.format(source="environment.py"))]
    for title, variables in groups:
        rows = [f"| `{variable.name}` | {variable.doc} |" for variable in variables]
        parts.append("\n".join([f"## {title}", "", "| variable | |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _example() -> str:
    blocks = (
        ("Keys of the models in litellm-config.yaml", environment.CREDENTIALS),
        ("The application", environment.APPLICATION),
        ("The gateway", environment.GATEWAY),
        ("Callbacks and alerts", environment.OBSERVABILITY),
        ("docker-compose.yml", environment.COMPOSE),
        ("Proxies and certificates", environment.SYSTEM),
    )
    return "\n".join([_EXAMPLE, *(_block(title, variables) for title, variables in blocks), _others()])


def _others() -> str:
    """One comment and one assignment a host: its key, or its address where it has no key of its own."""
    hosts: dict[str, list[str]] = {}
    for variable in environment.provider_variables():
        hosts.setdefault(variable.doc.rsplit(":", 1)[0], []).append(variable.name)
    lines = ["# --- Other providers: docs/reference/settings.md says what each variable is"]
    for host, (first, *rest) in hosts.items():
        lines += [f"# {host}" + (f" (also {', '.join(rest)})" if rest else ""), f"# {first}="]
    return "\n".join(lines) + "\n"


def _block(title: str, variables: Iterable[Variable]) -> str:
    lines = [f"# --- {title}"]
    for variable in variables:
        lines += [f"# {variable.doc}", f"{'' if variable.active else '# '}{variable.name}={variable.example}"]
    return "\n".join(lines) + "\n"


def main(root: Path) -> int:
    """Write every page below `root`; 0."""
    for name, text in pages().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
