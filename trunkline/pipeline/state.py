"""What a worker derives from a snapshot once, so that a call does not have to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import trunkline
from trunkline.access import Gate
from trunkline.config.snapshot import Deployment, Snapshot, Timeouts
from trunkline.ir import Endpoint, Secret
from trunkline.pipeline import ways
from trunkline.pipeline.heads import header_value, host_header, in_path, request_head
from trunkline.pipeline.request import Edit, edit_for, encode_name
from trunkline.pipeline.surface import Arrival, Surface
from trunkline.pipeline.way import Way
from trunkline.profiles.ids import restricted_ids
from trunkline.profiles.price import Price
from trunkline.providers.target import Authorizer, Target
from trunkline.routing.plan import Routes
from trunkline.telemetry.stats import DeploymentStats, Stats
from trunkline.upstream import Origin, Pool, Pools

MIN_SECRET = 4
"""Shorter keys are dummies of self-hosted servers; masking them would eat words."""
ANEW = "#anew"
FindPrice = Callable[[Deployment], Price | None]


@dataclass(slots=True, eq=False)
class Prepared:
    """One operation of one deployment, ready to be sent."""

    deployment: Deployment
    head: bytes
    """Request line and headers, up to and including `content-length: `."""
    edit: Edit
    timeouts: Timeouts
    stats: DeploymentStats
    dialect: str
    done_marker: bool
    answer_block: bytes
    """Headers that are the same for every answer of this deployment."""
    api_base: str
    price: Price | None
    secrets: tuple[bytes, ...]
    """What the provider is told and the client must never read back."""
    pool: Pool | None
    """`None` until the target runs (the embedded model)."""
    stream_head: bytes = b""
    """The same for streams, where their path differs."""
    way: Way | None = None
    """How the deployment is spoken to; `None`: OpenAI's bytes, the fast path."""
    authorizer: Authorizer | None = None
    path: str = ""
    stream_path: str = ""
    host: str = ""
    """Value of the `host` header, for signing."""
    id_rule: re.Pattern[bytes] | None = None
    """Which tool-call ids the provider takes, where bytes pass and it does not take all."""
    same_format: bool = True
    """The client's format is the provider's: headers that belong to the format go along."""
    price_known: bool = False
    """The price stands in this worker's journal."""
    native_headers: bool = False
    """The provider's headers go on under their own names (pass-through)."""

    def censored(self, data: bytes) -> bytes:
        """Bytes of the provider without its key: some hosts repeat it in errors and headers (LiteLLM #39787)."""
        for secret in self.secrets:
            if secret in data:
                data = data.replace(secret, b"***")
        if self.authorizer is not None:
            for held in self.authorizer.secrets():
                data = data.replace(held.reveal().encode("latin-1", "replace"), b"***")
        return data

    blocks: dict[str, bytes] = field(default_factory=dict[str, bytes])
    names: dict[str | None, bytes] = field(default_factory=dict[str | None, bytes])

    def named_as(self, model: str | None) -> bytes:
        """A model name that a body gave, as the JSON string that stands in the body."""
        name = self.names.get(model)
        if name is None:
            if len(self.names) > 256:
                self.names.clear()
            name = self.names[model] = encode_name(model or "")
        return name

    def block_for(self, model_group: str) -> bytes:
        """The fixed headers, with the name that the client asked for."""
        block = self.blocks.get(model_group)
        if block is None:
            if len(self.blocks) > 256:
                self.blocks.clear()
            line = b"x-litellm-model-group: %b\r\n" % header_value(model_group[:512])
            block = self.blocks[model_group] = line + self.answer_block
        return block


