"""What each kind of failure is called, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.store.error_kinds import ErrorKind

TEXTS: Final[Mapping[ErrorKind, tuple[str, str]]] = {
    ErrorKind.CLIENT_LEFT: (
        "Client left",
        "The client closed the connection before the answer ended. Look at its time-out if there are many.",
    ),
    ErrorKind.INTERRUPTED: (
        "Gateway stopped",
        "The gateway was stopped or died during the call. Give it a longer shutdown_seconds, or look into its log.",
    ),
    ErrorKind.TIMEOUT: (
        "Timed out",
        "The provider did not answer in time. Raise request_timeout, or add a fallback to another model.",
    ),
    ErrorKind.CUT: (
        "Cut off",
        "The provider closed the connection in the middle of its answer. Retries help until the first byte is out.",
    ),
    ErrorKind.TOO_LONG: (
        "Too long",
        "The request has more tokens than the model takes. Send less, or use a model with a larger context.",
    ),
    ErrorKind.FILTERED: ("Filtered", "The provider's content filter refused it. Its own console says by which rule."),
    ErrorKind.REFUSED: (
        "Refused here",
        "The gateway refused it before anything was sent: the text says why. No money was spent.",
    ),
    ErrorKind.QUOTA: (
        "Quota",
        "The account's rate limit or credit is used up. Raise it at the provider, or add a deployment or a fallback.",
    ),
    ErrorKind.KEY_REFUSED: (
        "Key refused",
        "The provider refused the gateway's credential. Check the variable that the model's api_key names.",
    ),
    ErrorKind.NOT_FOUND: (
        "Not found",
        "The provider does not know the model or the path. Check the model's name and api_base in the configuration.",
    ),
    ErrorKind.BAD_REQUEST: (
        "Bad request",
        "The provider did not accept what the client sent. The text says which part.",
    ),
    ErrorKind.PROVIDER_DOWN: (
        "Provider down",
        "The provider cannot be reached or answers with errors of its own. Add a fallback to another provider.",
    ),
}
"""Title and advice."""
