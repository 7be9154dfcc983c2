"""The client's body: read only what is needed, edit only what must change.

Bytes pass as they are. A body is rebuilt from its top-level members only when a member has to be added, dropped or
renamed, or when a key stands in it twice; inner bytes stay untouched even then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import astuple

from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint
from trunkline.pipeline.drops import leave_out, top
from trunkline.providers.target import Quirks


class Asked(msgspec.Struct, gc=False):
    """The members of a request that the gateway itself minds."""

    model: str | None = None
    stream: bool | None = None
    stream_options: Raw | UnsetType = UNSET
    user: object = None
    num_retries: Raw | UnsetType = UNSET
    timeout: Raw | UnsetType = UNSET
    stream_timeout: Raw | UnsetType = UNSET
    fallbacks: Raw | UnsetType = UNSET
    context_window_fallbacks: Raw | UnsetType = UNSET
    content_policy_fallbacks: Raw | UnsetType = UNSET
    disable_fallbacks: Raw | UnsetType = UNSET
    mock_response: Raw | UnsetType = UNSET
    mock_testing_fallbacks: Raw | UnsetType = UNSET
    cache: Raw | UnsetType = UNSET
    tags: Raw | UnsetType = UNSET
    api_key: Raw | UnsetType = UNSET
    api_base: Raw | UnsetType = UNSET
    api_version: Raw | UnsetType = UNSET
    base_url: Raw | UnsetType = UNSET
    organization: Raw | UnsetType = UNSET
    extra_headers: Raw | UnsetType = UNSET
    custom_llm_provider: Raw | UnsetType = UNSET
    litellm_metadata: Raw | UnsetType = UNSET
    litellm_params: Raw | UnsetType = UNSET
    litellm_call_id: Raw | UnsetType = UNSET
    litellm_session_id: Raw | UnsetType = UNSET
    litellm_trace_id: Raw | UnsetType = UNSET
    guardrails: Raw | UnsetType = UNSET
    no_log: Raw | UnsetType = msgspec.field(name="no-log", default=UNSET)
    strict: Raw | UnsetType = UNSET
    """Ours: what a translation would lose is an error."""

    def is_plain(self) -> bool:
        """No member is meant for the gateway alone."""
        return astuple(self)[4:] == _NONE_OF_OURS


BACKSLASH: Final = 0x5C
"""As a number: `b"\\" in body` raises and swallows a TypeError first, which makes it ten times as dear."""
OURS: Final = frozenset(Asked.__struct_encode_fields__[4:])
"""LiteLLM's own request members: never sent on. Those that would steer a call to another host or key
(`api_base`, `api_key`, ...) are the ones of CVE-2024-6587, so they are not obeyed either."""

OBEYED: Final = frozenset({"timeout", "num_retries"})
_NONE_OF_OURS: Final = (UNSET,) * len(OURS)
decode_asked = msgspec.json.Decoder(Asked).decode
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode
_MODEL_VALUE: Final = re.compile(rb'\s*:\s*("(?:[^"\\]|\\.)*")')
_INCLUDE_USAGE: Final = b',"stream_options":{"include_usage":true}}'


_RENAMED: Final = frozenset({Endpoint.CHAT, Endpoint.COMPLETIONS, Endpoint.EMBEDDINGS})
_STREAM_OPTIONS: Final = frozenset({Endpoint.CHAT, Endpoint.COMPLETIONS})
"""Streams whose usage comes only where `stream_options` asks for it."""
_MODEL_IN_PATH: Final = frozenset(
    {Endpoint.GENERATE, Endpoint.GEMINI_COUNT, Endpoint.GEMINI_EMBED, Endpoint.GEMINI_BATCH_EMBED, Endpoint.CONVERSE}
)


def encode_name(name: str) -> bytes:
    """A model name as a JSON string."""
    return _encode(name)


class BadBody(ValueError):
    """The body is no JSON object of the expected shape; the text says what is wrong and is fit for the client."""


NOT_READABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What `decode_asked` raises for a body that it cannot take; `why_not` says it to the client."""


def why_not(body: bytes, error: Exception) -> str:
    """What is wrong with a body, fit for the client."""
    match error:
        case msgspec.ValidationError():
            return f"Invalid request body: {error}"
        case RecursionError():
            return "Invalid JSON in the request body: nested too deep"
        case UnicodeDecodeError():
            return "Invalid JSON in the request body: not UTF-8"
        case _:
            what = str(error) if body.strip() else "the body is empty"
            return f"Invalid JSON in the request body: {what}"


def read(body: bytes) -> Asked:
    """Read what the gateway minds of a request body.

    Raises:
        BadBody: not JSON, not an object, or a minded member of the wrong type.
    """
    try:
        return decode_asked(body)
    except NOT_READABLE as error:
        raise BadBody(why_not(body, error)) from None


def number(raw: Raw | UnsetType, least: float, most: float) -> float | None:
    """A number that the body gave, within bounds; `None` where there is none to go by."""
    if raw is UNSET:
        return None
    try:
        value = msgspec.json.decode(raw, type=float)
    except msgspec.MsgspecError:
        return None
    return value if least <= value <= most else None


def members(body: bytes) -> dict[str, Raw]:
    """The top-level members; of a key that stands twice, the last (as `read` decides)."""
    return _decode_members(body)


