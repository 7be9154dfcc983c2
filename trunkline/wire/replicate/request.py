"""Requests: what creates a prediction. The model stands in the path or, as a version, in the body."""

from __future__ import annotations

import re
from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind, Message, Native, Text
from trunkline.ir.request import Request, Sampling
from trunkline.wire.codec import NOT_NAMED, Members, Named
from trunkline.wire.natives import put_back
from trunkline.wire.replicate import losses as why
from trunkline.wire.replicate.inputs import LIMITS, SYSTEMS, inputs_of
from trunkline.wire.replicate.prompt import Prompt, write_prompt
from trunkline.wire.replicate.shapes import OWN, Spelled, an_object, is_number, is_object, is_texts, is_whole, spelled

_KNOWN: Final = frozenset({"input", "version", "stream"})
_KNOBS: Final = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")
_BASE64: Final = ";base64,"
_VERSION: Final = re.compile(r"(?:[^:]+:)?([0-9a-f]{64})")


def read_request(members: Members, named: Named = NOT_NAMED) -> Request:
    """A client's request.

    Raises:
        BadShape: it does not have the format's shape.
    """
    given = dict(an_object(members.get("input"), "input"))
    spelling: dict[str, object] = {}
    version, stream = members.get("version"), members.get("stream")
    if version is not None and not isinstance(version, str):
        raise BadShape("version", "must be a string")
    if stream is not None and not isinstance(stream, bool):
        raise BadShape("stream", "must be true or false")
    for name, value in (("version", version), ("stream", stream)):
        if name in members:
            spelling[name] = [value]
    messages = _read_messages(given, spelling)
    sampling = _read_sampling(given, spelling)
    rest: dict[str, object] = {name: value for name, value in members.items() if name not in _KNOWN}
    if given:
        rest["input"] = given
    return Request(
        model=named.model or version or "",
        messages=messages,
        sampling=sampling,
        stream=bool(stream if stream is not None else named.stream),
        native=Spelled(OWN, rest, spelling),
    )


def write_request(request: Request, losses: Losses) -> Members:
    """The body for a provider.

    Raises:
        Untranslatable: it holds content, tools or an output schema, which no prompt can express.
    """
    _refuse(request, losses)
    native, names = request.native, inputs_of(request.model)
    prompt = write_prompt(request.messages, losses)
    given: Members = {}
    if prompt.turns or spelled(native, "no_prompt") is None:
        given["prompt"] = prompt.text()
    if prompt.system or spelled(native, "empty_system"):
        given[_said(native, "system", names.system)] = "\n\n".join(prompt.system)
    _write_images(prompt, given, request, losses)
    _write_sampling(request, given, names.max_tokens, losses)
    if native is not None and native.format is OWN and is_object(rest := native.members.get("input")):
        for name, value in rest.items():
            given.setdefault(name, value)
    members: Members = {"input": given}
    said = spelled(native, "version")
    version = version_of(request.model)
    if isinstance(said, list) and said[0] in (None, request.model):
        members["version"] = said[0]
    elif version:
        members["version"] = version
    if request.stream:
        members["stream"] = True
    elif isinstance(said := spelled(native, "stream"), list):
        members["stream"] = said[0]
    _note_losses(request, losses)
    put_back(members, native, OWN, losses)
    return members


def version_of(model: str) -> str:
    """The version that a model's name holds (`owner/name:version`, or the version alone); empty: none."""
    found = _VERSION.fullmatch(model)
    return found[1] if found else ""


def _read_messages(given: Members, spelling: dict[str, object]) -> list[Message]:
    """System text, prompt and image as a conversation; they are taken out of `given`."""
    found: list[Message] = []
    for name in SYSTEMS:
        if isinstance(words := given.get(name), str):
            spelling["system"] = name
            if words:
                found.append(Message(role="system", parts=[Text(text=words)]))
            else:
                spelling["empty_system"] = True
            del given[name]
            break
    user = Message(role="user", parts=[])
    image = given.get("image")
    if isinstance(image, str) and (part := _read_image(image)) is not None:
        user.parts.append(part)
        del given["image"]
    words = given.get("prompt")
    if isinstance(words, str):
        del given["prompt"]
        user.parts += [Text(text=words)] if words else []
    else:
        spelling["no_prompt"] = True
    if user.parts or isinstance(words, str):
        found.append(user)
    return found


