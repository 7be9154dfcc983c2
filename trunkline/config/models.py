"""From an entry of `model_list` to a deployment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from trunkline.config import facts
from trunkline.config.catalogue import ENTRY, LITELLM_PARAMS, MODEL_INFO, OPENAI_PARAMS
from trunkline.config.problems import Log, closest, did_you_mean
from trunkline.config.reader import Reader, kind
from trunkline.config.redact import MASK, freeze, is_sensitive
from trunkline.config.snapshot import Deployment, Timeouts
from trunkline.config.tree import (
    ListNode,
    MapNode,
    Mark,
    MissingNode,
    Node,
    Plain,
    ScalarNode,
    looks_secret,
    plain,
    show,
)
from trunkline.config.variables import Environment, tidy
from trunkline.profiles.policy import Policy
from trunkline.providers import Resolved, is_placeholder, resolve
from trunkline.providers.base_url import BaseUrlError, parse_base

_CONNECTION: Final = frozenset(
    {
        *("api_key", "api_base", "base_url", "api_version", "custom_llm_provider", "extra_headers", "headers"),
        *("tenant_id", "client_id", "project_id", "space_id", "model_id"),
        # lint: provider-name (LiteLLM's own keys)
        *("vertex_project", "vertex_location", "vertex_credentials", "aws_region_name", "aws_role_name"),
    }
)
"""Without these a call would go to another place or with another key."""
_TEXTS: Final = frozenset(
    # lint: provider-name (LiteLLM's own key)
    {"api_key", "api_base", "base_url", "api_version", "custom_llm_provider", "organization", "azure_ad_token"}
)
# lint: provider-name (LiteLLM's parameter prefixes)
_CLOUD: Final = re.compile(r"(?:aws|vertex|watsonx|s3|gcs|azure)_|tenant_id|client_(?:id|secret)|region_name")
"""Ways into clouds; where the provider is not reached at all, that is said instead."""
_METADATA_HOSTS: Final = frozenset({"metadata.google.internal", "metadata.goog", "100.100.100.200", "fd00:ec2::254"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What every entry of one configuration reads."""

    log: Log
    env: Environment
    credentials: Mapping[str, MapNode]
    """`credential_name` -> `credential_values`."""
    timeouts: Timeouts
    """The limits of an entry that writes none."""
    policy: Policy
    """What an entry that writes nothing does with parameters that its model lacks."""
    drop: frozenset[str]
    """Parameters that every entry leaves out."""
    providers: Mapping[str, str]
    """Environment for `providers.resolve`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry as far as it can be read alone; weights and orders need the whole group."""

    deployment: Deployment
    weight: float | None
    rpm: float | None
    tpm: float | None
    order: int | None


def read_entry(node: Node, shared: Shared) -> Draft | None:
    """One entry; `None` when it has problems, which are in the log then."""
    log = shared.log
    if not isinstance(node, MapNode):
        log.problem(
            node.at, f"an entry of `model_list` is {kind(node)}", "write `- model_name: ...` and `litellm_params:`"
        )
        return None
    entry = Reader(node, "model_list[]", log, shared.env)
    entry.check_keys(ENTRY)
    name = _required_text(entry, "model_name", "- model_name: my-model")
    params = _required_params(entry)
    if name is None or params is None:
        return None
    params = _with_credential(params, shared)
    model = params.node.entries.get("model")
    # lint: provider-name (an example of what to write)
    if not isinstance(model, MissingNode) and _required_text(params, "model", "model: openai/gpt-5.6-sol") is None:
        return None
    info = entry.mapping("model_info") or Reader(MapNode({}, {}, node.at), "model_info", log, shared.env)
    _check_info(info)
    return _draft(name, params, info, shared, node.at)


