"""What the documentation says is so: defaults, settings, routes, statuses, headers, tests, links."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from trunkline.admin.routes import DATA_PLANE, ROUTES, fits
from trunkline.config.catalogue import (
    GENERAL_SETTINGS,
    LITELLM_PARAMS,
    LITELLM_SETTINGS,
    MODEL_INFO,
    ROUTER_SETTINGS,
    TOP,
    TRUNKLINE,
)
from trunkline.config.snapshot import EdgeLimits, LedgerSettings, RouterSettings, Timeouts
from trunkline.pipeline.failures import from_answer, from_failure
from trunkline.surfaces import routes
from trunkline.upstream import Kind, UpstreamFailure

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    if "reference" not in path.parts  # made from the code, and tested where it is made
)
WAY: Final = ROOT / "docs/concepts/way-of-a-call.md"
SECTIONS: Final = (GENERAL_SETTINGS, LITELLM_PARAMS, LITELLM_SETTINGS, MODEL_INFO, ROUTER_SETTINGS, TOP, TRUNKLINE)

ABSENT: Final = frozenset[str]()
"""Paths that the pages name to say that this version does not have them."""
OF_THE_APPLICATION: Final = frozenset(json.loads((ROOT / "frontend/openapi.json").read_text())["paths"]) | {
    "/api",
    "/ui",
}
"""Its paths as its OpenAPI has them, and the gateway's own page."""
OF_OTHERS: Final = frozenset(
    {
        "PYTHON",
        "ARGS",
        "CI",
        "FORWARDED_ALLOW_IPS",
        "HTTP_PROXY",
        "LITELLM_IMAGE",
        "PYTHON_IMAGE",
        "NGINX_IMAGE",
        "TASK_MODEL_MAP",
        "PIP_INDEX_URL",
        "PIP_CERT",
        "COMMIT",
        "NUMERIC",
        "REAL",
        "BIGINT",
    }
)
"""Words in capitals that are no variables of the gateway."""


def _code(page: Path) -> list[str]:
    """The words in backticks of a page, fenced blocks left out."""
    text = re.sub(r"^(```|~~~).*?^\1$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def _rows(page: Path, heading: str) -> Iterator[list[str]]:
    """The cells of every table row under a heading."""
    _, found, rest = page.read_text().partition(f"\n## {heading}\n")
    assert found, f"{page.name} has no `## {heading}`"
    for line in rest.partition("\n## ")[0].splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def _everywhere() -> Iterator[tuple[Path, str]]:
    return ((page, word) for page in OURS for word in _code(page))


@cache
def _sources(folder: str, pattern: str = "*.py") -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob(pattern)))


def _docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scripts_docs_for_tests", ROOT / "scripts" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_link_inside_the_project_leads_somewhere() -> None:
    """A relative link names a file that exists, and a heading that it has."""
    docs = _docs()
    assert [line for page in OURS for line in docs.broken(page)] == []


DEFAULTS: Final[Mapping[str, float]] = {
    "connect_timeout": Timeouts().connect,
    "first_byte_timeout": Timeouts().first_byte,
    "idle_timeout": Timeouts().idle,
    "write_seconds": Timeouts().write,
    "header_seconds": EdgeLimits().header_seconds,
    "body_seconds": EdgeLimits().body_seconds,
    "keepalive_seconds": EdgeLimits().keepalive_seconds,
    "header_bytes": EdgeLimits().header_bytes,
    "header_count": EdgeLimits().header_count,
    "url_bytes": EdgeLimits().url_bytes,
    "shutdown_seconds": EdgeLimits().shutdown_seconds,
    "drain_seconds": EdgeLimits().drain_seconds,
    "segment_bytes": LedgerSettings().segment_bytes,
    "spool_bytes": LedgerSettings().spool_bytes,
    "max_request_size_mb": EdgeLimits().body_bytes / 1024 / 1024,
    "num_retries": RouterSettings().num_retries,
    "max_fallbacks": RouterSettings().max_fallbacks,
    "cooldown_time": RouterSettings().cooldown_seconds,
}


def test_limits_are_written_with_their_defaults() -> None:
    """The table of limits has every one of them, with the default that the gateway runs on."""
    rows = {re.findall(r"`(\w+)`", row[0])[0]: row[1] for row in _rows(WAY, "Limits and time-outs") if "`" in row[0]}
    assert {name: float(value) for name, value in rows.items()} == DEFAULTS
    assert f"{Timeouts().total:,.0f} s" in WAY.read_text()


def test_failures_are_written_with_their_statuses() -> None:
    """The table of failures says of each kind what `pipeline/failures.py` does."""
    written = {}
    for row in _rows(WAY, "Attempts"):
        if len(row) == 6 and row[0].startswith("`"):
            written[row[0].split("`")[1]] = row[1:]
    expected = {}
    for kind in Kind:
        trouble = from_failure(UpstreamFailure(kind, "text"), "openai")
        answers = ["yes" if yes else "no" for yes in (trouble.same_place, trouble.other_place)]
        expected[kind.value] = [str(trouble.status), f"`{trouble.kind}`", f"`{trouble.outcome}`", *answers]
    assert written == expected


def test_provider_statuses_are_written_with_their_consequences() -> None:
    """The table of statuses says what follows on a provider's error, and no status changes on its way."""
    rows = [row for row in _rows(WAY, "Attempts") if len(row) == 4 and row[0].isdigit()]
    assert len(rows) > 10
    for status, kind, same, other in rows:
        trouble = from_answer(int(status), b"", "openai")
        assert trouble.status == int(status)
        answers = tuple("yes" if yes else "no" for yes in (trouble.same_place, trouble.other_place))
        assert (f"`{trouble.kind}`", *answers) == (kind, same, other), status


