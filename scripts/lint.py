"""The project's own rules, each for a mistake that would be expensive and that no general linter knows.

`python scripts/lint.py` prints `file:line: rule: what is wrong` and fails when there is anything. A line that has a
good reason to differ ends in `# lint: RULE (the reason)`, or has that on the line above. What ruff knows is left to
ruff: S102, S301, S307, S506 (`exec`, `pickle`, `eval`, `yaml.load`) and S608 (SQL built from pieces; LiteLLM's keys
were taken that way: GHSA-r75f-5x8p-qvmc).
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Found = Iterator[tuple[int, str]]

HOT_PATH = (
    *("trunkline/server/edge*.py", "trunkline/pipeline/*.py", "trunkline/wire/*/*.py", "trunkline/surfaces/openai*.py"),
    *("trunkline/upstream/conn*.py", "trunkline/upstream/pool.py", "trunkline/routing/plan.py"),
    *("trunkline/access/credentials.py", "trunkline/ledger/journal.py", "trunkline/ledger/turn.py"),
    "trunkline/telemetry/stats.py",
)
LOGS = re.compile(r"(\w*log|\w*logger|logging)\.(?!getLogger)\w+$")
PROVIDERS_LIVE_IN = (
    *("trunkline/providers/*", "trunkline/profiles/*", "trunkline/wire/*"),
    *(
        "trunkline/ir/endpoint.py",
        "trunkline/ir/format.py",
        "trunkline/ir/tool_ids.py",
    ),  # operations and ids, by who gave them their form
    *("trunkline/surfaces/operations.py", "trunkline/admin/openapi_operations.py"),  # client APIs, by their makers
    *("trunkline/config/catalogue*.py", "trunkline/config/environment.py"),  # LiteLLM's keys and variables as they are
)
COMMON_WORDS = {  # prefixes in a config too, but English first
    *("cognition", "inception", "infinity", "lemonade", "local", "meta", "morph", "palm", "poe", "prism", "replicate"),
    *("sail", "stability", "synthetic", "topaz", "transcribe", "triton"),
}
NOT_A_PROVIDER_HERE = re.compile(
    r"(?:openai_(?:chat|responses|params)|anthropic_messages|bedrock_converse|cohere_(?:chat|embed|rerank)"
    r"|gemini_(?:count|embed|batch_embed)|ollama_chat)|OPENAI_\w+|ANTHROPIC_MESSAGES|BEDROCK_CONVERSE|COHERE_\w+|GEMINI\w*"
    r"|OLLAMA_CHAT|OpenAI-|surfaces[./]openai|/openai/|openapi|litellm_proxy_"
)
"""Names of client APIs (a surface, a byte format, a path, a header) and LiteLLM's own words, not the companies."""


def provider_name(path: str, tree: ast.Module) -> Found:
    """LiteLLM has provider names in 2,700 files, so a new provider touches the router, the proxy and the ledger."""
    if not path.startswith("trunkline/") or any(fnmatch(path, place) for place in PROVIDERS_LIVE_IN):
        return
    ours = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and re.match(r"trunkline\.(surfaces|wire)", node.module or "")
        for alias in node.names
    }
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                words = text
            case ast.Name(id=words) if words in ours:
                continue
            case ast.Name(id=words) | ast.Attribute(attr=words) | ast.arg(arg=words):
                pass
            case ast.FunctionDef(name=words) | ast.AsyncFunctionDef(name=words) | ast.ClassDef(name=words):
                pass
            case _:
                continue
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", NOT_A_PROVIDER_HERE.sub(" ", words)).lower()
        for name in sorted(set(_providers().findall(words))):
            yield node.lineno, f"names the provider `{name}`; put the fact into providers/, profiles/ or wire/"


@cache
def _providers() -> re.Pattern[str]:
    from trunkline.providers.registry import provider_names

    names = sorted(provider_names() - COMMON_WORDS, key=len, reverse=True)
    return re.compile(rf"(?<![a-z0-9])({'|'.join(map(re.escape, names))})(?![a-z0-9])")


def hot_path(path: str, tree: ast.Module) -> Found:
    """One logging call costs as much as relaying a request (5-20 us); a sleep holds a call for a timer.

    An `except` block is not the hot path.
    """
    if not any(fnmatch(path, place) for place in HOT_PATH):
        return
    rare = {id(n) for block in ast.walk(tree) if isinstance(block, ast.ExceptHandler) for n in ast.walk(block)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and id(node) not in rare and LOGS.match(ast.unparse(node.func)):
            yield node.lineno, "logs on the hot path; count it (telemetry/stats.py) or hand it to telemetry/logs.py"
        if isinstance(node, ast.Await) and ast.unparse(node.value).startswith("asyncio.sleep("):
            yield node.lineno, "sleeps on the hot path; wait for an event or use the coarse timer"


def length(path: str, tree: ast.Module) -> Found:
    """LiteLLM's `completion()` has 1,126 lines and its largest module 22,264; nobody can change either safely."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > 70:
                yield node.lineno, f"`{node.name}` has {lines} lines; 70 are the most: give its steps names"
    limit = 900 if path.startswith(("tests/", "bench/")) else 600
    lines = max((getattr(node, "end_lineno", 0) or 0 for node in tree.body), default=0)
    if lines > limit:
        yield 1, f"the module has {lines} lines; {limit} are the most: would two rooms be clearer?"


RULES: tuple[tuple[str, Callable[[str, ast.Module], Found]], ...] = (
    ("provider-name", provider_name),
    ("hot-path", hot_path),
    ("length", length),
)


def place(text: str) -> Found:
    """Files that named one machine's folders, or one package index, worked nowhere else."""
    paths = re.compile(r"(?<![\w.$}/])/(work|root|home|Users)/\w")
    hosts = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|\bdeb\.debian\.org")
    for number, line in enumerate(text.splitlines(), 1):
        if paths.search(line):
            yield number, "names a path of one machine"
        if hosts.search(line):
            yield number, "names the host of a package registry"


def check(path: str, text: str) -> Iterator[str]:
    """Everything that is wrong with one file, as lines to print."""
    found = [("place", line, what) for line, what in place(text)]
    if path.endswith(".py"):
        tree = ast.parse(text, path)
        found += [(name, line, what) for name, rule in RULES for line, what in rule(path, tree)]
    lines = ["", *text.splitlines()]
    for name, line, what in found:
        above = lines[line - 1] if lines[line - 1].lstrip().startswith("#") else ""
        if not re.search(rf"lint: {name} \(.+\)", lines[line] + above):
            yield f"{path}:{line}: {name}: {what}"


def main() -> int:
    """Check every file that git knows or would add; returns 1 when something was found."""
    listed = subprocess.run(("git", "ls-files", "-co", "--exclude-standard"), cwd=ROOT, capture_output=True, check=True)
    said: list[str] = []
    for path in listed.stdout.decode().splitlines():
        try:
            said += check(path, (ROOT / path).read_text())
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # binary, or removed and not yet committed
    print("\n".join(said), end="\n" if said else "")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
