"""`router_settings`, `litellm_settings`, `general_settings` and what they become."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from trunkline.config.catalogue import GENERAL_SETTINGS, LITELLM_SETTINGS, ROUTER_SETTINGS, TRUNKLINE
from trunkline.config.models import with_timeout
from trunkline.config.problems import did_you_mean
from trunkline.config.reader import Reader
from trunkline.config.snapshot import EdgeLimits, LedgerSettings, RouterSettings, Timeouts
from trunkline.config.tree import ListNode, Mark, MissingNode, ScalarNode, show
from trunkline.config.variables import Environment, tidy
from trunkline.ir import Secret
from trunkline.profiles.policy import Policy
from trunkline.providers.credentials import header_problem

_STRATEGIES: Final = (
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
    "lar1",
)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_MIB: Final = 1024 * 1024
_SHORTEST: Final = 0.001
"""Seconds; a limit of nothing would refuse everything."""
_MAY_BE_NOTHING: Final = frozenset({"keepalive_seconds", "shutdown_seconds", "drain_seconds"})


@dataclass(frozen=True, slots=True)
class Sections:
    """The settings mappings of a configuration."""

    litellm: Reader
    general: Reader
    router: Reader
    own: Reader
    """`general_settings.trunkline`."""

    def check(self) -> None:
        """Note unknown keys and those that are not implemented."""
        self.general.check_keys(GENERAL_SETTINGS)
        self.own.check_keys(TRUNKLINE)
        self.router.check_keys(ROUTER_SETTINGS)
        self.litellm.check_keys(LITELLM_SETTINGS)
        self._check_strategy()

    def _check_strategy(self) -> None:
        name = self.router.text("routing_strategy")
        if name is None or name == _STRATEGIES[0]:
            return
        at = self.router.at("routing_strategy")
        if name in _STRATEGIES:
            text = f"`routing_strategy: {name}` is not implemented by this version; `simple-shuffle` is used"
            self.router.log.note("unimplemented", at, text)
            return
        hint = did_you_mean(name, _STRATEGIES) or "`simple-shuffle` is used"
        self.router.log.note("unknown-key", at, f"`routing_strategy` {show(name)} is not known: {hint}")


def timeouts(sections: Sections) -> Timeouts:
    """The limits of entries that write none: `trunkline`, then `litellm_settings`, then `router_settings`."""
    own, base = sections.own, Timeouts()
    timeout = sections.litellm.seconds("request_timeout")
    router = sections.router.seconds("timeout")
    stream = sections.router.seconds("stream_timeout")
    base = with_timeout(base, timeout if timeout is not None else router, stream)
    given = {
        "connect": own.number("connect_timeout", least=_SHORTEST),
        "first_byte": own.number("first_byte_timeout", least=_SHORTEST),
        "idle": own.number("idle_timeout", least=_SHORTEST),
        "total": own.number("total_timeout", least=_SHORTEST),
        "write": own.number("write_seconds", least=_SHORTEST),
    }
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def limits(sections: Sections) -> EdgeLimits:
    """What the edge takes from clients."""
    own = sections.own
    given: dict[str, float | int] = {}
    for field in fields(EdgeLimits):
        if field.name == "body_bytes":
            continue
        if field.name.endswith("_seconds"):
            value = own.number(field.name, least=0.0 if field.name in _MAY_BE_NOTHING else _SHORTEST)
        else:
            value = own.integer(field.name, least=1)
        if value is not None:
            given[field.name] = value
    size = sections.general.number("max_request_size_mb")
    if size is not None:
        given["body_bytes"] = int(size * _MIB)
    return replace(EdgeLimits(), **given)  # type: ignore[arg-type]  # names and kinds come from the class itself


def policy(sections: Sections) -> Policy:
    """What entries that write nothing do with parameters that a model lacks."""
    return Policy(
        drop_params=sections.litellm.flag("drop_params"), modify_params=bool(sections.litellm.flag("modify_params"))
    )


def drops(sections: Sections) -> frozenset[str]:
    """Parameters that every entry leaves out."""
    return frozenset(sections.litellm.texts("additional_drop_params") or ())


def egress_allow(sections: Sections) -> tuple[str, ...]:
    """Networks that media may be fetched from although they are not public."""
    own = sections.own
    names = own.texts("egress_allow") or ()
    node = own.node.entries.get("egress_allow")
    marks = [item.at for item in node.items if not isinstance(item, MissingNode)] if isinstance(node, ListNode) else []
    for place, name in enumerate(names):
        try:
            ipaddress.ip_network(name)
        except ValueError:
            own.log.problem(
                marks[place] if marks else own.at("egress_allow"),
                f"`general_settings.trunkline.egress_allow`: {show(name)} is no network",
                "write an address and the length of its prefix, for example `10.1.0.0/16`",
            )
    return names


def ledger(sections: Sections) -> LedgerSettings:
    """How records are kept."""
    own, base = sections.own, LedgerSettings()
    durability = own.choice("durability", ("process", "power"))
    gone = own.choice("on_client_gone", ("cancel", "drain"))
    unmetered = own.flag("serve_unmetered")
    segment, spool = own.integer("segment_bytes", least=4096), own.integer("spool_bytes", least=4096)
    retention = own.number("response_retention_days")
    return LedgerSettings(
        durability=durability or base.durability,
        serve_unmetered=base.serve_unmetered if unmetered is None else unmetered,
        segment_bytes=base.segment_bytes if segment is None else segment,
        spool_bytes=base.spool_bytes if spool is None else spool,
        on_client_gone=gone or base.on_client_gone,
        response_retention_days=base.response_retention_days if retention is None else retention,
    )


def router(sections: Sections) -> RouterSettings:
    """Retries, cooldowns and chain lengths; aliases and fallbacks are added by `chains`."""
    base = RouterSettings()
    mine, other = sections.router, sections.litellm

    def first(key: str) -> int | None:
        own = mine.integer(key)
        below = other.integer(key)
        return own if own is not None else below

    retries, longest = first("num_retries"), first("max_fallbacks")
    cooldown = mine.number("cooldown_time")
    if mine.flag("disable_cooldowns"):
        cooldown = 0.0
    return RouterSettings(
        num_retries=base.num_retries if retries is None else retries,
        max_fallbacks=base.max_fallbacks if longest is None else longest,
        cooldown_seconds=base.cooldown_seconds if cooldown is None else cooldown,
        allowed_fails=first("allowed_fails"),
    )


def master_key(general: Reader, env: Environment) -> Secret | None:
    """`master_key`, else the variable `LITELLM_MASTER_KEY`."""
    at = general.at("master_key")
    value = _needed(general, "master_key", env)
    if value is None:
        reason = env.refused.get("LITELLM_MASTER_KEY", "")
        if reason.startswith("holds"):
            general.log.problem(at, f"`LITELLM_MASTER_KEY` {reason}", "write a key of plain ASCII letters and digits")
        value = env.get("LITELLM_MASTER_KEY")
        if reason.startswith("still"):
            general.log.note(
                "warning", Mark("environment", 0), f"`LITELLM_MASTER_KEY` {reason}: there is no master key"
            )
    if value is None:
        return None
    value = tidy(value)
    general.log.redactor.learn(value)
    problem = header_problem(value)
    if problem is not None:
        general.log.problem(at, f"`master_key` {problem}", "write a key of plain ASCII letters and digits")
        return None
    return Secret(value) if value else None


def database_url(general: Reader, env: Environment) -> Secret | None:
    """`database_url`, else the variable `DATABASE_URL`."""
    value = _needed(general, "database_url", env) or env.get("DATABASE_URL")
    if value is None:
        return None
    value = value.strip()
    scheme = value.split("://", maxsplit=1)[0].split("+", maxsplit=1)[0]
    if "://" not in value or scheme not in {"sqlite", "postgresql", "postgres"}:
        general.log.problem(
            general.at("database_url"),
            "`database_url` (or the variable `DATABASE_URL`) names no database that is spoken here",
            "write `postgresql://user:password@host/name` or `sqlite:///path`",
        )
        return None
    return Secret(value)


def _needed(general: Reader, key: str, env: Environment) -> str | None:
    """A setting that must not silently fall back when the variable it names is not set."""
    node = general.node.entries.get(key)
    if isinstance(node, MissingNode):
        why = " and ".join(env.why(name) for name in node.names)
        general.log.problem(
            node.at, f"`general_settings.{key}`: {why}", "set it in `.env` or the environment, or remove this line"
        )
        return None
    if isinstance(node, ScalarNode) and node.value is not None and not isinstance(node.value, str):
        # YAML reads an unquoted 1234 as a number, and a key of that kind has lost its leading zeros.
        general.wrong(key, node, f'`{key}: "..."` in quotes')
        return None
    return general.text(key)


def key_header(general: Reader) -> str | None:
    """`litellm_key_header_name`, lower case."""
    name = general.text("litellm_key_header_name")
    if name is None:
        return None
    if not _HEADER_NAME.match(name):
        general.log.problem(
            general.at("litellm_key_header_name"),
            "`litellm_key_header_name` is no header name",
            "write letters, digits and `-`",
        )
        return None
    return name.lower()


def price_file(litellm: Reader, env: Environment, folder: Path) -> str | None:
    """Path of a LiteLLM-format price file, from the config or the environment; an address is not fetched."""
    node = litellm.node.keys.get("model_cost_map_url")
    at = node or Mark("environment", 0)
    value = litellm.text("model_cost_map_url")
    source = "`litellm_settings.model_cost_map_url`"
    for name in ("TRUNKLINE_PRICE_FILE", "LITELLM_MODEL_COST_MAP_URL"):
        if value is None and (value := env.get(name)) is not None:
            source, at = f"`{name}`", Mark("environment", 0)
    if value is None:
        return None
    if "://" in value and not value.startswith("file://"):
        litellm.log.note(
            "unimplemented",
            at,
            f"{source} is an address, and prices are not fetched: download the file and write its path",
        )
        return None
    path = Path(value.removeprefix("file://")).expanduser()
    found = path if path.is_absolute() or source != "`litellm_settings.model_cost_map_url`" else folder / path
    if not found.is_file():
        litellm.log.note("warning", at, f"{source} names no file: prices come from the built-in list")
        return None
    return str(found)
