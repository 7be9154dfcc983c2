"""Images of Google: Gemini's image models through `:generateContent`, and Imagen through `:predict`
(ai.google.dev/gemini-api/docs/image-generation; cloud.google.com/vertex-ai docs, imagen-api and imagen-api-edit).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.small_media import Image, ImageAnswer, ImageRequest
from trunkline.ir.usage import Usage
from trunkline.wire.small import losses as why
from trunkline.wire.small import pictures, shape, usage
from trunkline.wire.small.codec import Body, Received

_QUIET: Final = pictures.INTERPRETED | pictures.OPENAI_ONLY
_STOPS: Final = frozenset({"STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED"})
"""Reasons to end that are no filter; an answer without an image and with another reason was held back."""


class GeminiImages(msgspec.Struct, frozen=True, kw_only=True):
    """A model that answers a prompt, and pictures beside it, with images among its parts."""

    wire: str = "gemini"

    def encode_request(self, request: ImageRequest, losses: Losses) -> Body:
        if request.mask is not None:
            raise losses.refuse("mask", why.MASK)
        parts: list[dict[str, object]] = [{"text": request.prompt}]
        for place, picture in enumerate(request.images):
            media = pictures.as_media(picture)
            if media.url:
                parts.append({"fileData": {"fileUri": media.url, "mimeType": media.mime or "image/png"}})
            else:
                media = pictures.inline(picture, f"images[{place}]", losses)
                parts.append({"inlineData": {"mimeType": media.mime or "image/png", "data": media.data}})
        config: dict[str, object] = {"responseModalities": ["TEXT", "IMAGE"]}
        image: dict[str, object] = {}
        shape.set_given(
            image,
            aspectRatio=pictures.ratio(request, pictures.RATIOS, losses),
            imageSize=pictures.resolution(request),
        )
        if image:
            config["imageConfig"] = image
        shape.set_given(config, seed=request.seed)
        if request.n is not None and request.n > 1:
            losses.add("n", why.COUNT)
        report(request, losses, "negative_prompt", "output_format", "compression")
        members: dict[str, object] = {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}
        shape.put_back(members, request.extra, self.wire, losses, through=pictures.THROUGH, quiet=_QUIET)
        return Body(content=members, path="models/{model}:generateContent")

    def decode_answer(self, received: Received, _request: ImageRequest) -> ImageAnswer:
        members = shape.parse_object(received.body)
        found, held = list[Image](), ""
        for place, value in enumerate(shape.items(members, "candidates") or []):
            path = f"candidates[{place}]"
            candidate = shape.need_section(value, path)
            content = shape.section(candidate, "content", path) or {}
            for at, part in enumerate(shape.items(content, "parts", f"{path}.content") or []):
                image = _image(shape.need_section(part, f"{path}.content.parts[{at}]"))
                if image is not None:
                    found.append(image)
            reason = shape.soft_text(candidate, "finishReason")
            if reason and reason not in _STOPS:
                held = shape.soft_text(candidate, "finishMessage") or f"the provider held the image back: {reason}"
        feedback = shape.section(members, "promptFeedback") or {}
        if blocked := shape.soft_text(feedback, "blockReason"):
            held = shape.soft_text(feedback, "blockReasonMessage") or f"the provider refused the prompt: {blocked}"
        if not found and not held:
            held = "the model answered without an image"
        return ImageAnswer(
            images=found,
            withheld=held,
            usage=usage.gemini(members.get("usageMetadata"), len(found)),
            extra=shape.left_over(members, frozenset({"candidates", "promptFeedback"}), self.wire),
        )


class Imagen(msgspec.Struct, frozen=True, kw_only=True):
    """Imagen; pictures make it an edit, which the `imagen-3.0-capability` models do."""

    wire: str = "imagen"

    def encode_request(self, request: ImageRequest, losses: Losses) -> Body:
        instance: dict[str, object] = {"prompt": request.prompt}
        if request.mask is not None:
            raise losses.refuse("mask", why.MASK)
        references = _references(request, losses)
        if references:
            instance["referenceImages"] = references
        parameters: dict[str, object] = {"sampleCount": 1 if request.n is None else request.n}
        output: dict[str, object] = {}
        if request.output_format is not None:
            output["mimeType"] = f"image/{request.output_format.replace('jpg', 'jpeg')}"
        shape.set_given(output, compressionQuality=request.compression)
        shape.set_given(
            parameters,
            aspectRatio=pictures.ratio(request, pictures.IMAGEN_RATIOS, losses),
            sampleImageSize=pictures.resolution(request),
            negativePrompt=request.negative_prompt,
            seed=request.seed,
            outputOptions=output or None,
        )
        report(request, losses)
        shape.put_back(parameters, request.extra, self.wire, losses, through=pictures.THROUGH, quiet=_QUIET)
        members: dict[str, object] = {"instances": [instance], "parameters": parameters}
        return Body(content=members, path="models/{model}:predict")

    def decode_answer(self, received: Received, _request: ImageRequest) -> ImageAnswer:
        members = shape.parse_object(received.body)
        found, held = list[Image](), ""
        for place, value in enumerate(shape.items(members, "predictions") or []):
            path = f"predictions[{place}]"
            row = shape.need_section(value, path)
            data = shape.text(row, "bytesBase64Encoded", path)
            held = shape.soft_text(row, "raiFilteredReason") or held
            if data:
                revised = shape.soft_text(row, "prompt")
                found.append(Image(data=data, mime=shape.soft_text(row, "mimeType"), revised_prompt=revised))
        if not found and not held:
            held = "the provider gave no image; its filters leave images out without a word"
        return ImageAnswer(
            images=found,
            withheld=held,
            usage=Usage(images=len(found)),
            extra=shape.left_over(members, frozenset({"predictions"}), self.wire),
        )


def report(request: ImageRequest, losses: Losses, *more: str) -> None:
    """Report the settings that OpenAI's models have and others do not."""
    for name in ("quality", "style", "background", "user", *more):
        value = getattr(request, name)
        if value is not None and value != "auto":
            losses.add("output_compression" if name == "compression" else name, why.KNOB)
    pictures.report_openai_only(request, losses)


def _image(part: dict[str, object]) -> Image | None:
    """Thoughts may be images too: they are drafts, and not the answer."""
    inline = part.get("inlineData", part.get("inline_data"))
    if not isinstance(inline, dict) or part.get("thought") is True:
        return None
    data = inline.get("data")
    mime = inline.get("mimeType", inline.get("mime_type"))
    return Image(data=data, mime=mime if isinstance(mime, str) else "") if isinstance(data, str) and data else None


def _references(request: ImageRequest, losses: Losses) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for place, picture in enumerate(request.images):
        media = pictures.inline(picture, f"images[{place}]", losses)
        found.append(
            {
                "referenceType": "REFERENCE_TYPE_RAW",
                "referenceId": place + 1,
                "referenceImage": {"bytesBase64Encoded": media.data},
            }
        )
    return found