def test_error_types_exist() -> None:
    """Every error type in a table is one that the gateway answers."""
    sources = _sources("trunkline")
    column = r"\| [\d, ]+ \|? ?((?:`[a-z_]+`(?:, )?)+) \|"
    named = {
        word
        for page in OURS
        for cell in re.findall(column, page.read_text())
        for word in re.findall(r"`([a-z_]+)`", cell)
    }
    assert len(named) >= 8
    assert [word for word in sorted(named) if f'"{word}"' not in sources] == []


def _known_setting(name: str) -> bool:
    return any(section.find(name) is not None for section in SECTIONS)


OTHERS_KEYS = {"model_name", "model", "hidden", "alias", "build"}
"""Keys of `model_list`, and of Compose files."""


def test_settings_exist() -> None:
    """Every setting that a page names with its section or a value is one that the config knows."""
    sections = {
        "general_settings": GENERAL_SETTINGS,
        "litellm_settings": LITELLM_SETTINGS,
        "router_settings": ROUTER_SETTINGS,
        "model_info": MODEL_INFO,
        "litellm_params": LITELLM_PARAMS,
        "trunkline": TRUNKLINE,
    }
    unknown = []
    for page, word in _everywhere():
        dotted = re.fullmatch(r"(?:general_settings\.)?(\w+)\.([a-z_]+)(?::.*)?", word)
        if dotted and dotted[1] in sections and sections[dotted[1]].find(dotted[2]) is None:
            unknown.append(f"{page.name}: `{word}`")
        valued = re.fullmatch(r"([a-z_]+): \S.*", word)
        if valued and not _known_setting(valued[1]) and valued[1] not in OTHERS_KEYS:
            unknown.append(f"{page.name}: `{word}`")
    assert unknown == []


def test_a_setting_of_ours_that_no_page_explains_is_in_the_table_of_limits_or_named() -> None:
    """Each of Trunkline's own settings stands on some page outside the reference."""
    words = " ".join(word for _, word in _everywhere())
    assert [key.name for key in TRUNKLINE.keys if key.name not in words] == []


def test_variables_exist() -> None:
    """Every environment variable that a page names is in the reference, which is made from the code."""
    reference = (ROOT / "docs/reference/settings.md").read_text()
    unknown = [
        f"{page.name}: `{word}`"
        for page, word in _everywhere()
        if (found := re.fullmatch(r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?", word))
        and found[1] not in OF_OTHERS
        and f"`{found[1]}`" not in reference
    ]
    assert unknown == []


def _answered(path: str) -> bool:
    path = path.partition("?")[0]
    known = chain((route.path for route in ROUTES), (template for _, template in DATA_PLANE))
    if (path.rstrip("/") or path) in OF_THE_APPLICATION:
        return True
    return any(fits(template, path) or template == path for template in known) or (
        routes.match(path.encode()) is not None
    )


def test_routes_exist() -> None:
    """Every path that a page names is answered, unless it is named as one that is not there."""
    unknown = []
    for page, word in _everywhere():
        found = re.fullmatch(r"(?:(?:GET|POST) )?(/[a-z0-9_./{}?=-]*)", word)
        if (
            found is None
            or found[1] in {"//", "/srv", "/v1", "/openai/v1/", "/tmp"}
            or found[1].startswith(("/etc/", "/app/"))
        ):
            continue
        if found[1] in ABSENT:
            assert not _answered(found[1])
        elif not _answered(found[1]):
            unknown.append(f"{page.name}: `{word}`")
    assert unknown == []


def test_headers_exist() -> None:
    """Every header of ours that a page names is in the code."""
    sources = _sources("trunkline")
    named = {word for _, word in _everywhere() if re.fullmatch(r"x-(?:litellm|trunkline)-[a-z-]+", word)}
    assert len(named) > 5
    assert [name for name in sorted(named) if name not in sources] == []


def test_metrics_exist() -> None:
    """Every series that a page names is in the reference."""
    reference = (ROOT / "docs/reference/metrics.md").read_text()
    named = {word for _, word in _everywhere() if re.fullmatch(r"trunkline_\w+|litellm_deployment_\w+", word)}
    named -= {"trunkline_revision"}
    assert [name for name in sorted(named) if f"`{name}`" not in reference] == []


def test_tests_that_are_named_exist() -> None:
    """A page that leans on a test names one that is there."""
    sources = _sources("tests")
    named = {word for _, word in _everywhere() if re.fullmatch(r"test_\w+", word)}
    assert len(named) > 40
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []


def test_files_that_are_named_exist() -> None:
    """A path of this project in backticks is a file or a folder of it."""
    named = {
        word for _, word in _everywhere() if re.fullmatch(r"(?:trunkline|tests|scripts|docs|bench)/[\w./-]+", word)
    }
    assert len(named) > 10
    made_by_use = {"bench/results", "bench/results/"}
    assert [name for name in sorted(named - made_by_use) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.name)
def test_pages_are_plain(page: Path) -> None:
    """One title, and no line over 130 characters outside tables and blocks."""
    text = re.sub(r"^(```|~~~).*?^\1$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert text.count("\n# ") + text.startswith("# ") == 1
    assert [line for line in text.splitlines() if len(line) > 130 and not line.startswith("|")] == []
