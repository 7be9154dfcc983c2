"""Ids for tool calls that have none.

Gemini's models before 3 give no ids and pair calls and results by name and order (providers.md B2). Ids made here
begin with `PREFIX`, are made the same way from the same bytes, and are left out on the way to Gemini.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Protocol

PREFIX: Final = "tlkgem_"
"""Fits every other format's rule for ids (`[a-zA-Z0-9_-]{1,64}`)."""


def is_made(own: str) -> bool:
    """The id was made here, so Gemini never saw it."""
    return own.startswith(PREFIX)


class Ids(Protocol):
    """Names the calls and results of one body."""

    def call(self, name: str, given: str, arguments: str) -> str:
        """Id of the next call."""

    def result(self, name: str, given: str) -> str:
        """Id of the call that the next result answers."""


class RequestIds:
    """Ids of a conversation: made from where the call stands, which stays as the conversation grows."""

    __slots__ = ("_at", "_model", "_open", "_place")

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []
        self._model = False
        self._at = -1
        self._place = 0

    def turn(self, model: bool) -> None:
        """The next content begins; calls of an earlier model turn are answered or never will be."""
        self._at += 1
        self._place = 0
        if model and not self._model:
            self._open.clear()
        self._model = model

    def call(self, name: str, given: str, arguments: str) -> str:
        """The id that was given, or one made from the position."""
        del arguments
        own = given or f"{PREFIX}{self._at}_{self._place}"
        self._place += 1
        self._open.append((name, own))
        return own

    def result(self, name: str, given: str) -> str:
        """The call with that id, else the first unanswered call of that name, else nobody's."""
        place = -1
        if given:
            place = next((n for n, (_, own) in enumerate(self._open) if own == given), -1)
            if place < 0:
                place = next((n for n, (its, own) in enumerate(self._open) if its == name and is_made(own)), -1)
        else:
            place = next((n for n, (its, _) in enumerate(self._open) if its == name), -1)
        self._place += 1
        if place >= 0:
            return self._open.pop(place)[1]
        return given or f"{PREFIX}r{self._at}_{self._place}"


class AnswerIds:
    """Ids of one answer: made from the answer's own id, so that no two turns share one."""

    __slots__ = ("_count", "_seed")

    def __init__(self, seed: str, choice: int = 0) -> None:
        self._seed = sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:20] if seed else ""
        self._count = choice * 1000

    def call(self, name: str, given: str, arguments: str) -> str:
        """The id that was given, or one made from the answer and the number of the call."""
        number = self._count
        self._count += 1
        if given:
            return given
        seed = self._seed or sha256(f"{name}\n{arguments}".encode("utf-8", "surrogatepass")).hexdigest()[:20]
        return f"{PREFIX}{seed}_{number}"

    def result(self, name: str, given: str) -> str:
        """Answers hold no results; where one does, it keeps what it has."""
        return given or f"{PREFIX}r_{name}"


def seed_of(answer_id: str, created: str, prompt_tokens: object) -> str:
    """What tells one answer from another: its id, else its time, else the size of its prompt, which grows by turn."""
    return answer_id or created or (f"{prompt_tokens}" if isinstance(prompt_tokens, int) else "")
