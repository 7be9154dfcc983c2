"""Shortcuts for tests of the adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Native, Part, Text
from trunkline.ir.request import Request
from trunkline.profiles.adapt import Adapter, Fetched, Policy
from trunkline.wire.codec import Members
from trunkline.wire.registry import codec

ANTHROPIC = ("anthropic", Format.ANTHROPIC_MESSAGES)
GEMINI = ("gemini", Format.GEMINI)
OPENAI = ("openai", Format.OPENAI_CHAT)
RESPONSES = ("openai", Format.OPENAI_RESPONSES)
BEDROCK = ("bedrock", Format.BEDROCK_CONVERSE)


@dataclass(frozen=True)
class Adapted:
    """What came of a request."""

    request: Request
    losses: dict[str, str]
    """Path -> reason."""


def adapter(model: str, at: tuple[str, Format], **policy: object) -> Adapter:
    """An adapter for a model at a provider."""
    provider, own = at
    return Adapter(
        provider=provider,
        model=model,
        deployment="here",
        format=own,
        policy=Policy(**policy),  # type: ignore[arg-type]
    )


def adapt(
    request: Request,
    model: str,
    at: tuple[str, Format],
    *,
    fetched: Mapping[str, Fetched] | None = None,
    **policy: object,
) -> Adapted:
    """A request, adapted; the original must be as it was."""
    losses, before = Losses(), repr(request)
    fitted = adapter(model, at, **policy).adapt(request, losses, fetched or {})
    assert repr(request) == before
    return Adapted(fitted, {loss.path: loss.reason for loss in losses.found})


def body(request: Request, at: tuple[str, Format], dialect: str = "") -> Members:
    """What the provider gets."""
    return codec(at[1], dialect).encode_request(request, Losses())


def ask(*parts: Part, client: Format | None = Format.OPENAI_CHAT, **members: object) -> Request:
    """A request with one message of the user."""
    native = None if client is None else Native(client, {})
    messages = [Message(role="user", parts=list(parts) or [Text(text="hi")])]
    return Request(**{"model": "m", "messages": messages, "native": native, **members})  # type: ignore[arg-type]
