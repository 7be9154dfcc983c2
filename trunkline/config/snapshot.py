"""The configuration as the gateway runs on it: immutable, swapped whole.

A call keeps the snapshot it began with; `config.load` makes one from files and environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.config.marks import FileMark
from trunkline.ir import Secret
from trunkline.profiles.policy import Policy
from trunkline.profiles.price import Price
from trunkline.providers.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. Every phase of an upstream exchange has its own limit."""

    connect: float = 5.0
    """TCP and TLS until a request can be sent."""
    first_byte: float = 600.0
    """From the request sent to the first token (or the whole answer's head)."""
    stream_first_byte: float | None = None
    """The same for streams (LiteLLM's `stream_timeout`); `None`: as `first_byte`."""
    idle: float = 60.0
    """Between two pieces of progress once the answer has begun; comments and pings are no progress."""
    total: float = 6000.0
    """The whole call, all attempts (LiteLLM's `request_timeout` default)."""
    write: float = 30.0
    """Without progress while sending, to the provider or to the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A retired model's successor, said in `/model/info`, the log and an answer header."""

    retired: str
    """The id that the provider has shut down, as the name promised it."""
    successor: str
    since: str
    """ISO date of the shutdown."""
    source: str
    """Where the fact comes from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deployment:
    """One entry of `model_list`: a model at a place."""

    id: str
    """`model_info.id`, else a stable hash of the entry; the `x-litellm-model-id` header."""
    group: str
    """`model_name`: what clients ask for. May hold `*`."""
    provider: str
    model: str
    """The id sent upstream. May hold `*`, filled from what the client asked for."""
    litellm_model: str
    """`provider/model` as written in the config."""
    target: Target | None
    """`None` when the deployment is unavailable."""
    unavailable: str | None = None
    """Why it cannot be called, naming the variable or setting to mend."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    weight: int | None = None
    order: int = 0
    num_retries: int | None = None
    cooldown_seconds: float | None = None
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])
    """Top-level body parameters to add where the client sent none."""
    drop: frozenset[str] = frozenset()
    """Body parameters to leave out, by name or by path (`tools[*].strict`), reported as losses:
    `additional_drop_params`, and with `drop_params: true` what the model is known to refuse.
    """
    policy: Policy = field(default_factory=Policy)
    """What becomes of parameters that the model lacks where a request is translated."""
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    """Top-level body parameters to rename, host's and model family's together."""
    price: Price | None = None
    replacement: Replacement | None = None
    mode: str = "chat"
    model_info: Mapping[str, object] = field(default_factory=dict[str, object])
    """As written, plus what prices and profiles know; safe to show."""
    public_params: Mapping[str, object] = field(default_factory=dict[str, object])
    """`litellm_params` with every credential masked; safe to show."""
    line: int = 0
    """Line of the entry in its file, for messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An entry of `model_group_alias`."""

    target: str
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSettings:
    """`router_settings`, as far as this version routes."""

    num_retries: int = 2
    """Attempts after the first (LiteLLM's code default)."""
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Group -> groups to try next; `*` is the default chain."""
    max_fallbacks: int = 5
    cooldown_seconds: float = 5.0
    allowed_fails: int | None = None
    aliases: Mapping[str, Alias] = field(default_factory=dict[str, Alias])


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """What the edge takes from a client before it says no. Bytes and seconds."""

    header_seconds: float = 10.0
    body_seconds: float = 30.0
    """Without progress."""
    keepalive_seconds: float = 75.0
    header_bytes: int = 64 * 1024
    header_count: int = 100
    url_bytes: int = 16 * 1024
    body_bytes: int = 32 * 1024 * 1024
    write_seconds: float = 30.0
    shutdown_seconds: float = 600.0
    """How long SIGTERM waits for running calls."""
    drain_seconds: float = 0.0
    """How long readiness says no before the listening socket closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """How records are kept."""

    durability: str = "process"
    """`process`: survives the death of the process; `power`: fdatasync before each answer's last byte."""
    serve_unmetered: bool = False
    """On a full disk go on without records instead of answering 503."""
    segment_bytes: int = 16 * 1024 * 1024
    spool_bytes: int = 1024 * 1024 * 1024
    """Journals not yet shipped may take this much disk; then new calls are refused."""
    on_client_gone: str = "cancel"
    """`cancel`: close the upstream and estimate; `drain`: read on to the usage, then close."""
    response_retention_days: float = 30.0
    """How long responses of `/v1/responses` are stored (OpenAI's own term); 0: they are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousKey:
    """A master key that was replaced and is let in for a while longer."""

    key: Secret
    until: float | None = None
    """Wall clock seconds; `None`: a day from when this gateway first saw it in this place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observability:
    """Who hears of calls and of unusual spending. Only what is configured whole and installed stands here."""

    success: tuple[str, ...] = ()
    """Callbacks that get calls that went well: `langfuse`, `sentry`."""
    failure: tuple[str, ...] = ()
    """Callbacks that get calls that failed."""
    langfuse_public_key: str = ""
    langfuse_secret_key: Secret | None = None
    langfuse_url: str = ""
    sentry_dsn: Secret | None = None
    slack_url: Secret | None = None
    """Alerts go there as Slack messages."""
    webhook_url: Secret | None = None
    """Alerts go there as JSON."""
    anomalies: bool = True
    """Watch the spend of models and keys."""
    anomaly_sensitivity: float = 4.0
    """Robust standard deviations that hourly spend may be away from its median."""
    anomaly_floor_usd: float = 1.0
    """A difference below this is never unusual."""
    anomaly_interval_seconds: float = 60.0

    @property
    def callbacks(self) -> tuple[str, ...]:
        """Every callback that is on, once."""
        return tuple(dict.fromkeys(self.success + self.failure))

    @property
    def alerting(self) -> tuple[str, ...]:
        """Where alerts are sent: `slack`, `webhook`."""
        places = (("slack", self.slack_url), ("webhook", self.webhook_url))
        return tuple(name for name, url in places if url is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the user should know about the configuration; never an error."""

    file: str
    line: int
    text: str
    """One sentence that says what is so and what to write instead."""
    kind: str
    """`unimplemented`, `unavailable`, `retired`, `unknown-key`, `warning`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Everything a worker needs to serve calls."""

    version: str
    """First 12 hex digits of the SHA-256 over files and resolved names (no secret goes in)."""
    deployments: tuple[Deployment, ...]
    router: RouterSettings = field(default_factory=RouterSettings)
    limits: EdgeLimits = field(default_factory=EdgeLimits)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    master_key: Secret | None = None
    master_key_header: str | None = None
    """`general_settings.litellm_key_header_name`, lower case."""
    previous_keys: tuple[PreviousKey, ...] = ()
    """Former master keys with time left."""
    observability: Observability = field(default_factory=Observability)
    echo_model: bool = False
    """LiteLLM's habit: the answer's `model` is the name the client asked for."""
    metrics_need_key: bool = True
    """`litellm_settings.require_auth_for_metrics_endpoint` (LiteLLM's default)."""
    log_calls_per_second: int = 200
    """`general_settings.trunkline.log_calls_per_second`: above it successes are counted, not logged one by one."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    database_url: Secret | None = None
    egress_allow: tuple[str, ...] = ()
    """`general_settings.trunkline.egress_allow`: networks that media may be fetched from although not public."""
    price_file: str | None = None
    """Path of a price file in LiteLLM's format, for `PriceBook.load`."""
    notes: tuple[Note, ...] = ()
    files: tuple[str, ...] = ()
    """Every file that was read, to be watched for change."""
    marks: Mapping[str, FileMark | None] = field(default_factory=dict[str, FileMark | None])
    """What they, and `.env`, looked like when they were read: a later change is news even to a worker born after it."""
