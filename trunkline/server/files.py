"""Files and batches: passed to the account that owns them, whose name travels inside their ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from trunkline.access import Refusal, refusal
from trunkline.config.snapshot import Deployment
from trunkline.ir.losses import BadShape
from trunkline.pipeline.pass_way import Passed
from trunkline.providers.base_url import BaseUrlError, path_segment
from trunkline.providers.pass_through import files_base, passed_headers
from trunkline.providers.registry import provider_names, resolve
from trunkline.providers.target import Target
from trunkline.server.asgi_sink import Receive, Scope, Send, refuse, whole_body
from trunkline.server.pass_through import Variables, admit, header_of, run
from trunkline.surfaces import files
from trunkline.surfaces.files import OWN_FIELDS, DamagedIdError, Wanted
from trunkline.wire.metering import Asked, Meter
from trunkline.wire.small.multipart import emit, is_form, parse

if TYPE_CHECKING:
    from trunkline.server.gateway import LiveGateway

_MODEL_HEADERS: Final = (b"x-litellm-model",)
_PROVIDER_HEADERS: Final = (b"custom-llm-provider", b"x-litellm-custom-llm-provider")
_DEFAULT: Final = "openai"  # lint: provider-name (LiteLLM's default for files, a format's maker)
_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


class _RefusedError(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.message)
        self.why = why


class Owner(NamedTuple):
    """Whose a file is, and where that account's files are."""

    key: str
    """`d:` and a deployment's id, or `p:` and a provider's name."""
    provider: str
    target: Target
    base: str
    query: str


class _Given(NamedTuple):
    """What a request says of where it goes, and what of it goes there."""

    fields: dict[str, str]
    body: bytes
    content_type: str


class Files:
    """Answers `/v1/files` and `/v1/batches`."""

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway
        self._variables = Variables(gateway)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request; `False`: it is somebody else's."""
        wanted = files.match(scope["raw_path"])
        if wanted is None or (wanted.provider and wanted.provider not in provider_names()):
            return False
        name = files.operation(wanted, scope["method"])
        if name is None:
            return False  # the table of routes says what the path takes
        arrival = admit(self._gateway, files.SURFACES[name], scope)
        made = arrival if isinstance(arrival, Refusal) else await self._made(wanted, name, scope, receive)
        if made is None:
            return True
        if isinstance(made, Refusal) or isinstance(arrival, Refusal):
            why = made if isinstance(made, Refusal) else arrival
            assert isinstance(why, Refusal)
            self._gateway.count_refusal(why.status)
            await refuse(send, why)
            return True
        owner, passed, sent = made
        await run(
            self._gateway, arrival, sent, passed=passed, provider=owner.provider, target=owner.target, scope=scope,
            receive=receive, send=send,
        )  # fmt: skip
        return True

    async def _made(
        self, wanted: Wanted, name: str, scope: Scope, receive: Receive
    ) -> tuple[Owner, Passed, bytes] | Refusal | None:
        """The request as it leaves, or why it does not; `None`: the client has gone."""
        body = await whole_body(receive, self._gateway.limits.body_bytes)
        if body is None or isinstance(body, Refusal):
            return body
        try:
            return self._request(wanted, name, scope, body)
        except _RefusedError as error:
            return error.why

    def _request(self, wanted: Wanted, name: str, scope: Scope, body: bytes) -> tuple[Owner, Passed, bytes]:
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=50))
        given = _read(name, header_of(scope, b"content-type"), body)
        said = {**query, **given.fields}
        key, original = _unwrapped(wanted.id) if wanted.id else ("", "")
        if name == "acreate_batch":
            key, given = _batch(given)
        owner = self._owner(key, _named(wanted, scope, said), explicit=_is_said(wanted, scope, said))
        path = f"{owner.base}/{wanted.kind}"
        if original:
            path += f"/{_segment(original)}" + (f"/{wanted.action}" if wanted.action else "")
        if after := query.get("after"):
            query["after"] = _of_owner(after, owner.key)
        rest = urlencode([(k, v) for k, v in query.items() if k not in OWN_FIELDS and k != "key"], quote_via=quote)
        asked = "&".join(part for part in (owner.query, rest) if part)
        headers, replaced = passed_headers(scope["headers"], owner.target)
        if given.content_type:
            headers = (*(pair for pair in headers if pair[0] != "content-type"), ("content-type", given.content_type))
        passed = Passed(
            method=scope["method"],
            path=path + (f"?{asked}" if asked else ""),
            headers=headers,
            replaced=replaced,
            asked=Asked(model=said.get("model", "")[:256]),
            meter=Meter(scope["method"], path, given.content_type, b""),
            rewrite=None if wanted.action == "content" else _Rewrite(owner.key),
        )
        return owner, passed, given.body

    def _owner(self, key: str, named: tuple[str, str], *, explicit: bool) -> Owner:
        """The account: the one that an id names, which what else is said must not contradict."""
        model, provider = named
        if not key:
            return self._by_model(model) if model else self._by_provider(provider)
        found = self._by_key(key)
        if explicit:
            other = self._by_model(model) if model else self._by_provider(provider)
            if other.key != found.key:
                raise _bad("The file belongs to another account than the one that the request names.")
        return found

    def _by_key(self, key: str) -> Owner:
        kind, _, name = key.partition(":")
        if kind == "p":
            return self._by_provider(name)
        for deployment in self._gateway.snapshot.deployments:
            if deployment.id == name and (owner := _of(deployment)) is not None:
                return owner
        raise _not_found()

    def _by_model(self, model: str) -> Owner:
        state = self._gateway.worker.state
        group = state.routes.find(model)
        if group is None or not group.ready:
            raise _bad(f"Invalid model name passed in model={model[:200]}: `/v1/models` lists what there is.", "model")
        for deployment in group.ready:
            if (owner := _of(deployment)) is not None:
                return owner
        raise _bad(f"`{model[:200]}` is served by a provider without files in this format.", "model")

    def _by_provider(self, provider: str) -> Owner:
        if provider not in provider_names():
            raise _bad(f"`{provider[:60]}` is no provider.", "custom_llm_provider")
        resolved = resolve({"model": f"{provider}/any"}, self._variables.get())
        if resolved.target is not None and (at := files_base(resolved.target)) is not None:
            return Owner(f"p:{provider}", provider, resolved.target, *at)
        for deployment in self._gateway.snapshot.deployments:
            if deployment.provider == provider and (owner := _of(deployment)) is not None:
                return owner
        why = resolved.unavailable or f"`{provider}` has no files in this format"
        raise _RefusedError(refusal(503, f"Files cannot be served: {why}", "model_unavailable"))