@dataclass(slots=True, eq=False)
class State:
    """One snapshot with everything derived from it. A call keeps the state it began with."""

    snapshot: Snapshot
    routes: Routes
    gate: Gate
    pools: Pools
    stats: Stats
    find_price: FindPrice
    heads: dict[bytes, Arrival] = field(default_factory=dict[bytes, Arrival])
    """Heads that were let in, as bytes without their length: the same bytes are let in again unread."""
    prepared: dict[tuple[Deployment, str], Prepared] = field(default_factory=dict[tuple[Deployment, str], Prepared])

    def prepare(self, deployment: Deployment, surface: Surface, *, anew: bool = False) -> Prepared | None:
        """The prepared form, or `None` where the host does not offer the operation.

        `anew`: a conversation is to be read and written again although the format is the same on both sides.
        """
        key = (deployment, surface.route + ANEW if anew else surface.route)
        found = self.prepared.get(key)
        if found is None:
            made = self._make(deployment, surface, anew=anew)
            if made is None:
                return None
            if len(self.prepared) > 4096:  # wildcards can name any number of models
                self.prepared.clear()
            found = self.prepared[key] = made
        return found

    def prepare_embedded(
        self, prepared: Prepared, origin: Origin, headers: tuple[tuple[str, str | Secret], ...] = ()
    ) -> Prepared:
        """The prepared form of what a child process serves, now that it runs at `origin` and wants `headers`."""
        target = prepared.deployment.target
        assert target is not None
        late = replace(target, host=origin.host, port=origin.port, headers=(*target.headers, *headers))
        running = replace(prepared.deployment, target=late)
        path = prepared.head.split(b" ", 2)[1].decode()
        return replace(prepared, head=request_head(running, path), pool=self.pools.of(origin))

    def _make(self, deployment: Deployment, surface: Surface, *, anew: bool) -> Prepared | None:
        target = deployment.target
        chosen = ways.choose(deployment, surface, anew=anew)
        if target is None or chosen is None:
            return None
        endpoint, way = chosen
        path = target.paths[endpoint]
        stream_path = target.stream_paths.get(endpoint, path)
        origin = Origin(target.scheme, target.host, target.port)
        return Prepared(
            deployment=deployment,
            head=request_head(deployment, path),
            stream_head=request_head(deployment, stream_path) if stream_path != path else b"",
            way=way,
            authorizer=target.authorizer,
            same_format=endpoint is surface.endpoint,
            id_rule=restricted_ids(deployment.provider, deployment.model) if endpoint is Endpoint.CHAT else None,
            host=host_header(target),
            path=in_path(path, deployment.model),
            stream_path=in_path(stream_path, deployment.model),
            edit=edit_for(deployment, endpoint),
            timeouts=deployment.timeouts,
            stats=self.stats.deployment(deployment.id),
            dialect=target.quirks.usage_dialect,
            done_marker=target.quirks.done_marker,
            answer_block=_answer_block(deployment, _api_base(target, path, endpoint)),
            api_base=_api_base(target, path, endpoint),
            secrets=_secrets(target),
            price=deployment.price or self.find_price(deployment),
            pool=None if target.embedded else self.pools.of(origin),
        )


def _api_base(target: Target, path: str, endpoint: Endpoint) -> str:
    """LiteLLM's `api_base`: where the host's API begins, without the operation and the query."""
    if target.embedded and not target.port:
        return target.bridge or "embedded"
    return target.base_url + path.partition("?")[0].removesuffix(endpoint.value).rstrip("/")


def _secrets(target: Target) -> tuple[bytes, ...]:
    found = [value.reveal() for value in target.secrets]
    found += [value.reveal() for _, value in target.headers if isinstance(value, Secret)]
    bare = [text.removeprefix("Bearer ").strip() for text in found]
    return tuple(text.encode("latin-1", "replace") for text in bare if len(text) >= MIN_SECRET)


def _answer_block(deployment: Deployment, api_base: str) -> bytes:
    lines = [
        ("x-litellm-model-id", deployment.id),
        ("x-litellm-model-name", deployment.litellm_model),
        ("x-litellm-model-api-base", api_base),
        ("x-litellm-version", trunkline.__version__),
    ]
    if deployment.target is not None and deployment.target.bridge:
        lines.append(("x-trunkline-bridge", deployment.target.bridge))
    gone = deployment.replacement
    if gone is not None:
        lines.append(("x-trunkline-model-replaced", f"{gone.retired} (retired {gone.since}) by {gone.successor}"))
    return b"".join(b"%b: %b\r\n" % (name.encode(), header_value(value)) for name, value in lines)