@dataclass(frozen=True, slots=True)
class Edit:
    """What one deployment does to the requests it gets, worked out once per snapshot."""

    model: bytes
    """The upstream model as a JSON string; empty where the body names none."""
    defaults: Mapping[str, bytes]
    drop: frozenset[str]
    silent: frozenset[str]
    """Left out too, and no loss: the path says it."""
    rename: Mapping[str, str]
    stream_options: bool
    structural: bool
    """Members come, go or change their name: the body has to be rebuilt."""
    drop_paths: tuple[str, ...] = ()
    """What to leave out inside of members (`tools[*].strict`)."""


def edit_for(deployment: Deployment, endpoint: Endpoint = Endpoint.CHAT) -> Edit:
    """Prepare the edits that a deployment makes to requests of one operation in the client's own format."""
    quirks = deployment.target.quirks if deployment.target is not None else Quirks()
    own = endpoint in _RENAMED
    rename = {**quirks.rename, **deployment.rename} if own else {}
    defaults = {**deployment.defaults, **quirks.body}
    silent = quirks.leave_out | {"model"} if endpoint in _MODEL_IN_PATH else quirks.leave_out
    counting = endpoint is Endpoint.COUNT_TOKENS
    if counting:
        silent -= {"model"}  # a question about a model names it in its body on every host
    in_body = counting or (quirks.model_in_body and endpoint not in _MODEL_IN_PATH)
    return Edit(
        model=_encode(deployment.model) if in_body else b"",
        defaults={name: _encode(value) for name, value in defaults.items()},
        drop=frozenset(path for path in deployment.drop if top(path) == path),
        drop_paths=tuple(sorted(path for path in deployment.drop if top(path) != path)),
        silent=silent,
        rename=rename,
        stream_options=quirks.stream_options and endpoint in _STREAM_OPTIONS,
        structural=bool(defaults or deployment.drop or silent - {"model"} or rename),
    )


class Sent(NamedTuple):
    """A body as it leaves, and what was done to it that the client may want to know."""

    body: bytes
    usage_added: bool = False
    """`stream_options.include_usage` was added: the usage chunk is hidden from the client again."""
    losses: tuple[str, ...] = ()
    """Members that were left out."""


def swap_model(body: bytes, named: bytes, model: bytes) -> bytes | None:
    """Put `model` in the place of the one `"model":"..."` of a body; both are JSON strings.

    `None` where it is not certain that there is just one: another literal `"model"`, or an escape that could spell one.
    A literal `"model"` in JSON is a whole string, so a single one is the top-level key that was read.
    """
    if body.count(b'"model"') != 1 or (BACKSLASH in body and b"\\u00" in body):
        return None
    head, found, tail = body.partition(named)
    if found and (head[-8:] == b'"model":' or head[-9:] == b'"model": '):
        return head + model + tail
    return _swap_spaced(body, model)


def _swap_spaced(body: bytes, model: bytes) -> bytes | None:
    match = _MODEL_VALUE.match(body, body.index(b'"model"') + 7)
    return None if match is None else body[: match.start(1)] + model + body[match.end(1) :]


def prepare(body: bytes, asked: Asked, named: bytes, edit: Edit, *, wants_usage: bool) -> Sent:
    """Make the body that leaves for a provider, whatever it takes.

    `named` is the model that the body names, as a JSON string. `wants_usage` says that this is a stream whose usage
    would otherwise be missing.
    """
    add = wants_usage and edit.stream_options and not _has_usage(asked)
    if not edit.structural and not edit.model and asked.model is None and asked.is_plain():
        return Sent(body)  # the path names the model: nothing to change
    swaps = not edit.structural and "model" not in edit.silent
    if swaps and asked.is_plain() and not (add and asked.stream_options is not UNSET):
        swapped = swap_model(body, named, edit.model or named)
        if swapped is not None:
            return Sent(swapped.rstrip()[:-1] + _INCLUDE_USAGE, True) if add else Sent(swapped)
    return _rebuild(body, edit, add=add)


def _has_usage(asked: Asked) -> bool:
    options = asked.stream_options
    if options is UNSET:
        return False
    try:
        given = msgspec.json.decode(options, type=dict[str, object] | None)
    except msgspec.MsgspecError:
        return True  # not an object: the provider's to refuse
    return given is not None and given.get("include_usage") is True


def _leave_out(found: dict[str, Raw], path: str) -> tuple[str, ...]:
    """Take a path inside a member out; its name where there was one."""
    name = top(path)
    if name not in found:
        return ()
    try:
        members = {name: msgspec.json.decode(found[name])}
    except NOT_READABLE:
        return ()
    if not leave_out(members, path):
        return ()
    found[name] = Raw(_encode(members[name]))
    return (path,)


def _rebuild(body: bytes, edit: Edit, *, add: bool) -> Sent:
    found = members(body)
    losses = tuple(name for name in found if name in edit.drop or (name in OURS and name not in OBEYED))
    for name in [n for n in found if n in OURS or n in edit.drop or n in edit.silent]:
        del found[name]
    for path in edit.drop_paths:
        losses += _leave_out(found, path)
    for old, new in edit.rename.items():
        if old in found:
            value = found.pop(old)
            found.setdefault(new, value)
    for name, encoded in edit.defaults.items():
        if name not in found:
            found[name] = Raw(encoded)
    if edit.model:
        found["model"] = Raw(edit.model)
    if add:
        options = msgspec.json.decode(found["stream_options"]) if "stream_options" in found else {}
        if not isinstance(options, dict):
            options = {}
        found["stream_options"] = Raw(_encode({**options, "include_usage": True}))
    return Sent(_encode(found), usage_added=add, losses=losses)
