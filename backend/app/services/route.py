"""The way a call took, and what was left behind on it, from the facts that the gateway states about its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from backend.app.api.schemas.messages import Loss, LossKind, Route, Station
from backend.app.api.schemas.models import ModelCard, Replaced
from backend.app.services.gateway.events import Opened
from backend.app.services.providers import EMBEDDED, provider_name

_LOSS: Final = re.compile(r"\s*(?P<path>[^\s(]+)(?:\s+\((?P<reason>.*)\))?\s*", re.DOTALL)
"""`messages[2].content[0] (why)`, or the name of a parameter alone."""
_REPLACED: Final = re.compile(r"(?P<retired>\S+)(?: \(retired (?P<since>[^)]*)\))? by (?P<successor>\S+)")
_CHANGED: Final = re.compile(r"\b(was sent|were sent|becomes|was cut off|nearest)\b")

_KINDS: Final[Sequence[tuple[LossKind, re.Pattern[str]]]] = (
    ("reasoning", re.compile(r"reasoning|thinking|opaque|signature", re.IGNORECASE)),
    ("tool", re.compile(r"\btools?\b|tool_c|function", re.IGNORECASE)),
    ("image", re.compile(r"image", re.IGNORECASE)),
    ("file", re.compile(r"\bfiles?\b|document|pdf|audio|media", re.IGNORECASE)),
)
"""The first that fits the path and the reason, in this order: reasoning about an image is reasoning."""
_PLURALS: Final[dict[LossKind, tuple[str, str]]] = {
    "image": ("an image", "images"),
    "file": ("a file", "files"),
    "reasoning": ("another model's reasoning", "pieces of another model's reasoning"),
    "tool": ("a tool", "tools"),
    "parameter": ("a parameter", "parameters"),
    "other": ("a part of the message", "parts of the messages"),
}


def losses(stated: Iterable[str]) -> list[Loss]:
    """What the gateway left out or changed, the same thing at several places counted once."""
    found: dict[tuple[LossKind, str], Loss] = {}
    for text in stated:
        match = _LOSS.fullmatch(text)
        if match is None:
            continue
        path, reason = match["path"], (match["reason"] or "").strip()
        kind = _kind(path, reason)
        key = (kind, reason or path)
        before = found.get(key)
        if before is not None:
            found[key] = before.model_copy(update={"count": before.count + 1})
            continue
        changed = _CHANGED.search(reason) is not None
        found[key] = Loss(
            kind=kind,
            path=path,
            count=1,
            action="changed" if changed else "dropped",
            message=_sentence(path, reason, changed=changed),
        )
    return list(found.values())


def _kind(path: str, reason: str) -> LossKind:
    for kind, pattern in _KINDS:
        if pattern.search(path) or pattern.search(reason):
            return kind
    return "other" if path.startswith("messages") else "parameter"


def _sentence(path: str, reason: str, *, changed: bool) -> str:
    what = f"`{path}` was {'changed' if changed else 'left out'}"
    return f"{what}: {reason}." if reason else f"{what}: this model does not take it."


def missing(kind: LossKind, path: str, count: int, model: str) -> Loss:
    """A medium that the model does not take, left out here before anything is sent."""
    one, many = _PLURALS[kind]
    what = f"{one} was" if count == 1 else f"{count} {many} were"
    takes = _PLURALS[kind][1]
    return Loss(
        kind=kind, path=path, count=count, action="dropped", message=f"{what} left out: {model} takes no {takes}."
    )


def combined(first: Iterable[Loss], second: Iterable[Loss]) -> list[Loss]:
    """Both lists, what stands in both once."""
    found = {(loss.kind, loss.path): loss for loss in first}
    for loss in second:
        found.setdefault((loss.kind, loss.path), loss)
    return list(found.values())


def route(
    opened: Opened | None,
    *,
    asked: str,
    who: str,
    card: ModelCard | None,
    first_word_ms: float | None,
    failure: str | None = None,
) -> Route:
    """The stations of a call: you, key, policy, router, what failed, what answered.

    `opened` is None where the gateway did not take the call. `who`: the person's name. `failure`: why the last station
    did not answer, in a few words.
    """  # fmt: skip
    stations = [Station(kind="you", name=who, state="ok")]
    if opened is None:
        stations.append(Station(kind="router", name="gateway", state="failed", detail=failure))
        return Route(
            stations=stations, why=f"`{asked}` was not called: {failure or 'nothing answered'}.", replaced=None
        )
    stations.append(Station(kind="key", name="the application's key", state="ok"))
    stations.append(Station(kind="policy", name="policy", state="ok", detail=_left_out(opened.losses)))
    stations.append(Station(kind="router", name=opened.group or asked, state="ok", detail=_tries(opened)))
    stations += _failed(opened, card)
    embedded = opened.api_base == "embedded" or opened.provider == EMBEDDED
    answered = Station(
        kind="provider",
        name=opened.provider_model or provider_name(opened.provider),
        state="failed" if failure else "embedded" if embedded else "ok",
        detail=failure,
        wait_ms=first_word_ms,
    )
    replaced = _replaced(opened, card)
    why = _why(opened, asked, card, replaced, embedded=embedded)
    return Route(stations=[*stations, answered], why=why, replaced=replaced)


def _left_out(stated: Sequence[str]) -> str | None:
    count = len(stated)
    return None if not count else "1 thing left out" if count == 1 else f"{count} things left out"


def _tries(opened: Opened) -> str | None:
    parts = []
    if opened.retries:
        parts.append("1 retry" if opened.retries == 1 else f"{opened.retries} retries")
    if opened.fallbacks:
        parts.append("1 fallback" if opened.fallbacks == 1 else f"{opened.fallbacks} fallbacks")
    return ", ".join(parts) or None


def _failed(opened: Opened, card: ModelCard | None) -> list[Station]:
    """Attempts before the one that answered. The gateway counts them; whom they went to is known where one is left."""
    others = [] if card is None else [name for name in card.group_of if name != opened.provider_model]
    name = others[0] if len(others) == 1 and not opened.fallbacks else "an earlier attempt"
    return [
        Station(kind="provider", name=name, state="failed") for _ in range(min(opened.retries + opened.fallbacks, 9))
    ]


def _replaced(opened: Opened, card: ModelCard | None) -> Replaced | None:
    if opened.replaced is None:
        return None
    if card is not None and card.replaced is not None:
        return card.replaced
    match = _REPLACED.fullmatch(opened.replaced.strip())
    if match is None:
        return Replaced(retired=opened.replaced, successor=opened.provider_model or "", since=None, source=None)
    return Replaced(retired=match["retired"], successor=match["successor"], since=match["since"], source=None)


def _why(opened: Opened, asked: str, card: ModelCard | None, replaced: Replaced | None, *, embedded: bool) -> str:
    name = opened.provider_model or opened.group or asked
    said = [f"You asked for `{asked}`; the gateway's embedded model answered it." if embedded
            else f"You asked for `{asked}`; `{name}` answers it."]  # fmt: skip
    if replaced is not None:
        said.append(f"{replaced.retired} is retired, {replaced.successor} is its successor.")
    if opened.fallbacks:
        said.append(f"`{asked}` failed, so the gateway fell back to `{opened.group or name}`.")
    elif opened.retries:
        times = "once" if opened.retries == 1 else f"{opened.retries} times"
        said.append(f"An attempt failed and the gateway tried again {times}.")
    elif card is not None and len(card.group_of) > 1:
        said.append(f"It was chosen from {len(card.group_of)} deployments of that name.")
    return " ".join(said)
