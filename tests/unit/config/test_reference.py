"""Pages that are made from the code, and the list of variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.config.dotenv import read
from trunkline.config.environment import INTERNAL, all_names
from trunkline.config.reference import main, pages

ROOT = Path(__file__).parents[3]
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")


@pytest.mark.parametrize("name", pages())
def test_pages_are_current(name: str) -> None:
    """Run `python -m trunkline.config.reference` after changing the catalogue."""
    assert (ROOT / name).read_text(encoding="utf-8") == pages()[name]


def test_pages_can_be_written(tmp_path: Path) -> None:
    """Into an empty folder."""
    assert main(tmp_path) == 0
    assert (tmp_path / "docs/reference/config.md").read_text(encoding="utf-8") == pages()["docs/reference/config.md"]


def _reads(tree: ast.AST) -> Iterator[str]:
    """Variables read by name: `x.get("A_B")`, `getenv("A_B")`, `x["A_B"]` where x is some environ."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func)
            if re.search(r"(?i)(environ(ment)?|env)\.(get|pop|setdefault)$|getenv$|\.variable$", called):
                yield from (
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                )
        elif (
            isinstance(node, ast.Subscript)
            and re.search(r"(?i)environ(ment)?$", ast.unparse(node.value))
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            yield node.slice.value


def _constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _VARIABLE.match(node.value):
            yield node.value


def test_every_variable_that_is_read_is_listed() -> None:
    """In the code by name, and in the provider table by any constant that looks like a variable."""
    read_by_code: set[str] = set()
    for path in sorted((ROOT / "trunkline").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        read_by_code |= {name for name in _reads(tree) if _VARIABLE.match(name)}
        if path.parent.name in {"providers", "cli"}:
            read_by_code |= set(_constants(tree))
    read_by_code -= {"PROGRAMMATIC_ACCESS_TOKEN", "KEYPAIR_JWT"}  # values of a header
    assert read_by_code - all_names() == set()


def test_the_example_is_complete() -> None:
    """Every variable stands in `.env.example`, set or after a `#`."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    hidden = {variable.name for variable in INTERNAL}
    assert {name for name in all_names() if not re.search(rf"\b{name}\b", text)} == hidden
    assert set(read(ROOT / ".env.example")) == {
        "GOOGLE_CLOUD_PROJECT", "GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MODEL", "LITELLM_MASTER_KEY",
        "TRUNKLINE_DATA",
    }  # fmt: skip
