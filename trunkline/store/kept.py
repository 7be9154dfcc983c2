"""A stored response, for those who must not load SQLAlchemy to hold one."""

from __future__ import annotations

from typing import Final

import msgspec

RUNNING: Final = frozenset({"queued", "in_progress"})
"""States in which a response still changes, at the provider that works on it in the background."""


MAX_CHAIN: Final = 1000
"""Turns of a conversation that are put together again; what is longer is refused, not cut."""
MAX_CHAIN_CHARACTERS: Final = 64 * 1024 * 1024
"""All of a conversation's JSON; more would be more than any model takes, and memory that others need."""


class TooLong(Exception):
    """A conversation has more turns, or is larger, than is put together again; the text says what the limit is."""


class Kept(msgspec.Struct, kw_only=True, frozen=True):
    """One response and the request that it answers."""

    id: str
    """As the client knows it."""
    key_hash: str
    """SHA-256 of the caller's key, hex: nobody else may have it."""
    created_us: int
    """When the call began, microseconds since 1970 UTC."""
    expires_us: int
    model_group: str
    """The model that the client asked for."""
    deployment: str
    """Id of the deployment that answered."""
    provider_id: str = ""
    """The provider's own id, where the provider keeps the state itself and can go on from it; else empty."""
    previous_id: str = ""
    """The response that this one went on from."""
    status: str = "completed"
    input: str
    """The request's own `input` as JSON, without what went before."""
    response: str
    """The whole response as the client got it, JSON."""
    items: tuple[str, ...] = ()
    """Ids of output items that the provider made: `item_reference` finds them by these."""

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return len(self.input) + len(self.response) + 1024
