"""Send the corpus to both gateways and lay the answers side by side.

`make test-clients` runs it as a test; by hand, `python -m tests.oracle.run FILE` writes each difference that no rule
of `expected.json` expects, and prints the counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.oracle.compare import Difference, Rule, differences, facts, general, rules
from tests.oracle.corpus import Case, cases
from tests.oracle.provider import Recorder
from tests.oracle.proxy import Answer, LiteLLM, config, send
from tests.support.gateway import Gateway

EVERYWHERE: Final = frozenset({"headers-left-out", "headers-more", "request-headers", "model-name"})
"""Reasons that hold for nearly every call: a call that differs in nothing else counts as equal."""


@dataclass(slots=True)
class Result:
    """What the whole corpus gave."""

    total: int = 0
    equal: int = 0
    """Requests that differ at most in what differs everywhere."""
    kinds: Counter[str] = field(default_factory=Counter[str])
    """Expected differences by reason."""
    calls: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """The requests of each reason."""
    unexpected: list[Difference] = field(default_factory=list[Difference])
    stale: list[Rule] = field(default_factory=list[Rule])
    """Rules that fitted nothing."""

    def lines(self) -> list[str]:
        """For people: the counts, then what was not expected by kind, then one by one."""
        kinds = Counter((general(one.where), one.theirs[:70], one.ours[:70]) for one in self.unexpected)
        return [
            f"{self.total} requests: {self.equal} equal but for headers and the model's name",
            *(
                f"{len(self.calls[why]):5} requests, {count:5} differences: {why}"
                for why, count in self.kinds.most_common()
            ),
            f"{len(self.unexpected)} differences not expected:",
            *(f"{count:5} {where}: {theirs!r} | {ours!r}" for (where, theirs, ours), count in sorted(kinds.items())),
            *(f"{one.case}  {one.where}: {one.theirs!r} | {one.ours!r}" for one in self.unexpected),
            *(f"rule without use: {rule}" for rule in self.stale),
        ]


def _ask(case: Case, port: int, key: str) -> Answer:
    headers = {"content-type": "application/json", **case.headers}
    if case.key:
        headers["authorization"] = f"Bearer {key}"
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body, ensure_ascii=False).encode()
    return send(port, "POST", case.path, body, headers)


def run(folder: Path, corpus: Iterable[Case]) -> Result:
    """Ask both, one after the other, request by request."""
    result, known, used = Result(), rules(), set[int]()
    with Recorder() as provider, Gateway(folder, config(provider.url)) as gateway, LiteLLM(folder, gateway) as litellm:
        for case in corpus:
            sides = []
            for port, key in ((litellm.port, litellm.master_key), (gateway.port, gateway.master_key)):
                provider.calls.clear()
                answer = _ask(case, port, key)
                sides.append(facts(answer, list(provider.calls), case.surface))
            reasons = set()
            for one in differences(case, sides[0], sides[1]):
                at = next((at for at, rule in enumerate(known) if rule.fits(one)), None)
                if at is None:
                    result.unexpected.append(one)
                    reasons.add("")
                    continue
                used.add(at)
                why = known[at].why
                reasons.add(why)
                result.kinds[why] += 1
                result.calls.setdefault(why, set()).add(case.name)
            result.total += 1
            result.equal += reasons <= EVERYWHERE
    result.stale = [rule for at, rule in enumerate(known) if at not in used]
    return result


def main() -> None:
    """Write the lines to the file that is named, and the first of them to the terminal."""
    with tempfile.TemporaryDirectory(prefix="oracle") as folder:
        lines = run(Path(folder), cases()).lines()
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n")
    print("\n".join(lines[:60]))


if __name__ == "__main__":
    main()
