"""Opaque state of one provider in the place that another format has for its own.

A client that talks Anthropic's format to a Gemini model keeps `thinking.signature` and sends it back: so Gemini's
signature travels there, in an envelope that says whose it is. `open_envelope` tells an envelope from a native blob.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Final

import msgspec

from trunkline.ir.parts import Opaque

PREFIX: Final = "tlk1."
"""Version 1. Dots stand in no base64 alphabet, so no provider's blob begins like this."""

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(tuple[str, str, str, str, str]).decode


def seal(opaque: Opaque) -> str:
    """The envelope as text of `[A-Za-z0-9_.=-]`."""
    fields = (opaque.kind, opaque.data, opaque.provider, opaque.deployment, opaque.id)
    return PREFIX + urlsafe_b64encode(_encode(fields)).decode("ascii")


def open_envelope(text: str) -> Opaque | None:
    """What an envelope holds; `None` where the text is none, or is damaged."""
    if not text.startswith(PREFIX):
        return None
    try:
        kind, data, provider, deployment, own_id = _decode(urlsafe_b64decode(text[len(PREFIX) :]))
    except (Error, ValueError, msgspec.MsgspecError):
        return None
    return Opaque(kind, data, provider, deployment, own_id) if data else None


def is_envelope(text: str) -> bool:
    """The text claims to be an envelope (it may be damaged: then it is dropped, never sent to a provider)."""
    return text.startswith(PREFIX)