def _required_text(reader: Reader, key: str, example: str) -> str | None:
    if key not in reader.node.entries:
        near = closest(key, reader.node.keys)
        said = f"`{key}` is missing" + (f"; {show(near)} stands where it belongs" if near else "")
        reader.log.problem(reader.at(near) if near else reader.node.at, said, f"write `{example}`")
        return None
    value = reader.text(key)
    if value is None or not value.strip():
        if not isinstance(reader.node.entries[key], MapNode | ListNode):
            reader.log.problem(reader.at(key), f"`{key}` is empty", f"write `{example}`")
        return None
    if looks_secret(value.strip()):
        reader.log.redactor.learn(value)
        reader.log.problem(reader.at(key), f"`{key}` holds what looks like a credential", f"write `{example}`")
        return None
    return value.strip()


def _required_params(entry: Reader) -> Reader | None:
    node = entry.node.entries.get("litellm_params")
    if isinstance(node, MapNode) and node.entries:
        return Reader(node, "litellm_params", entry.log, entry.env)
    near = closest("litellm_params", entry.node.keys) if node is None else None
    if near is not None:
        entry.log.problem(entry.at(near), f"{show(near)} is no key of an entry", "write `litellm_params:`")
    elif isinstance(node, ScalarNode) or node is None:
        entry.log.problem(
            entry.at("litellm_params"),
            "the entry has no `litellm_params`",
            "write `litellm_params:` and `model: ...` below it",
        )
    else:
        entry.log.problem(node.at, f"`litellm_params` is {kind(node)} or empty", "write `model: ...` indented below it")
    return None


def _with_credential(params: Reader, shared: Shared) -> Reader:
    name = params.text("litellm_credential_name")
    values = shared.credentials.get(name) if name is not None else None
    if values is None:
        return params
    entries = {**values.entries, **params.node.entries}
    keys = {**values.keys, **params.node.keys}
    return Reader(MapNode(entries, keys, params.node.at), params.name, params.log, params.env)


def _draft(name: str, params: Reader, info: Reader, shared: Shared, at: Mark) -> Draft:
    resolved, reason = _resolve(params, shared)
    written = _written(params.node.entries["model"])
    extra, defaults = _defaults(params, resolved)
    public = _public(params, extra)
    cooldown = info.number("cooldown_time")
    base_model = info.text("base_model")
    policy = _policy(params, shared.policy)
    deployment = Deployment(
        id=(info.text("id") or "").strip(),
        group=name,
        provider=resolved.provider,
        model=resolved.model,
        litellm_model=written,
        target=None if reason else resolved.target,
        unavailable=reason,
        timeouts=_timeouts(params, shared.timeouts),
        num_retries=params.integer("num_retries"),
        cooldown_seconds=cooldown if cooldown is not None else params.number("cooldown_time"),
        defaults=freeze(defaults),
        drop=shared.drop.union(
            params.texts("additional_drop_params") or (),
            facts.refused(resolved.provider, base_model or resolved.model, policy),
        ),
        policy=policy,
        rename={**resolved.rename, **facts.renames(resolved.provider, resolved.model, base_model)},
        price=facts.price(params, info, written),
        replacement=facts.replacement(resolved.provider, resolved.model, name),
        mode=info.text("mode") or "chat",
        model_info=_shown(info),
        public_params=public,
        line=at.line,
    )
    _say(deployment, at, resolved, shared)
    return Draft(
        deployment=deployment,
        weight=params.number("weight"),
        rpm=params.number("rpm"),
        tpm=params.number("tpm"),
        order=params.integer("order"),
    )


def _say(deployment: Deployment, at: Mark, resolved: Resolved, shared: Shared) -> None:
    named = f"{show(deployment.group)} ({show(deployment.litellm_model)})"
    if deployment.unavailable is not None:
        shared.log.note("unavailable", at, f"{named} is unavailable: {deployment.unavailable}")
    for note in resolved.notes:
        shared.log.note("warning", at, f"{named}: {note}")
    gone = deployment.replacement
    if gone is not None:
        verb = "was" if facts.is_past(gone.since) else "will be"
        text = f"{show(deployment.group)} {verb} shut down by its provider on {gone.since}; `{gone.successor}` answers"
        shared.log.note("retired", at, text, once=f"{deployment.group} {gone.successor}")
    ends = facts.end_of(resolved.provider, resolved.model)
    if ends is not None:
        shared.log.note("retired", at, f"{named}: {ends}", once=f"{named} ends")


