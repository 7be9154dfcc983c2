"""The project's own rules catch what they are for, and its promises about itself hold."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests import no_skips

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = "/" + "root/checkout"


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lint = _script("lint")
docs = _script("docs")


def _rules(path: str, code: str) -> list[str]:
    return [line.split(": ")[1] for line in lint.check(path, code)]


@pytest.mark.parametrize(
    "code",
    ['name = "groq"', "def call_groq() -> None: ...", "class GroqError: ...", 'x = f"vertex_ai/{y}"', "a.azure = 1"],
)
def test_a_provider_outside_its_rooms_is_found(code: str) -> None:
    """A provider's name as string, function, class or attribute is an error in routing and none in providers."""
    assert _rules("trunkline/routing/plan.py", code) == ["provider-name"]
    assert _rules("trunkline/providers/groq.py", code) == []
    assert _rules("tests/unit/test_x.py", code) == []


@pytest.mark.parametrize(
    "code",
    [
        '"""As groq does it."""',
        "from trunkline.wire.openai_chat import usage",
        "from trunkline.surfaces import openai\nopenai.paths()",
        'path = "/openai/deployments"',
        'word = "replicate"',
    ],
)
def test_a_client_api_or_a_docstring_is_no_provider(code: str) -> None:
    """Prose, names of formats and surfaces, and English words pass."""
    assert _rules("trunkline/routing/plan.py", code) == []


def test_logging_on_the_hot_path_is_found_and_in_a_handler_is_not() -> None:
    """A log call is an error where every request passes, but not where an exception is handled, nor elsewhere."""
    code = "import logging\n_log = logging.getLogger(__name__)\n_log.info('x')\n"
    assert _rules("trunkline/pipeline/call.py", code) == ["hot-path"]
    assert _rules("trunkline/pipeline/call.py", "try:\n    f()\nexcept OSError:\n    _log.error('x')\n") == []
    assert _rules("trunkline/telemetry/logs.py", code) == []


def test_a_sleep_on_the_hot_path_is_found() -> None:
    """`await asyncio.sleep` is an error where every request passes."""
    assert _rules("trunkline/upstream/pool.py", "async def f():\n    await asyncio.sleep(0)\n") == ["hot-path"]


def test_long_functions_and_modules_are_found() -> None:
    """A function of 71 lines and a module of 601 are too long; a test module may have 900."""
    assert _rules("trunkline/a.py", "def f():\n" + "    x\n" * 70) == ["length"]
    assert _rules("trunkline/a.py", "x\n" * 601) == ["length"]
    assert _rules("tests/a.py", "x\n" * 900) == []


def test_paths_of_one_machine_and_registry_hosts_are_found() -> None:
    """A home folder or a package index in any kind of file is an error."""
    assert _rules("README.md", f"cd {FOREIGN}") == ["place"]
    assert _rules("requirements/base.txt", "--index-url https://pypi" + ".org/simple") == ["place"]
    assert _rules("README.md", "see https://example.org/root/x and ./home/x") == []


def test_a_line_may_differ_with_a_reason_only() -> None:
    """The marker needs the rule and a reason."""
    path = "trunkline/routing/plan.py"
    assert _rules(path, 'x = "groq"  # lint: provider-name (their bug 12)') == []
    assert _rules(path, 'x = "groq"  # lint: provider-name') == ["provider-name"]
    assert _rules(path, 'x = "groq"  # lint: length (their bug 12)') == ["provider-name"]


def test_every_rule_begins_with_what_it_prevents() -> None:
    """Each rule says why it exists."""
    for name, rule in lint.RULES:
        assert len(rule.__doc__ or "") > 60, name


def test_broken_links_are_found(tmp_path: Path) -> None:
    """A missing file and a missing heading are named with their line; good links and code are not."""
    (tmp_path / "other.md").write_text("# A `good` heading\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md#a-good-heading) `[no](x.md)`\n[b](missing.md)\n[c](other.md#bad) [d](https://example.org)\n"
        "```\n[e](e.md)\n```\n"
    )
    said = list(docs.broken(page, tmp_path))
    assert [line.split(": ")[0] for line in said] == ["page.md:2", "page.md:3"]


def test_locks_name_no_host_and_hash_everything() -> None:
    """Lock files work with any index, and every package in them has hashes."""
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {lock.name for lock in locks} >= {"base.txt", "dev.txt", "local.txt", "uv.txt"}
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text, lock.name
        for pin in re.findall(r"^[a-z0-9].*", text, re.MULTILINE | re.IGNORECASE):
            assert re.match(r"[A-Za-z0-9._\[\],-]+==\S+ .*\\$", pin), f"{lock.name}: {pin}"
    assert "resolved" not in (ROOT / "tests/clients/package-lock.json").read_text()


def test_pins_and_locks_agree() -> None:
    """What pyproject.toml pins is what the locks install: `make lock` was not forgotten."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE))
    pins = [*project["project"]["dependencies"], *(p for group in project["dependency-groups"].values() for p in group)]
    for pin in pins:
        name, version = re.split("==", pin.partition(";")[0])
        assert locked[name.partition("[")[0]] == version.strip(), pin


def test_every_ignored_ruff_rule_has_its_reason() -> None:
    """No rule is switched off without a word why."""
    section = (ROOT / "pyproject.toml").read_text().partition("[tool.ruff.lint]")[2].partition("[tool.mypy]")[0]
    for line in re.findall(r'^ +"[A-Z]+\d*".*', section, re.MULTILINE):
        assert re.search(r"#\s+\S.{6,}", line), line


def _tests() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(ROOT)}::{node.name}", node


def test_every_test_says_what_it_promises() -> None:
    """Each test has a docstring that is a sentence."""
    silent = [name for name, node in _tests() if not re.match(r"(?s)\S.*[.:]", ast.get_docstring(node) or "")]
    assert not silent


SKIPPED_TEST = "import pytest\ndef test_x(): pytest.skip('no such part')\n"
SKIPPED_MODULE = "import pytest\npytest.skip('no such part', allow_module_level=True)\n"
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail(reason='no such part')\ndef test_x(): assert False\n"


def _pytest(folder: Path, code: str, *, ci: bool) -> subprocess.CompletedProcess[str]:
    (folder / "test_one.py").write_text(code + "def test_y(): pass\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    environ = {k: v for k, v in os.environ.items() if k != "CI"} | {"PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "pytest", "-p", "tests.no_skips", "-p", "no:cacheprovider", "-p", "no:asyncio")
    environ |= {"CI": "true"} if ci else {}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)


@pytest.mark.parametrize("code", [SKIPPED_TEST, SKIPPED_MODULE])
def test_a_skip_is_a_failure_in_ci_and_loud_elsewhere(tmp_path: Path, code: str) -> None:
    """Where `CI=true` a skipped test or module fails with its reason; elsewhere the run ends with a list of skips."""
    failed = _pytest(tmp_path, code, ci=True)
    assert failed.returncode in {1, 2}
    assert "no such part" in failed.stdout
    passed = _pytest(tmp_path, code, ci=False)
    assert passed.returncode in {0, 5}
    assert "1 SKIPPED: these promises were not checked" in passed.stdout
    assert "no such part" in passed.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    """`xfail` stays what it is in CI."""
    assert _pytest(tmp_path, EXPECTED_FAILURE, ci=True).returncode == 0


def test_the_plugin_against_skips_is_loaded() -> None:
    """pyproject.toml loads the plugin for every run of this suite."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["addopts"]
    assert no_skips.__name__ in options
