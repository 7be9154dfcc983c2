# ruff: noqa: E501 (rows of a Markdown table are one line)
"""Writes `docs/reference/providers.md` from the table: `python -m trunkline.providers.reference`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from trunkline.providers.bridge import INSTALL
from trunkline.providers.row import Absent, Row
from trunkline.providers.rows_absent import ABSENT, CLOSED
from trunkline.providers.rows_coded import CODED
from trunkline.providers.rows_hosted import HOSTED
from trunkline.providers.rows_leading import LEADING
from trunkline.providers.rows_servers import SERVERS

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"

_HEAD: Final = """\
# Providers

Written from the table in `trunkline/providers/` by `python -m trunkline.providers.reference`; do not edit.

Write a model as `provider/model`. Key and address are taken from `litellm_params` (`api_key`, `api_base`), else from
the environment (the first variable that is set), else from this page. A key or address that `litellm_params` refers to
by name and that is not set makes the model unavailable; no other key is used in its place.

Column **does**: what the host offers in its own words; every chat client is served by every chat host, translated where
the formats differ. **C** chat completions, **T** text completions, **R** Responses (**N** its token count and
compaction), **M** Anthropic Messages at a host that is not Anthropic, **E** embeddings, **K** rerank, **O** moderations,
**I** images, **J** image edits, **S** speech, **A** transcription, **L** translation of speech; formats of one maker:
**a** Anthropic Messages, **g** Gemini, **b** Bedrock Converse, **c** Cohere, **o** Ollama, **p** Replicate. With an
`api_base` that is not the host's own, **R**, **N** and **M** are not offered: it is an OpenAI-compatible host then.

**sure**: `doc` = read in the vendor's documentation, `as-litellm` = as LiteLLM has it, `unsure` = look before you rely
on it. **renamed** = request parameters that are renamed on the way because the host knows only the other name; OpenAI's
reasoning models get `max_completion_tokens` besides. **key** `-` = none needed.
"""
_SPECIAL: Final = """\
## Addresses made from several settings

| write | address | key |
|---|---|---|
| `azure/<deployment>` | `api_base` or `AZURE_API_BASE`, `AZURE_OPENAI_ENDPOINT`; classic path with `api_version` (`AZURE_API_VERSION`, default `2025-02-01-preview`), or the v1 face with `api_version: v1`, `preview`, `latest` or an `api_base` that ends in `/openai/v1` | `AZURE_API_KEY`, `AZURE_OPENAI_API_KEY` in `api-key`; `azure_ad_token`, `AZURE_AD_TOKEN` as Bearer; or an Entra sign-in: `tenant_id`, `client_id`, `client_secret` (`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`), a workload (`AZURE_FEDERATED_TOKEN_FILE`), a managed identity (`AZURE_CREDENTIAL=ManagedIdentityCredential`, or App Service's `IDENTITY_ENDPOINT`) |
| `azure/responses/<deployment>` | the Responses API only | as `azure` |
| `azure_text/<deployment>` | as `azure`, text completions only | as `azure` |
| `azure_ai/<model>` | `api_base` or `AZURE_AI_API_BASE`, `/openai/v1` face, Claude at `/anthropic/v1/messages`; older serverless hosts `/v1` | `AZURE_AI_API_KEY`, or as `azure` |
| `local/<model>` | the embedded model, started with the first call | - |
"""


def reference_markdown() -> str:
    """The whole page."""
    lines = [
        _HEAD,
        *_table("Formats of their own", CODED),
        *_table("Best known", LEADING),
        *_table("More hosts", HOSTED),
        *_table("Servers of your own", SERVERS),
        _SPECIAL,
        *_closed(CLOSED),
        *_absent(ABSENT),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).rstrip() + "\n")


def _table(title: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield "| write | host | address | key | address from | does | renamed | sure |"
    yield "|---|---|---|---|---|---|---|---|"
    noted: list[str] = []
    for row in rows:
        yield _line(row)
        if row.note or row.doc:
            noted.append(f"- **{row.name}**: {row.note}{' ' if row.note and row.doc else ''}{_link(row.doc)}")
    yield ""
    yield from noted
    yield ""


def _line(row: Row) -> str:
    cells = (
        _code(f"{prefix}/" for prefix in row.prefixes),
        row.name,
        _address(row),
        _code(row.keys) + (" (optional)" if row.keyless and row.keys else "") or "-",
        _code(row.bases),
        " ".join(row.endpoints),
        ", ".join(f"`{old}` to `{new}`" for old, new in row.rename.items()),
        row.confidence,
    )
    return "| " + " | ".join(cells) + " |"


def _address(row: Row) -> str:
    if row.base is None and row.slots:
        return "by " + " and ".join(slot.name for slot in row.slots)
    return f"`{row.base}`" if row.base else "`api_base`"


def _closed(rows: Iterable[Row]) -> Iterator[str]:
    yield "\n## Closed\n"
    yield "Calls to these are refused with the reason; an `api_base` of your own is still called."
    yield ""
    yield from (f"- `{row.prefixes[0]}/`: {row.gone}." for row in rows)
    yield ""


def _absent(absents: Iterable[Absent]) -> Iterator[str]:
    yield "\n## Known, not reached by this version\n"
    yield f"**SDK**: reached with `{INSTALL}`, through [LiteLLM's SDK](../guides/litellm-sdk.md); so is every other prefix"
    yield "that the installed SDK knows."
    yield ""
    for absent in absents:
        instead = f" ({absent.instead})" if absent.instead else ""
        sdk = " **SDK**" if absent.bridge else ""
        yield f"- {_code(f'{prefix}/' for prefix in absent.prefixes)}: {absent.name}{instead}.{sdk}"
    yield ""


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _link(url: str) -> str:
    return f"[documentation]({url})" if url else ""


if __name__ == "__main__":
    PAGE.write_text(reference_markdown())
    sys.stdout.write(f"{PAGE.name} written\n")