def _resolve(params: Reader, shared: Shared) -> tuple[Resolved, str | None]:
    """Where the entry's calls go, and why they cannot."""
    values: dict[str, object] = {}
    for key, node in params.node.entries.items():
        if key in _TEXTS and not (isinstance(node, MissingNode) and key in _CONNECTION):
            value: Plain = params.text(key)  # a key of digits is a number to YAML; a list is a mistake
        else:
            value = plain(node)
        values[key] = tidy(value) if isinstance(value, str) and is_sensitive(key) else value
    model = params.node.entries["model"]
    if isinstance(model, MissingNode):
        empty = Resolved(provider="", model="", target=None, unavailable=None, rename={})
        return empty, _unset(model, "model", shared.env)
    bad = _check_base(params)
    resolved = resolve(values if not bad else {**values, "api_base": None, "base_url": None}, shared.providers)
    missing = _first_missing(params, shared, every=_is_bridged(resolved))
    own = _credential_problem(params, shared) or missing or _token_exchange(params)
    return resolved, own or resolved.unavailable


def _is_bridged(resolved: Resolved) -> bool:
    """A library with parameters of its own reaches the host: no key under `litellm_params` is unknown to it."""
    return resolved.target is not None and bool(resolved.target.bridge)


def _token_exchange(params: Reader) -> str | None:
    """LiteLLM swaps `oidc/...` for a token; sent as it stands it would be no key."""
    for key, node in params.node.entries.items():
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.startswith("oidc/"):
            return f"`{key}` asks for a token (`oidc/...`), which this version does not fetch: write a key"
    return None


def _credential_problem(params: Reader, shared: Shared) -> str | None:
    name = params.node.entries.get("litellm_credential_name")
    if isinstance(name, ScalarNode) and isinstance(name.value, str) and name.value not in shared.credentials:
        hint = did_you_mean(name.value, shared.credentials)
        return f"`credential_list` has no entry {show(name.value)}" + (f": {hint}" if hint else "")
    return None


def _first_missing(params: Reader, shared: Shared, *, every: bool) -> str | None:
    """Why a connection parameter that refers to a variable cannot be read. `every`: parameters not known here too."""
    for key, node in params.node.entries.items():
        unknown = LITELLM_PARAMS.find(key) is None
        if (unknown and not every) or not (unknown or key in _CONNECTION or is_sensitive(key)):
            continue
        found = _missing_in(node)
        if found is not None:
            return _unset(found, key, shared.env)
    return None


def _missing_in(node: Node) -> MissingNode | None:
    if isinstance(node, MissingNode):
        return node
    if isinstance(node, MapNode):
        return next((found for item in node.entries.values() if (found := _missing_in(item)) is not None), None)
    return None


def _unset(node: MissingNode, key: str, env: Environment) -> str:
    return f"{env.why(node.names[0])} (asked for by `{key}`): put it into `.env` or the environment"


def _check_base(params: Reader) -> bool:
    """Whether the address cannot be used at all; says so in the log."""
    for key in ("api_base", "base_url"):
        node = params.node.entries.get(key)
        if not isinstance(node, ScalarNode) or node.value is None:
            continue
        if not isinstance(node.value, str):
            return True
        if is_placeholder(node.value):
            continue
        try:
            base = parse_base(node.value.split("?api-version=", maxsplit=1)[0])
        except BaseUrlError as error:
            params.log.problem(node.at, f"`{key}` {error}")
            return True
        if _is_metadata(base.host):
            params.log.problem(
                node.at,
                f"`{key}` names a link-local or cloud metadata address",
                "write the address of the model's host",
            )
            return True
    return False


def _is_metadata(host: str) -> bool:
    if host in _METADATA_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def _written(node: Node) -> str:
    match node:
        case ScalarNode(value=value):
            return str(value).strip()
        case MissingNode(written=written):
            return written
        case _:
            return ""


