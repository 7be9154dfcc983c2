"""Bodies of Bedrock's `POST /model/{model}/invoke` for images: Amazon's (Titan image, Nova Canvas) and Stability's
(docs.aws.amazon.com/bedrock: model-parameters-titan-image, nova image-gen-req-resp-structure, model-parameters-
stability-diffusion).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.small_media import Image, ImageAnswer, ImageRequest
from trunkline.ir.usage import Usage
from trunkline.wire.small import losses as why
from trunkline.wire.small import pictures, shape
from trunkline.wire.small.bedrock_embed import INVOKE
from trunkline.wire.small.codec import Body, Received
from trunkline.wire.small.google_images import report

_QUIET: Final = pictures.INTERPRETED | pictures.OPENAI_ONLY
_QUALITY: Final = {"hd": "premium", "high": "premium", "premium": "premium"}
"""Every other word is `standard`, which is also what comes without one."""
_CONFIG: Final = frozenset({"cfgScale", "numberOfImages", "width", "height", "quality", "seed"})


class AmazonImages(msgspec.Struct, frozen=True, kw_only=True):
    """Titan image and Nova Canvas: a task, and a configuration beside it."""

    wire: str = "bedrock_amazon"

    def encode_request(self, request: ImageRequest, losses: Losses) -> Body:
        members = _task(request, losses)
        config: dict[str, object] = {}
        size = pictures.pixels(request.size)
        if size is not None:
            config["width"], config["height"] = size
        elif request.size not in (None, "auto"):
            losses.add("size", why.SIZE)
        quality = None if request.quality in (None, "auto") else _QUALITY.get(request.quality or "", "standard")
        shape.set_given(config, numberOfImages=request.n, quality=quality, seed=request.seed)
        shape.report(losses, why.KNOB, aspect_ratio=request.aspect_ratio, output_format=request.output_format)
        report(msgspec.structs.replace(request, quality=None), losses, "compression")
        shape.put_back(members, request.extra, self.wire, losses, through=pictures.THROUGH, quiet=_QUIET)
        config.update({name: members.pop(name) for name in _CONFIG if name in members})
        if config:
            given = members.get("imageGenerationConfig")
            members["imageGenerationConfig"] = {**config, **given} if isinstance(given, dict) else config
        return Body(content=members, path=INVOKE)

    def decode_answer(self, received: Received, _request: ImageRequest) -> ImageAnswer:
        members = shape.parse_object(received.body)
        found = [Image(data=data, mime="image/png") for data in shape.texts(members, "images") or []]
        return ImageAnswer(
            images=found,
            withheld=shape.soft_text(members, "error") or ("" if found else "the provider gave no image"),
            usage=Usage(images=len(found)),
            extra=shape.left_over(members, frozenset({"images"}), self.wire),
        )


class StabilityImages(msgspec.Struct, frozen=True, kw_only=True):
    """Stable Image Core and Ultra, and SD3: one image per request."""

    wire: str = "bedrock_stability"

    def encode_request(self, request: ImageRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"prompt": request.prompt}
        if request.mask is not None:
            raise losses.refuse("mask", why.MASK)
        if len(request.images) > 1:
            raise losses.refuse("images", why.ONE_IMAGE)
        if request.images:
            members["image"] = pictures.inline(request.images[0], "images[0]", losses).data
            members["mode"] = "image-to-image"
        else:
            shape.set_given(members, aspect_ratio=pictures.ratio(request, pictures.STABILITY_RATIOS, losses))
        if request.n is not None and request.n > 1:
            losses.add("n", why.COUNT)
        shape.set_given(
            members, negative_prompt=request.negative_prompt, seed=request.seed, output_format=request.output_format
        )
        report(request, losses, "compression")
        shape.put_back(members, request.extra, self.wire, losses, through=pictures.THROUGH, quiet=_QUIET)
        if request.images:
            members.setdefault("strength", 0.7)  # required there; the middle of what the reference advises
        return Body(content=members, path=INVOKE)

    def decode_answer(self, received: Received, request: ImageRequest) -> ImageAnswer:
        members = shape.parse_object(received.body)
        reasons = shape.items(members, "finish_reasons") or []
        mime = f"image/{request.output_format or 'png'}"
        found, held = list[Image](), ""
        for place, data in enumerate(shape.texts(members, "images") or []):
            reason = reasons[place] if place < len(reasons) else None
            if isinstance(reason, str) and reason:
                held = f"the provider held the image back: {reason}"
            elif data:
                found.append(Image(data=data, mime=mime))
        return ImageAnswer(
            images=found,
            withheld=held or ("" if found else _first(reasons)),
            usage=Usage(images=len(found)),
            extra=shape.left_over(members, frozenset({"images"}), self.wire),
        )


def _first(reasons: list[object]) -> str:
    return next((reason for reason in reasons if isinstance(reason, str)), "the provider gave no image")


def _task(request: ImageRequest, losses: Losses) -> dict[str, object]:
    """`TEXT_IMAGE`; with pictures `IMAGE_VARIATION`."""
    if request.mask is not None:
        raise losses.refuse("mask", why.MASK)
    images = [pictures.inline(image, f"images[{at}]", losses).data for at, image in enumerate(request.images)]
    params: dict[str, object] = {"text": request.prompt}
    shape.set_given(params, negativeText=request.negative_prompt)
    if images:
        return {"taskType": "IMAGE_VARIATION", "imageVariationParams": {"images": images, **params}}
    return {"taskType": "TEXT_IMAGE", "textToImageParams": params}
