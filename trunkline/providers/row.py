"""The shape of one row of the provider table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from trunkline.ir import Endpoint
from trunkline.providers.target import Quirks

MAX_TOKENS: Final[Mapping[str, str]] = {"max_completion_tokens": "max_tokens"}
"""Hosts that know only the older name; sending the newer one is ignored (no limit at all) or refused."""
MAX_COMPLETION_TOKENS: Final[Mapping[str, str]] = {"max_tokens": "max_completion_tokens"}
KEEP: Final[Mapping[str, str]] = {}

OPERATIONS: Final[Mapping[str, tuple[Endpoint, ...]]] = {
    "C": (Endpoint.CHAT,),
    "T": (Endpoint.COMPLETIONS,),
    "R": (Endpoint.RESPONSES,),
    "N": (Endpoint.INPUT_TOKENS, Endpoint.COMPACT),
    "M": (Endpoint.MESSAGES,),
    "E": (Endpoint.EMBEDDINGS,),
    "K": (Endpoint.RERANK,),
    "O": (Endpoint.MODERATIONS,),
    "I": (Endpoint.IMAGES,),
    "J": (Endpoint.IMAGE_EDITS,),
    "S": (Endpoint.SPEECH,),
    "A": (Endpoint.TRANSCRIPTIONS,),
    "L": (Endpoint.TRANSLATIONS,),
    "a": (Endpoint.MESSAGES, Endpoint.COUNT_TOKENS),
    "g": (Endpoint.GENERATE, Endpoint.GEMINI_COUNT),
    "b": (Endpoint.CONVERSE,),
    "c": (Endpoint.COHERE_CHAT,),
    "o": (Endpoint.OLLAMA_CHAT,),
    "p": (Endpoint.PREDICTIONS,),
}
"""The letters of `Row.endpoints`; small ones are formats that one maker speaks."""
OWN_ONLY: Final = frozenset("RNM")
"""What only the host itself offers: an address that somebody else serves in its place is an OpenAI-compatible host."""

Confidence = Literal["doc", "as-litellm", "unsure"]
"""`doc`: the vendor's documentation says so; `as-litellm`: taken over from LiteLLM's registry, not checked further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A `{name}` in a base URL that environment or `litellm_params` fill; its value must match `[A-Za-z0-9._-]+`."""

    name: str
    params: tuple[str, ...] = ()
    """Keys of `litellm_params`, first wins."""
    variables: tuple[str, ...] = ()
    """Environment variables, first wins."""
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One host that needs no code: where it is, who it lets in, what it offers, and what is odd about it."""

    prefixes: tuple[str, ...]
    """What stands before the slash in `provider/model`; records keep the one that was written."""
    name: str
    base: str | None
    """Base URL, without the operation; `None`: must be written as `api_base` or set in the environment."""
    keys: tuple[str, ...]
    """Environment variables that hold the key, first wins."""
    bases: tuple[str, ...] = ()
    """Environment variables that hold the base URL, first wins."""
    slots: tuple[Slot, ...] = ()
    default_path: str = ""
    """Put after a base URL that was written without any path."""
    endpoints: str = "C"
    """What it offers: letters of `OPERATIONS`, of several conversations its main one first."""
    messages: str = ""
    """Path of its Anthropic face, where that is not `messages` behind the base URL; it takes the key as Bearer too."""
    small: Mapping[Endpoint, str] = field(default_factory=dict[Endpoint, str])
    """Operations that it words differently, and the name of its wording in `wire.small`."""
    small_path: str | None = None
    """The path of those, with `{path}` where the wording adds to it; where that is not behind the base URL."""
    extra_auth_header: str | None = None
    """A header that carries the bare key besides `Authorization: Bearer`."""
    env_headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(header, environment variables): sent to the host's own origin only, first variable that is set wins."""
    rename: Mapping[str, str] = field(default_factory=lambda: MAX_TOKENS)
    usage: str = "openai"
    """Row of the usage table in `wire/openai_chat/usage.py`."""
    stream_options: bool = True
    """Takes `stream_options.include_usage`; false where the field is refused or usage always comes."""
    done_marker: bool = True
    keyless: bool = False
    """Runs without a key (a server of one's own); a key that is set is sent."""
    coded: bool = False
    """Its address and operations are made by code (`registry.BUILDERS`); the row is for the reference pages."""
    gone: str | None = None
    """Why the default host answers no more, and what to use instead."""
    doc: str = ""
    """The vendor's page for this API, where one is known."""
    confidence: Confidence = "as-litellm"
    note: str = ""
    """What is odd about the host, for the reference page."""

    @property
    def quirks(self) -> Quirks:
        """The departures from OpenAI's API in the form that the rest of the gateway reads."""
        return Quirks(
            stream_options=self.stream_options,
            usage_dialect=self.usage,
            done_marker=self.done_marker,
            rename=self.rename,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A provider LiteLLM knows and this version cannot call."""

    prefixes: tuple[str, ...]
    name: str
    instead: str
    """What to write instead, one clause without a full stop; empty when there is nothing."""
    bridge: bool = True
    """LiteLLM's SDK has its chats or embeddings; false where it has none, or waits for a person to sign in."""
