"""Providers whose own API the gateway passes through: under which prefix, with whose credentials, to which root path.

A pass-through call goes to the origin that a deployment of the provider would have, and below the path that this API
has there (reliability F06). What of the client's headers goes along is a list of what may (F07, F08).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from trunkline.ir.format import Format
from trunkline.providers.registry import resolve
from trunkline.providers.settings import UnavailableError
from trunkline.providers.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One provider's API under one prefix."""

    prefix: str
    """First segment of the path at the gateway."""
    provider: str
    """Its name in the ledger, and before the slash of `model`."""
    providers: frozenset[str]
    """Deployments with these prefixes have credentials for it."""
    model: str
    """Any model there: the address is worked out with it."""
    mark: re.Pattern[str]
    """In the path of one of its operations: where the part begins that is the client's to say."""
    errors: Format
    """Whose error bodies its clients read."""
    version: str = ""
    """Belongs to the root and may stand in the client's path too (`/v1`)."""
    encoded_slash: re.Pattern[str] | None = None
    """Segments that may hold an encoded slash: the whole decoded segment looks like this."""
    dialect: str = ""
    """How it counts tokens, where it speaks OpenAI's format."""
    query_key: bool = False
    """Its clients send the key as `?key=`."""


_OPERATIONS: Final = re.compile(
    r"/(?:chat/completions|completions|embeddings|responses(?:/\w+)?|moderations|images/\w+|audio/\w+)(?:\?.*)?$"
)
_ARN: Final = re.compile(r"arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:[A-Za-z0-9_:-]+(?:/[A-Za-z0-9][A-Za-z0-9._:-]*)+")


def _openai(prefix: str) -> Family:
    return Family(
        prefix=prefix,
        provider="openai",
        providers=frozenset({"openai", "text-completion-openai"}),
        model="openai/gpt-5",
        mark=_OPERATIONS,
        errors=Format.OPENAI_CHAT,
        version="/v1",
    )


def _vertex(prefix: str) -> Family:
    return Family(
        prefix=prefix,
        provider="vertex_ai",
        providers=frozenset({"vertex_ai", "vertex_ai_beta"}),
        model="vertex_ai/gemini-2.5-flash",
        mark=re.compile(r"/v1(?:beta1)?/(?:projects|publishers)/"),
        errors=Format.GEMINI,
        query_key=True,
    )


class OutsideError(ValueError):
    """A path may not be passed on; the text says why."""


FAMILIES: Final[tuple[Family, ...]] = (
    _openai("openai"),
    _openai("openai_passthrough"),
    Family(
        prefix="anthropic",
        provider="anthropic",
        providers=frozenset({"anthropic"}),
        model="anthropic/claude-sonnet-4-5",
        mark=re.compile(r"/v1/messages"),
        errors=Format.ANTHROPIC_MESSAGES,
    ),
    Family(
        prefix="gemini",
        provider="gemini",
        providers=frozenset({"gemini"}),
        model="gemini/gemini-2.5-flash",
        mark=re.compile(r"/v1(?:(?:alpha|beta)\d*)?/(?:models|tunedModels)/"),
        errors=Format.GEMINI,
        query_key=True,
    ),
    _vertex("vertex_ai"),
    _vertex("vertex-ai"),
    Family(
        prefix="bedrock",
        provider="bedrock",
        providers=frozenset({"bedrock", "bedrock_converse"}),
        model="bedrock/anthropic.claude-3-haiku-20240307-v1:0",
        mark=re.compile(r"/model/"),
        errors=Format.BEDROCK_CONVERSE,
        encoded_slash=_ARN,
    ),
    Family(
        prefix="cohere",
        provider="cohere",
        providers=frozenset({"cohere", "cohere_chat"}),
        model="cohere/command-a-03-2025",
        mark=re.compile(r"/v2/(?:chat|embed|rerank)"),
        errors=Format.COHERE_CHAT,
    ),
    Family(
        prefix="azure",
        provider="azure",
        providers=frozenset({"azure", "azure_text"}),
        model="azure/any",
        mark=re.compile(r"/openai/"),
        errors=Format.OPENAI_CHAT,
    ),
    Family(
        prefix="mistral",
        provider="mistral",
        providers=frozenset({"mistral"}),
        model="mistral/mistral-small-latest",
        mark=_OPERATIONS,
        errors=Format.OPENAI_CHAT,
        version="/v1",
        dialect="mistral",
    ),
)