class _Rewrite:
    """Puts ids that say whose they are into an answer."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def __call__(self, body: bytes) -> bytes:
        try:
            return msgspec.json.encode(files.wrap_answer(_decode(body), self._owner))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return body


def _of(deployment: Deployment) -> Owner | None:
    target = deployment.target
    at = None if target is None or target.embedded else files_base(target)
    return None if at is None or target is None else Owner(f"d:{deployment.id}", deployment.provider, target, *at)


def _read(name: str, content_type: str, body: bytes) -> _Given:
    """What the body says of where it goes, without what is meant for the gateway alone."""
    if name == "acreate_file":
        if not is_form(content_type):
            raise _bad("A file is sent as `multipart/form-data`, with `file` and `purpose`.")
        try:
            form = parse(body, content_type)
            fields = {
                part.name: part.text() for part in form.parts if part.filename is None and part.name in OWN_FIELDS
            }
        except BadShape as error:
            raise _bad(f"The form cannot be read: {error}") from None
        if not fields:
            return _Given({}, body, content_type)
        sent, kind = emit(part for part in form.parts if part.filename is not None or part.name not in OWN_FIELDS)
        return _Given(fields, sent, kind)
    if name == "acreate_batch":
        try:
            members = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _bad(f"Invalid JSON in the request body: {error}") from None
        fields = {key: str(members.pop(key)) for key in OWN_FIELDS & members.keys()}
        return _Given(fields, msgspec.json.encode(members), "application/json")
    return _Given({}, body, content_type if body else "")


def _batch(given: _Given) -> tuple[str, _Given]:
    """The owner of a batch's input, and the body with the provider's own id."""
    members = _decode(given.body)
    file_id = members.get("input_file_id")
    if not isinstance(file_id, str) or not file_id:
        raise _bad("`input_file_id` is missing: upload the requests with `POST /v1/files` first.", "input_file_id")
    key, original = _unwrapped(file_id)
    return key, given._replace(body=msgspec.json.encode({**members, "input_file_id": original}))


_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=-]{0,255}|[A-Za-z0-9_-]{1,2048}")
"""Ids as providers make them; nothing that could be another path (F03)."""


def _unwrapped(text: str) -> tuple[str, str]:
    """Owner and provider's id; a provider's own id has no owner."""
    if not _PLAIN.fullmatch(text):
        raise _not_found()
    try:
        found = files.unwrap(text)
    except DamagedIdError:
        raise _not_found() from None
    return ("", text) if found is None else (found.owner, found.original)


def _of_owner(text: str, owner: str) -> str:
    key, original = _unwrapped(text)
    if key and key != owner:
        raise _not_found()
    return original


def _segment(original: str) -> str:
    try:
        return path_segment(original)
    except BaseUrlError:
        raise _not_found() from None


def _is_said(wanted: Wanted, scope: Scope, said: dict[str, str]) -> bool:
    return bool(wanted.provider or OWN_FIELDS & said.keys()) or any(
        header_of(scope, name) for name in (*_MODEL_HEADERS, *_PROVIDER_HEADERS)
    )


def _named(wanted: Wanted, scope: Scope, said: dict[str, str]) -> tuple[str, str]:
    """The model and the provider that a request names: in path, body or query, headers; then the default."""
    several = [name.strip() for name in said.get("target_model_names", "").split(",") if name.strip()]
    if len(several) > 1:
        raise _bad("`target_model_names` may name one model: a file lies in one account.", "target_model_names")
    model = said.get("model") or (several[0] if several else "") or header_of(scope, _MODEL_HEADERS[0])
    provider = wanted.provider or said.get("custom_llm_provider") or said.get("provider")
    if wanted.provider:
        return "", wanted.provider
    if not provider:
        provider = next((value for name in _PROVIDER_HEADERS if (value := header_of(scope, name))), _DEFAULT)
    return model, provider


def _bad(message: str, param: str | None = None) -> _RefusedError:
    return _RefusedError(refusal(400, message, "invalid_request_error", param))


def _not_found() -> _RefusedError:
    return _RefusedError(refusal(404, "No such file or batch.", "invalid_request_error", "id"))
