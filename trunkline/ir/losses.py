"""What a translation could not carry, and what it refuses to leave out."""

from __future__ import annotations

import msgspec


class Loss(msgspec.Struct, frozen=True, gc=False):
    """One thing that was left out or changed."""

    path: str
    """Where it stood in the client's words: `messages[2].content[0].cache_control`, `top_k`."""
    reason: str
    """One clause for people: `Gemini has no frequency penalty for this model`."""


class Untranslatable(ValueError):
    """Content, a tool or an output schema that the target format cannot express: an error, never a silent drop."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"`{path}`: {reason}")
        self.path = path
        self.reason = reason


class BadShape(ValueError):
    """A request or answer that does not have its format's shape; the text is fit for the client."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"`{path}`: {reason}" if path else reason)
        self.path = path
        self.reason = reason


class Losses:
    """Collects the losses of one translation."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[Loss] = []

    def add(self, path: str, reason: str) -> None:
        """Note a loss, once."""
        loss = Loss(path, reason)
        if loss not in self.found:
            self.found.append(loss)

    def refuse(self, path: str, reason: str) -> Untranslatable:
        """The error for what may not be left out: `raise losses.refuse(...)`."""
        return Untranslatable(path, reason)