PASSED: Final = frozenset(
    {
        b"content-type", b"accept", b"range", b"idempotency-key", b"prefer",
        b"anthropic-beta", b"anthropic-version", b"openai-beta",
        b"x-goog-fieldmask", b"x-goog-request-params", b"x-goog-api-client",
        b"x-amzn-bedrock-accept", b"x-amzn-bedrock-trace", b"x-amzn-bedrock-guardrailidentifier",
        b"x-amzn-bedrock-guardrailversion", b"x-amzn-bedrock-performanceconfig-latency", b"x-amzn-bedrock-service-tier",
        b"x-goog-upload-protocol", b"x-goog-upload-command", b"x-goog-upload-offset", b"x-goog-upload-file-name",
        b"x-goog-upload-header-content-length", b"x-goog-upload-header-content-type",
    }
)  # fmt: skip
"""Headers that a client may say to a provider: what the body is, and what belongs to the API. Never who it is, whose
account pays (`x-goog-user-project`, `openai-organization`), where it comes from or where the call goes."""
TOLD: Final = b"x-pass-"
"""LiteLLM's mark for headers to be passed on; the list above holds for what stands behind it too."""
_VALUE: Final = re.compile(rb"[\x20-\x7e\t]*")
_MAX_VALUE: Final = 4096
_JOINED: Final = frozenset({b"anthropic-beta", b"openai-beta"})
"""Lists: what is ours and what is the client's are both sent."""


def family_of(prefix: str) -> Family | None:
    """The API under a prefix."""
    return _BY_PREFIX.get(prefix)


