"""Generates the reference pages from the code, and checks the links of every Markdown file.

`python scripts/docs.py` does both; with `--check` it only checks. A room of the gateway that has something to document
has a module `reference`, which writes its pages when it is run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def generate() -> None:
    """Run every `trunkline/*/reference.py`, and the application's."""
    for module in (*sorted(ROOT.glob("trunkline/*/reference.py")), ROOT / "backend/app/reference.py"):
        name = ".".join(module.relative_to(ROOT).with_suffix("").parts)
        print(f"docs: {name}")
        subprocess.run((sys.executable, "-m", name), cwd=ROOT, check=True)


def anchors(text: str) -> set[str]:
    """The anchors that a Markdown page offers, named as GitHub names them."""
    seen: dict[str, int] = {}
    found = set(re.findall(r"<a (?:name|id)=\"([^\"]+)\"", text))
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def broken(page: Path, root: Path = ROOT) -> Iterator[str]:
    """The links of a page that lead nowhere inside the project, as lines to print."""
    text = page.read_text()
    plain = FENCE.sub(lambda match: "\n" * match.group().count("\n"), text)
    plain = CODE.sub("", plain)
    for match in (*LINK.finditer(plain), *REFERENCE.finditer(plain)):
        target, _, anchor = match.group(1).partition("#")
        if ELSEWHERE.match(target):
            continue
        line = plain.count("\n", 0, match.start()) + 1
        where = f"{page.relative_to(root)}:{line}"
        file = (root / target.lstrip("/") if target.startswith("/") else page.parent / target) if target else page
        if not file.exists():
            yield f"{where}: `{match.group(1)}` is not there"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"{where}: `{file.name}` has no heading `#{anchor}`"


def main(argv: list[str]) -> int:
    """Generate unless `--check`, then check; returns 1 when a link is broken."""
    if "--check" not in argv:
        generate()
    command = ("git", "ls-files", "-co", "--exclude-standard", "*.md")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    said = [line for name in listed if (ROOT / name).is_file() for line in broken(ROOT / name)]
    print("\n".join(said), end="\n" if said else "")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
