"""What two gateways made of one request, as facts that can be laid side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from tests.oracle.corpus import Case
from tests.oracle.folding import fold
from tests.oracle.provider import Sent
from tests.oracle.proxy import Answer

Facts = dict[str, str]
EXPECTED: Final = Path(__file__).with_name("expected.json")
ABSENT: Final = "-"
_DROPPED: Final = frozenset(
    {"created", "created_at", "completed_at", "system_fingerprint", "sequence_number", "item_id"}
)
_ID: Final = frozenset({"id", "call_id", "tool_call_id", "tool_use_id", "response_id", "request_id", "responseId"})
_MADE: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}")
_OURS: Final = re.compile(r"x-litellm-|llm_provider-|retry-after|x-request-id$|request-id$|x-trunkline-")
_COUNT: Final = re.compile(r"details|cache_|cache\.|reasoning")
"""Counts where none and zero are the same."""
_SENT_HEADERS: Final = ("authorization", "x-api-key", "x-goog-api-key", "anthropic-version", "anthropic-beta", "accept")


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that is not the same."""

    case: str
    where: str
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference that is meant: patterns for the case, the place and both values, and the reason's key."""

    cases: str
    where: str
    theirs: str
    ours: str
    why: str

    def fits(self, one: Difference) -> bool:
        """Whether it is this one."""
        return (
            any(fnmatchcase(one.case, pattern) for pattern in self.cases.split())
            and any(fnmatchcase(one.where, pattern) for pattern in self.where.split())
            and _like(one.theirs, self.theirs)
            and _like(one.ours, self.ours)
        )


def _like(value: str, pattern: str) -> bool:
    """`*` is anything, `+` anything but nothing; brackets are plain."""
    if pattern == "+":
        return value != ABSENT
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def rules() -> list[Rule]:
    """What `expected.json` says, in its order."""
    return [
        Rule(
            one.get("cases", "*"),
            re.sub(r"\[\]", "[[]*[]]", one["where"]),
            one.get("theirs", "*"),
            one.get("ours", "*"),
            one["why"],
        )
        for one in json.loads(EXPECTED.read_text())
    ]


def differences(case: Case, theirs: Facts, ours: Facts) -> Iterator[Difference]:
    """Each place where they are not equal.

    What follows from a difference is not one: where the provider was called in another format, the bodies are not laid
    side by side, and where one side refused, there is no answer to compare.
    """
    skipped: list[str] = []
    if theirs.get("sent.path") != ours.get("sent.path") or theirs["sent"] != ours["sent"]:
        skipped += ["sent.body", "sent.header"]
    if theirs["status"] != ours["status"] or theirs["type"] != ours["type"]:
        skipped += ["answer", "stream", "header.llm_provider", "header.x-litellm-response-cost"]
        if ("error.error.message" in theirs) != ("error.error.message" in ours):
            skipped += ["error.", "type"]
    for where in sorted(theirs.keys() | ours.keys()):
        if where.startswith(tuple(skipped)):
            continue
        one, other = theirs.get(where, ABSENT), ours.get(where, ABSENT)
        if one != other:
            yield Difference(case.name, where, one, other)


def facts(answer: Answer, sent: Iterable[Sent], surface: str) -> Facts:
    """Of one gateway's answer and of what the provider got for it."""
    found: Facts = {"status": str(answer.status)}
    kind = answer.headers.get("content-type", "").partition(";")[0]
    found["type"] = kind
    if answer.broken:
        found["broken"] = "yes"
    for name in answer.headers:
        if _OURS.match(name):
            found[f"header.{name}"] = "+"
    if kind == "text/event-stream":
        folded, shape = fold(answer.body, surface)
        found |= {f"stream.{name}": value for name, value in shape.items()}
        _flatten(folded, "answer", found)
    else:
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = {"text": answer.body.decode("utf-8", "replace")[:200]}
        _flatten(body, "answer" if answer.status < 300 else "error", found)
    calls = list(sent)
    found["sent"] = str(len(calls))
    for call in calls[:1]:
        found["sent.path"] = call.path
        for name in _SENT_HEADERS:
            if name in call.headers:
                found[f"sent.header.{name}"] = call.headers[name]
        body = _camel(call.body) if call.format.startswith("gemini") else call.body
        _flatten(body, "sent.body", found)
    return found


def _camel(value: Any) -> Any:
    """Google takes both spellings of its members; what clients named stays."""
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    spelt = {}
    for name, inner in value.items():
        own = name in {"properties", "args", "response", "labels"}
        spelt[re.sub("_([a-z])", lambda found: found[1].upper(), name)] = inner if own else _camel(inner)
    return spelt


def _flatten(value: Any, where: str, into: Facts) -> None:
    """Members by their path; null and an empty list or object are as if they were not there."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _DROPPED:
                continue
            if name in _ID and isinstance(inner, str):
                if where.startswith("sent"):
                    into[f"{where}.{name}"] = inner
                elif "call" in where or "content" in where or name == "call_id":
                    into[f"{where}.{name}"] = "the provider's" if re.search("_a[12]$", inner) else "made"
                continue
            _flatten(inner, f"{where}.{name}", into)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            _flatten(inner, f"{where}[{at}]", into)
    elif value is not None and not (value == 0 and _COUNT.search(where)):
        text = value if isinstance(value, str) else json.dumps(value)
        if isinstance(value, float) and value == int(value):
            text = str(int(value))
        text = _MADE.sub("<id>", _spelling(text, where))
        into[where] = text[:400]


def _spelling(text: str, where: str) -> str:
    """JSON inside strings in one spelling: blanks between its tokens say nothing."""
    if text[:1] in {"{", "["} and where.rpartition(".")[2] in {"arguments", "input"}:
        try:
            return json.dumps(json.loads(text))
        except ValueError:
            return text
    return text


def general(where: str) -> str:
    """A place without its indices, for counting."""
    return re.sub(r"\[\d+\]", "[]", where)
