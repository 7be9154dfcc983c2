"""Amazon Bedrock: which host, path, model id and credentials a deployment's calls go with.

Facts: providers.md B6, LiteLLM 1.109.1, and
https://docs.aws.amazon.com/general/latest/gr/bedrock.html for the hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from trunkline.ir.secret import Secret
from trunkline.providers.aws.credentials import CredentialSource, Keeper, keeper, resolve_credentials
from trunkline.providers.aws.profile_files import region_of
from trunkline.providers.aws.sigv4 import sign
from trunkline.providers.aws.source import now
from trunkline.providers.aws.sts import domain
from trunkline.providers.base_url import Base, BaseUrlError, parse_base, path_segment, slot_value
from trunkline.providers.settings import Settings, UnavailableError, checked_base

SERVICE: Final = "bedrock"
DEFAULT_REGION: Final = "us-west-2"
"""LiteLLM's."""

_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:bedrock:([a-z0-9-]*):\S+")
_REGION_VARIABLES: Final = ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")
_ENDPOINT_VARIABLES: Final = ("AWS_BEDROCK_RUNTIME_ENDPOINT", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
_COMMITMENT: Final = re.compile(r"\d+-month-commitment")
"""A price in LiteLLM's model names, not part of the id."""
_FAMILIES: Final = frozenset(
    {"llama", "deepseek_r1", "qwen2", "qwen3", "openai", "moonshot", "nova", "nova-2", "mistral", "anthropic", "cohere"}
)
"""What LiteLLM writes before the ARN of an imported or custom model: whose format it speaks."""
_ELSEWHERE: Final[Mapping[str, str]] = {
    "mantle": "write `bedrock_mantle/...`",
    "chat_completions": "write `bedrock_mantle/...`",
    "converse_like": "write `bedrock/converse/...` with `api_base`",
    "agent": "this version does not call agents",
    "agentcore": "this version does not call agents",
    "async_invoke": "this version does not make videos",
    "claude_platform": "this version does not know the Claude Platform on AWS",
}
_FAMILY_WORDS: Final[Mapping[str, str]] = {
    "deepseek_r1": "deepseek.r1", "nova": "amazon.nova", "nova-2": "amazon.nova-2", "llama": "meta.llama",
    "anthropic": "anthropic.claude", "openai": "openai.gpt-oss", "mistral": "mistral.", "cohere": "cohere.",
    "qwen2": "qwen.qwen2", "qwen3": "qwen.qwen3", "moonshot": "moonshot.",
}  # fmt: skip
"""The words as they begin in ids of Bedrock's own, which is how the codec tells families."""

Route = Literal["converse", "invoke"]


class Operation(StrEnum):
    """One operation of the runtime; the value is the end of its path."""

    CONVERSE = "converse"
    CONVERSE_STREAM = "converse-stream"
    INVOKE = "invoke"
    INVOKE_STREAM = "invoke-with-response-stream"
    COUNT_TOKENS = "count-tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """What a written model name says."""

    id: str
    """For the path: an id, a cross-region profile's id, or an ARN."""
    route: Route = "converse"
    region: str = ""
    """From the name or the ARN; empty: it says none."""
    family: str = ""
    """Whose model it is, where the id does not say it."""


def parse_model(written: str) -> ModelName:
    """`us.anthropic.claude-...`, `converse/...`, `invoke/...`, `<region>/...`, `<family>/arn:...`, an ARN.

    Raises:
        UnavailableError: it is none of these, or a route that this version does not take; says what to write.
    """
    rest = written.removeprefix("bedrock/").removeprefix("bedrock_converse/")
    route: Route = "converse"
    region = family = ""
    while not rest.startswith("arn:") and "/" in rest:
        word, _, behind = rest.partition("/")
        if word in ("converse", "invoke"):
            route = "invoke" if word == "invoke" else "converse"
        elif word in _ELSEWHERE:
            raise UnavailableError(f"`bedrock/{word}/...` is not spoken: {_ELSEWHERE[word]}")
        elif word in _FAMILIES:
            family = _FAMILY_WORDS.get(word, word)
        elif _REGION.fullmatch(word):
            region = word
        elif not _COMMITMENT.fullmatch(word):
            raise UnavailableError(f"`{word}/` in the model's name is no region and no route of Bedrock's")
        rest = behind
    if not rest:
        raise UnavailableError("`model` names no model: write it as `bedrock/<model id>`")
    if rest.startswith("arn:"):
        found = _ARN.fullmatch(rest)
        if found is None:
            raise UnavailableError("the model's ARN is none of Bedrock's: `arn:aws:bedrock:<region>:<account>:...`")
        region = region or found[1]
    return ModelName(id=rest, route=route, region=region, family=family)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one deployment's calls go."""

    base: Base
    region: str
    model_id: str
    """As it stands in the path, not yet encoded."""
    model: str
    """By what the codec tells the family; the model's id where that says it."""
    route: Route
    credentials: Secret | CredentialSource
    """A bearer key, or the source of the keys for signatures."""

    def path(self, operation: Operation) -> str:
        """The path of an operation; the id is one segment, with `:` and `/` encoded."""
        try:
            segment = path_segment(self.model_id)
        except BaseUrlError as error:
            raise UnavailableError("`model` names an id that cannot stand in a path") from error
        return f"{self.base.path}/model/{segment}/{operation.value}"

    def authorization(self) -> Secret | None:
        """The `authorization` header of a bearer key; `None`: each request is signed."""
        if isinstance(self.credentials, Secret):
            return Secret(f"Bearer {self.credentials.reveal()}")
        return None

    def signer(self) -> Signer | None:
        """What signs each request; `None`: a bearer key does."""
        return None if isinstance(self.credentials, Secret) else Signer(keeper(self.credentials), self.region)


class Signer:
    """Signs requests to Bedrock (`providers.target.Authorizer`)."""

    __slots__ = ("_clock", "_keeper", "_region", "_service")

    def __init__(self, held: Keeper, region: str, service: str = SERVICE, clock: Callable[[], float] = now) -> None:
        self._keeper = held
        self._region = region
        self._service = service
        self._clock = clock

    def headers(self, method: str, host: str, path: str, body: bytes) -> tuple[tuple[str, str], ...] | None:
        """The headers of one request; `None` where `refresh` must come first. `path` may have a query."""
        credentials = self._keeper.current()
        if credentials is None:
            return None
        before, _, query = path.partition("?")
        return sign(
            method=method,
            host=host,
            path=before,
            query=query,
            body=body,
            service=self._service,
            region=self._region,
            credentials=credentials,
            now=self._clock(),
        )

    def secrets(self) -> tuple[Secret, ...]:
        """The secret key and the session token; neither leaves with a signature, and both are worth hiding."""
        held = self._keeper.current()
        if held is None:
            return ()
        return (held.secret_key, held.token) if held.token is not None else (held.secret_key,)

    def rejected(self) -> None:
        """Signatures are refused for clocks and policies; credentials that end are renewed by their own date."""

    async def refresh(self) -> None:
        """Get credentials.

        Raises:
            UnavailableError: there are none; says why and what to mend.
        """
        await self._keeper.refresh()


def bedrock_place(settings: Settings, model: str) -> Place:
    """Where the calls of `bedrock/<model>` go.

    Raises:
        UnavailableError: model, region, address or credentials cannot be used; says what to mend.
    """
    name = parse_model(model)
    written = settings.text("model_id")
    path_id = name.id
    region = name.region
    if written is not None:
        behind = parse_model(written)
        path_id, region = behind.id, region or behind.region
    region = _region(settings, region)
    base = _base(settings, region)
    known_by = settings.text("base_model") or (f"{name.family}:{name.id}" if name.family else name.id)
    return Place(
        base=base,
        region=region,
        model_id=path_id,
        model=known_by,
        route=name.route,
        credentials=resolve_credentials(settings, region),
    )


def _region(settings: Settings, named: str) -> str:
    """`aws_region_name`, then what the model's name or ARN says, the environment, the profile."""
    if (reference := settings.missing("aws_region_name")) is not None:
        raise UnavailableError(f"`{reference[1]}` is not set, and `aws_region_name` refers to it")
    profile = settings.text("aws_profile_name") or settings.variable("AWS_PROFILE")
    found = (
        settings.text("aws_region_name")
        or named
        or settings.variable(*_REGION_VARIABLES)
        or (region_of(settings.environ, profile) if profile else None)
        or DEFAULT_REGION
    )
    try:
        return slot_value(found)
    except BaseUrlError as error:
        raise UnavailableError(f"`aws_region_name` {error}") from error


def _base(settings: Settings, region: str) -> Base:
    for name in ("api_base", "base_url", "aws_bedrock_runtime_endpoint"):
        if (reference := settings.missing(name)) is not None:
            raise UnavailableError(f"`{reference[1]}` is not set, and `{name}` refers to it")
        if (written := settings.text(name)) is not None:
            return checked_base(written, name)
    for variable in _ENDPOINT_VARIABLES:
        if (written := settings.variable(variable)) is not None:
            return checked_base(written, variable)
    return parse_base(f"https://bedrock-runtime.{region}.{domain(region)}")