def _timeouts(params: Reader, base: Timeouts) -> Timeouts:
    timeout, stream = params.seconds("timeout"), params.seconds("stream_timeout")
    return with_timeout(base, timeout, stream)


def with_timeout(base: Timeouts, timeout: float | None, stream: float | None) -> Timeouts:
    """`base` with LiteLLM's `timeout` and `stream_timeout`: both bound the wait for the answer to begin.

    As LiteLLM's HTTP client does, they also bound each pause inside an answer, and do not bound a whole stream.
    """
    if timeout is not None:
        base = replace(
            base,
            first_byte=timeout,
            stream_first_byte=None,
            idle=min(base.idle, timeout),
            total=max(base.total, timeout),
        )
    return base if stream is None else replace(base, stream_first_byte=stream)


def _defaults(params: Reader, resolved: Resolved) -> tuple[frozenset[str], dict[str, object]]:
    """The unknown keys, and the request parameters to add where the client sends none."""
    defaults: dict[str, object] = {}
    unknown: set[str] = set()
    bridged = _is_bridged(resolved)
    unreached = bridged or resolved.target is None
    for key, node in params.node.entries.items():
        known = LITELLM_PARAMS.find(key)
        if known is not None:
            if not known.implemented and not params.is_off(key) and not (unreached and _CLOUD.match(key)):
                params.unimplemented(key, LITELLM_PARAMS.name)
            continue
        if key not in OPENAI_PARAMS:
            unknown.add(key)
            if bridged or not _passes_on(params, key, node):
                continue
        if (found := params.get(key)) is not None:
            defaults[key] = plain(found)
    body = params.mapping("extra_body")
    if body is not None and not bridged:
        defaults |= {key: plain(node) for key, node in body.node.entries.items() if body.get(key) is not None}
    return frozenset(unknown), defaults


def _passes_on(params: Reader, key: str, node: Node) -> bool:
    """Whether an unknown key is sent as a request parameter, as LiteLLM does. What looks like a slip is not."""
    at: Mark = params.at(key)
    near = closest(key, [*LITELLM_PARAMS.names, *OPENAI_PARAMS])
    if near is not None:
        params.log.note(
            "unknown-key",
            at,
            f"{show(key)} under `litellm_params` is not known and has no effect: did you mean {show(near)}?",
        )
        return False
    if is_sensitive(key):
        params.log.note(
            "unknown-key",
            at,
            f"{show(key)} under `litellm_params` is not known; as it may hold a secret, it is not sent",
        )
        return False
    params.log.note(
        "unknown-key",
        at,
        f"{show(key)} under `litellm_params` is not known; it is sent to the provider as a request parameter",
        once=key,
    )
    return not isinstance(node, MissingNode)


def _policy(params: Reader, base: Policy) -> Policy:
    drop, modify = params.flag("drop_params"), params.flag("modify_params")
    return Policy(
        drop_params=base.drop_params if drop is None else drop,
        allowed=frozenset(params.texts("allowed_openai_params") or ()),
        modify_params=base.modify_params if modify is None else modify,
    )


def _public(params: Reader, unknown: frozenset[str]) -> dict[str, object]:
    """`litellm_params` fit to be shown; the text of a key that is not known may be a secret under a misspelt name."""
    for key in unknown:
        node = params.node.entries[key]
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            params.log.redactor.learn(node.value)
    return {key: MASK if key in unknown and isinstance(value, str) else value for key, value in _shown(params).items()}


def _shown(reader: Reader) -> dict[str, object]:
    return {key: reader.log.redactor.public(node, name=key) for key, node in reader.node.entries.items()}


def _check_info(info: Reader) -> None:
    """`model_info` may hold anything; only slips and what has no effect yet are noted."""
    for key, at in info.node.keys.items():
        known = MODEL_INFO.find(key)
        if known is None and closest(key, MODEL_INFO.names) is not None:
            info.unknown(key, at, MODEL_INFO.names)
        elif known is not None and not known.implemented and not info.is_off(key):
            info.unimplemented(key, MODEL_INFO.name)
