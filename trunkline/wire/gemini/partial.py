"""Arguments in pieces: Gemini 3 on Vertex AI, where the client asked for `streamFunctionCallArguments`.

A call then comes as `{name, willContinue}`, pieces `{partialArgs: [{jsonPath, stringValue, willContinue}]}`, and an
empty `{}` at its end (cloud.google.com/vertex-ai, function calling). It is put together and given on whole.
"""

from __future__ import annotations

from typing import Final

from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_object

_VALUES: Final = ("stringValue", "numberValue", "boolValue")
_MOST_ITEMS: Final = 10_000


def is_partial(call: object, under_way: bool) -> bool:
    """The `functionCall` is a piece of one."""
    if not is_object(call):
        return False
    return "partialArgs" in call or "willContinue" in call or (under_way and not call.get("name"))


class PartialCall:
    """One call under way."""

    __slots__ = ("_args", "_part", "_texts")

    def __init__(self, part: Members) -> None:
        self._part = part
        call = part["functionCall"]
        given = call.get("args") if is_object(call) else None
        self._args: Members = dict(given) if is_object(given) else {}
        self._texts: dict[str, list[str]] = {}

    def add(self, call: Members) -> bool:
        """Take a piece; tells whether it was the last.

        Raises:
            ValueError: its path cannot be read.
        """
        pieces = call.get("partialArgs")
        for piece in pieces if is_list(pieces) else ():
            if is_object(piece) and isinstance(path := piece.get("jsonPath"), str):
                self._set(path, piece)
        return call.get("willContinue") is not True

    def whole(self) -> Members:
        """The part with all of the call's arguments."""
        call = self._part["functionCall"]
        assert is_object(call)
        kept = {name: value for name, value in call.items() if name not in ("willContinue", "partialArgs")}
        return {**self._part, "functionCall": {**kept, "args": self._args}}

    def _set(self, path: str, piece: Members) -> None:
        name = next((name for name in _VALUES if name in piece), "")
        value = piece[name] if name else None
        if name == "stringValue" and isinstance(value, str):
            texts = self._texts.setdefault(path, [])
            texts.append(value)
            if piece.get("willContinue") is True:
                return
            value = "".join(self._texts.pop(path))
        steps = _steps(path)
        at: object = self._args
        for place, step in enumerate(steps):
            if place + 1 == len(steps):
                _put(at, step, value)
            else:
                at = _down(at, step, list[object]() if isinstance(steps[place + 1], int) else dict[str, object]())


def _put(at: object, step: str | int, value: object) -> None:
    if isinstance(step, str) and is_object(at):
        at[step] = value
    elif isinstance(step, int) and is_list(at):
        _grow(at, step)
        at[step] = value
    else:
        raise ValueError(f"the path leads through something else at {step!r}")


def _down(at: object, step: str | int, empty: object) -> object:
    if isinstance(step, str) and is_object(at):
        return at.setdefault(step, empty)
    if isinstance(step, int) and is_list(at):
        _grow(at, step)
        if at[step] is None:
            at[step] = empty
        return at[step]
    raise ValueError(f"the path leads through something else at {step!r}")


def _grow(at: list[object], index: int) -> None:
    if index > _MOST_ITEMS:
        raise ValueError(f"the path names item {index}")
    at.extend([None] * (index + 1 - len(at)))


def _steps(path: str) -> list[str | int]:
    """`$.a["b c"][0]` as names and numbers."""
    steps: list[str | int] = []
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        if path[at] == "[":
            quote = path[at + 1 : at + 2]
            end = path.find(quote + "]", at + 2) if quote in ("'", '"') else path.find("]", at)
            if end < 0:
                raise ValueError("the path has an open bracket")
            inner = path[at + 2 : end] if quote in ("'", '"') else path[at + 1 : end]
            if quote not in ("'", '"') and not inner.isdecimal():
                raise ValueError("the path has a bracket without a number")
            steps.append(inner if quote in ("'", '"') else int(inner))
            at = end + (2 if quote in ("'", '"') else 1)
            continue
        at += path[at] == "."
        end = min((found for mark in ".[" if (found := path.find(mark, at)) >= 0), default=len(path))
        if end == at:
            raise ValueError("the path has an empty name")
        steps.append(path[at:end])
        at = end
    if not steps or len(path) > 4096:
        raise ValueError("the path is empty, or too long")
    return steps