_BY_PREFIX: Final = {family.prefix: family for family in FAMILIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where the calls of a family go."""

    family: Family
    target: Target
    root: str
    """Every path sent begins so."""
    before: str = field(default="")
    """Put before a path that names neither project nor location."""

    def path(self, tail: str) -> str:
        """The path to send for what the client wrote behind the prefix. `tail` begins with a slash.

        Raises:
            OutsideError: it would leave the root.
        """
        version = self.family.version
        if version and (tail == version or tail.startswith(f"{version}/")):
            tail = tail[len(version) :]
        if self.before and (found := _NO_PROJECT.match(tail)) is not None:
            tail = self.before + tail[found.end() :]
        whole = self.root + tail
        # What is sent is what is compared, after everything that could have moved it (F06).
        if not f"{whole}/".startswith(f"{self.root}/") or tail_trouble(whole, self.family) is not None:
            raise OutsideError(f"The path leaves `{self.root or '/'}`.")
        return whole


_NO_PROJECT: Final = re.compile(r"(?:/v1(?:beta1)?)?(?=/publishers/)")
_LOCATED: Final = re.compile(r"(?:/v1(?:beta1)?)?/projects/([^/]+)/locations/([^/]+)/")
_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.:-]*[a-z0-9])?")
_ROOTED: Final = re.compile(r"(.*)/v1(?:beta1)?/(?:projects/[^/]+/locations/[^/]+|(?=publishers/))")
_TAIL: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+")


def tail_trouble(tail: str, family: Family) -> str | None:
    """Why a path may not be passed on: it could mean another place to somebody who reads it differently (F06)."""
    if not _TAIL.fullmatch(tail):
        return "it has a character that must be percent-encoded"
    segments = tail.split("/")[1:]
    for at, segment in enumerate(segments):
        plain = unquote(segment, errors="replace")
        if plain in (".", "..") or (not plain and not 0 < at == len(segments) - 1):
            return "it has an empty, `.` or `..` segment"
        if "\\" in plain or "%" in plain or any(char < " " or char == "\x7f" for char in plain):
            return "it has an encoded backslash, percent or control character"
        if "%2e" in segment.lower():
            return "it has an encoded dot"
        if "/" in plain and (family.encoded_slash is None or not family.encoded_slash.fullmatch(plain)):
            return "it has an encoded slash"
    return None


def place_named(family: Family, tail: str) -> tuple[str, ...]:
    """What of the path decides where it goes: project and location, where a family's host depends on them.

    Raises:
        OutsideError: they cannot stand in a host's name or a path.
    """
    if family.provider != "vertex_ai":
        return ("agents",) if _agents(family, tail) else ()
    found = _LOCATED.match(tail)
    if found is None:
        return ()
    if not _PLAIN.fullmatch(found[1]) or not _PLAIN.fullmatch(found[2]):
        raise OutsideError("The path names a project or a location that cannot be.")
    return found[1], found[2]


def reach(family: Family, named: tuple[str, ...], environ: Mapping[str, str], targets: Iterable[Target]) -> Reach:
    """Where the calls of a family go: with the environment's credentials, else with those of a deployment.

    `named` is `place_named`; `targets` those of the configured deployments of the family, the best first.

    Raises:
        UnavailableError: nobody has credentials; says what to set.
    """
    params: dict[str, object] = {"model": family.model}
    if len(named) == 2:
        params |= {"vertex_project": named[0], "vertex_location": named[1]}
    resolved = resolve(params, environ)
    found = None if resolved.target is None else _at(family, resolved.target, named)
    if found is not None:
        return found
    for target in targets:
        if (found := _at(family, target, named)) is not None:
            return found
    raise UnavailableError(resolved.unavailable or f"`{family.prefix}` cannot be reached")


def _at(family: Family, target: Target, named: tuple[str, ...]) -> Reach | None:
    if target.embedded:
        return None
    for path in target.paths.values():
        found = family.mark.search(path)
        if found is None:
            continue
        root, before = path[: found.start()], ""
        if family.provider == "vertex_ai" and not named and (rooted := _ROOTED.match(path)) is not None:
            before = rooted[0][len(root) :]
        if named == ("agents",) and target.host.startswith("bedrock-runtime."):
            target = replace(target, host=f"bedrock-agent-runtime.{target.host[16:]}")
        return Reach(family=family, target=target, root=root, before=before.rstrip("/"))
    return None


_AGENTS: Final = re.compile(r"/(?:agents|knowledgebases|retrieveAndGenerate|flows|sessions|rerank)\b")


def _agents(family: Family, tail: str) -> bool:
    """The operations of agents and knowledge bases have a host of their own, with the same signature."""
    return family.provider == "bedrock" and _AGENTS.match(tail) is not None


def passed_headers(
    given: Iterable[tuple[bytes, bytes]], target: Target
) -> tuple[tuple[tuple[str, str], ...], frozenset[str]]:
    """The client's headers that go along, and which of the target's own they stand in for (lower case)."""
    own = {name.lower(): value for name, value in target.headers}
    kept: dict[str, str] = {}
    for name, value in given:
        known = name.removeprefix(TOLD)
        if known in PASSED and len(value) <= _MAX_VALUE and _VALUE.fullmatch(value):
            text, key = value.decode("ascii"), known.decode("ascii")
            ours = own.get(key)
            if known in _JOINED and isinstance(ours, str) and ours not in text:
                text = f"{ours},{text}"
            kept.setdefault(key, text)
    replaced = {name for name in kept if isinstance(own.get(name), str)}
    hidden = {name for name in kept if name in own and name not in replaced}  # the operator's secret wins
    return tuple((name, value) for name, value in kept.items() if name not in hidden), frozenset(replaced)


MANAGED: Final = frozenset({"openai", "azure"})
"""Under these prefixes `/v1/files` and `/v1/batches` are the gateway's own; the others' have a format of their own."""
_FILES: Final = re.compile(
    r"([^{}?]*?)(?:/deployments/[^/?]+)?/(?:chat/completions|completions|embeddings|responses)(\?[^{}]*)?"
)


def files_base(target: Target) -> tuple[str, str] | None:
    """Where a host that speaks OpenAI's format has `/files` and `/batches`: the path before them and the query behind.

    `None` where it speaks another one.
    """
    for endpoint, path in target.paths.items():
        if endpoint not in target.small and (found := _FILES.fullmatch(path)) is not None:
            return found[1], (found[2] or "").removeprefix("?")
    return None
