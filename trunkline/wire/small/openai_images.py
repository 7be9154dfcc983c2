"""OpenAI `POST /v1/images/generations` and `/v1/images/edits`, as JSON and as a form
(platform.openai.com/docs/api-reference/images), and the hosts that are like it: xAI and OpenRouter.
"""

from __future__ import annotations

from typing import Final, Literal, assert_never

import msgspec

from trunkline.ir.events import Ended
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind
from trunkline.ir.small_media import AnswerDone, File, Image, ImageAnswer, ImageRequest, Picture
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import forms, pictures, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.failure import openai_error
from trunkline.wire.small.multipart import Part, emit, is_form, parse
from trunkline.wire.small.openai_stream import STREAM_TYPE, OpenAIStreamEncoder

_EXACT: Final = frozenset(
    {
        *("n", "size", "quality", "style", "background", "output_format", "output_compression", "response_format"),
        "user",
    }
)
"""Settings of the format, each with a field of its own."""
_REQUEST: Final = _EXACT | {"prompt", "model"}
_TYPED: Final = frozenset({"n", "output_compression", "partial_images", "seed", "stream"})
_ANSWER: Final = frozenset({"data"})
_IMAGE: Final = frozenset({"b64_json", "url"})
_FORMATS: Final = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}

References = Literal["form", "images", "input_references"]