def _read_image(url: str) -> Media | None:
    """An image by URL or inline; `None` where it is neither, and only the model can tell what it is."""
    if url.startswith(("https://", "http://")):
        return Media(kind=MediaKind.IMAGE, url=url, native=Spelled(OWN, {}, {"name": "image"}))
    end = url.find(_BASE64, 0, 1000)
    if url[:5].lower() != "data:" or end < 0 or len(url) == end + len(_BASE64):
        return None
    header = url[: end + len(_BASE64)]
    mime = header[5:end].partition(";")[0].strip().lower()
    native = Spelled(OWN, {}, {"name": "image", "header": header})
    return Media(kind=MediaKind.IMAGE, mime=mime, data=url[len(header) :], native=native)


def _write_images(prompt: Prompt, given: Members, request: Request, losses: Losses) -> None:
    names = inputs_of(request.model)
    if not prompt.images:
        return
    media = [part for message in request.messages for part in message.parts if isinstance(part, Media)]
    if len(prompt.images) == 1 and any(spelled(part.native, "name") == "image" for part in media):
        given["image"] = prompt.images[0]
    elif names.images:
        given[names.images] = prompt.images
    elif len(prompt.images) == 1:
        given[names.image] = prompt.images[0]
    else:
        raise losses.refuse("messages", why.ONE_IMAGE)


def _read_sampling(given: Members, spelling: dict[str, object]) -> Sampling:
    sampling = Sampling()
    for name in LIMITS:
        value = given.get(name)
        if is_whole(value):
            sampling.max_tokens = value
            spelling["limit"] = name
            del given[name]
            break
    for name in _KNOBS:
        value = given.get(name)
        if is_number(value):
            setattr(sampling, name, value)
            del given[name]
    if is_whole(seed := given.get("seed")):
        sampling.seed = seed
        del given["seed"]
    stop = given.get("stop_sequences")
    if isinstance(stop, str) and stop:
        sampling.stop = stop.split(",")
        del given["stop_sequences"]
    elif is_texts(stop):
        sampling.stop = stop
        spelling["stop_list"] = True
        del given["stop_sequences"]
    return sampling


def _write_sampling(request: Request, given: Members, limit: str, losses: Losses) -> None:
    sampling, native = request.sampling, request.native
    if sampling.max_tokens is not None:
        given[_said(native, "limit", limit)] = sampling.max_tokens
    for name, value in (
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("top_k", sampling.top_k),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("seed", sampling.seed),
    ):
        if value is not None:
            given[name] = value
    if sampling.stop is not None:
        _write_stop(sampling.stop, given, as_list=bool(spelled(native, "stop_list")), losses=losses)
    if sampling.candidates is not None and sampling.candidates > 1:
        losses.add("n", why.NO_CANDIDATES)
    if sampling.min_p is not None:
        losses.add("min_p", why.NO_MIN_P)
    if sampling.logprobs or sampling.top_logprobs:
        losses.add("logprobs", why.NO_LOGPROBS)
    if sampling.logit_bias:
        losses.add("logit_bias", why.NO_LOGIT_BIAS)


def _write_stop(stop: list[str], given: Members, *, as_list: bool, losses: Losses) -> None:
    """The input schema of meta/llama-2-70b-chat: "A comma-separated list of sequences to stop generation at"."""
    if as_list:
        given["stop_sequences"] = stop
        return
    sayable = [sequence for sequence in stop if "," not in sequence]
    if len(sayable) < len(stop):
        losses.add("stop", why.COMMA)
    if sayable:
        given["stop_sequences"] = ",".join(sayable)


def _said(native: Native | None, what: str, default: str) -> str:
    """The name that the client used."""
    name = spelled(native, what)
    return name if isinstance(name, str) else default


def _refuse(request: Request, losses: Losses) -> None:
    choice = request.tool_choice
    if request.tools and choice is not None and choice.mode == "none":
        losses.add("tools", why.TOOLS_LEFT_OUT)
    elif request.tools:
        raise losses.refuse("tools", why.NO_TOOLS)
    elif choice is not None and choice.mode == "required":
        raise losses.refuse("tool_choice", why.NO_TOOLS)
    if request.output is not None:
        raise losses.refuse("response_format", why.NO_SCHEMA)
    if request.modalities is not None and request.modalities != ["text"]:
        raise losses.refuse("modalities", why.NO_MODALITIES)


def _note_losses(request: Request, losses: Losses) -> None:
    """What the format has no place for."""
    for lost, name, reason in (
        (request.thinking, "thinking", why.NO_THINKING),
        (request.verbosity, "verbosity", why.NO_VERBOSITY),
        (request.user, "user", why.NO_USER),
        (request.metadata, "metadata", why.NO_METADATA),
        (request.service_tier, "service_tier", why.NO_SERVICE_TIER),
        (request.store, "store", why.NO_STORE),
        (request.cache, "cache_control", why.NO_CACHE),
    ):
        if lost:
            losses.add(name, reason)