class OpenAIImages(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's format and its relatives, which differ in how pictures are given and in what they take."""

    wire: str = "openai"
    references: References = "form"
    """`form`: uploads as a form, others in `images[{image_url}]`; `images`: `images[{type, url}]`;
    `input_references`: under that name, always on one path."""
    takes: frozenset[str] = _EXACT | {"stream"}
    masks: bool = True

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> ImageRequest:
        if is_form(received.content_type):
            members, files = forms.read(parse(received.body, received.content_type), _TYPED)
        else:
            members, files = shape.parse_object(received.body), {}
        given = _pictures(members, files)
        masks = files.get("mask", [])
        mask: Picture | None = masks[0] if masks else _picture(members["mask"]) if members.get("mask") else None
        ratio, negative, seed = members.get("aspect_ratio"), members.get("negative_prompt"), members.get("seed")
        return ImageRequest(
            prompt=shape.need_text(members, "prompt"),
            model=shape.text(members, "model") or named.model,
            edit="/edits" in received.path or bool(files),
            images=given,
            mask=mask,
            n=shape.integer(members, "n"),
            size=shape.text(members, "size"),
            aspect_ratio=ratio if isinstance(ratio, str) else None,
            quality=shape.text(members, "quality"),
            style=shape.text(members, "style"),
            background=shape.text(members, "background"),
            output_format=shape.text(members, "output_format"),
            compression=shape.integer(members, "output_compression"),
            response_format=shape.text(members, "response_format"),
            negative_prompt=negative if isinstance(negative, str) else None,
            seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
            user=shape.text(members, "user"),
            stream=shape.flag(members, "stream") or False,
            extra=shape.left_over(members, _REQUEST, self.wire),
        )

    def encode_request(self, request: ImageRequest, losses: Losses) -> Body:
        own = shape.is_own(request.extra, self.wire)
        members: dict[str, object] = {"prompt": request.prompt}
        shape.set_given(members, model=request.model or None, **self._settings(request, losses, own=own))
        edit = request.edit or bool(request.images)
        path = "images/edits" if edit else "images/generations"
        if self.references == "input_references":
            path = "images"
        if request.mask is not None and not self.masks:
            raise losses.refuse("mask", why.MASK)
        as_form = self.references == "form" and any(isinstance(image, File) for image in request.images)
        if not own:
            pictures.report_openai_only(request, losses)
            if not as_form:
                self._refer(members, request, losses)
        shape.put_back(
            members,
            request.extra,
            self.wire,
            losses,
            through=pictures.THROUGH,
            quiet=pictures.INTERPRETED | pictures.OPENAI_ONLY,
        )
        if not as_form:
            return Body(content=members, path=path)
        data, content_type = emit([*forms.fields(members), *_files(request)])
        return Body(data=data, content_type=content_type, path=path)

    def decode_answer(self, received: Received, _request: ImageRequest) -> ImageAnswer:
        members = shape.parse_object(received.body)
        found = [_read_image(row, f"data[{at}]") for at, row in enumerate(shape.need_items(members, "data"))]
        created = members.get("created")
        return ImageAnswer(
            images=found,
            created=created if isinstance(created, int) and 0 <= created < 2**40 else 0,
            usage=usage.openai_images(members.get("usage"), len(found)),
            extra=shape.left_over(members, _ANSWER, self.wire),
        )

    def encode_answer(self, answer: ImageAnswer, reply: Reply[ImageRequest], losses: Losses) -> Body:
        own = shape.is_own(answer.extra, self.wire)
        if answer.withheld and not answer.images:
            return withheld(answer.withheld)
        if reply.request.stream:
            return _stream(answer, reply)
        members: dict[str, object] = {
            "data": [_image(image, reply.request, losses, own=own) for image in answer.images]
        }
        if not own:
            members["created"] = answer.created or reply.created
            mime = answer.images[0].mime if answer.images else ""
            shape.set_given(members, usage=usage.as_image(answer.usage), output_format=_FORMATS.get(mime))
        shape.put_back(members, answer.extra, self.wire, losses, quiet=_COUNTED)
        return Body(content=members)

    def encode_failure(self, failure: Failure) -> Body:
        return openai_error(failure)

    def _settings(self, request: ImageRequest, losses: Losses, *, own: bool) -> dict[str, object]:
        """Settings that the host takes; the others are reported."""
        settings: dict[str, object] = {
            "n": request.n,
            "size": request.size,
            "quality": request.quality,
            "style": request.style,
            "background": request.background,
            "output_format": request.output_format,
            "output_compression": request.compression,
            "response_format": request.response_format,
            "aspect_ratio": request.aspect_ratio,
            "seed": request.seed,
            "negative_prompt": request.negative_prompt,
            "user": request.user,
            "stream": request.stream or None,
        }
        if own:
            return settings
        if request.aspect_ratio is None and "aspect_ratio" in self.takes and "size" not in self.takes:
            settings["aspect_ratio"] = pictures.ratio(request, pictures.RATIOS, losses)
            settings["size"] = None
        for name, value in settings.items():
            if value is not None and name not in self.takes:
                settings[name] = None
                if name not in ("response_format", "stream"):  # told in the answer, or not to be noticed
                    losses.add(name, why.KNOB)
        return settings

    def _refer(self, members: dict[str, object], request: ImageRequest, losses: Losses) -> None:
        urls = [pictures.url_of(image, f"images[{at}]", losses) for at, image in enumerate(request.images)]
        name = "input_references" if self.references == "input_references" else "images"
        written = [_reference(url, self.references) for url in urls]
        if written:
            members[name] = written
        if request.mask is not None:
            members["mask"] = {"image_url": pictures.url_of(request.mask, "mask", losses)}


_COUNTED: Final = frozenset({"usage", "usageMetadata", "modelVersion", "responseId", "model", "id", "object"})


def withheld(reason: str) -> Body:
    """A filter held everything back: OpenAI answers 400 with this code."""
    failure = Failure(kind=FailureKind.CONTENT_POLICY, status=400, message=reason, code="moderation_blocked")
    return msgspec.structs.replace(openai_error(failure), status=400)


def _stream(answer: ImageAnswer, reply: Reply[ImageRequest]) -> Body:
    """For a client that asked for events, of a provider that answers whole."""
    encoder = OpenAIStreamEncoder(edit=reply.request.edit)
    if not answer.created:
        answer = msgspec.structs.replace(answer, created=reply.created)
    data = encoder.encode(AnswerDone(answer)) + encoder.encode(Ended())
    return Body(data=data, content_type=STREAM_TYPE)


def _pictures(members: dict[str, object], files: dict[str, list[File]]) -> list[Picture]:
    found: list[Picture] = [*files.get("image", []), *files.get("image[]", [])]
    for name in ("image", "images", "input_references"):
        value = members.get(name)
        if value is not None:
            found += [_picture(item) for item in (value if isinstance(value, list) else [value])]
    return found


def _picture(value: object) -> Media:
    """`"https://..."`, `{image_url: "..."}`, `{file_id}`, `{type, url}`, `{type, image_url: {url}}`."""
    if isinstance(value, dict):
        file_id = value.get("file_id")
        if isinstance(file_id, str):
            return Media(kind=MediaKind.IMAGE, file_id=file_id)
        value = value.get("image_url", value.get("url"))
        if isinstance(value, dict):
            value = value.get("url")
    if isinstance(value, str):
        return pictures.of_url(value)
    raise BadShape("images", "each must be a URL, `{image_url}` or `{file_id}`")


def _reference(url: str, style: References) -> dict[str, object]:
    match style:
        case "form":
            return {"image_url": url}
        case "images":
            return {"type": "image_url", "url": url}
        case "input_references":
            return {"type": "image_url", "image_url": {"url": url}}
        case _:
            assert_never(style)


def _files(request: ImageRequest) -> list[Part]:
    name = "image[]" if len(request.images) > 1 else "image"
    given: list[tuple[str, Picture]] = [(name, image) for image in request.images]
    if request.mask is not None:
        given.append(("mask", request.mask))
    found: list[Part] = []
    for own, picture in given:
        file = pictures.as_file(picture, own)
        if file is None:
            raise BadShape(own, "a form takes uploads only; send all pictures as uploads, or all in JSON")
        found.append(Part(name=own, data=file.data, filename=file.name, content_type=file.mime))
    return found


def _read_image(value: object, path: str) -> Image:
    row = shape.need_section(value, path)
    data, url = shape.text(row, "b64_json", path), shape.text(row, "url", path)
    mime = shape.soft_text(row, "mime_type") or shape.soft_text(row, "media_type")
    return Image(
        data=data or "",
        url=url or "",
        mime=mime,
        revised_prompt=shape.soft_text(row, "revised_prompt"),
        extra=shape.rest(row, _IMAGE),
    )


def _image(image: Image, request: ImageRequest, losses: Losses, *, own: bool) -> dict[str, object]:
    row: dict[str, object] = {}
    shape.set_given(row, b64_json=image.data or None, url=image.url or None)
    if own:
        return {**row, **(image.extra or {})}
    if request.response_format == "url" and not image.url:
        losses.add("response_format", why.URL_WANTED)
    if request.response_format == "b64_json" and not image.data:
        losses.add("response_format", why.DATA_WANTED)
    shape.set_given(row, revised_prompt=image.revised_prompt or None)
    return row
