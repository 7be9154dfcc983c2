"""Images: OpenAI's JSON and forms towards every provider, and every answer back."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from tests.wire.small.recorded import form_of, mutations
from trunkline.ir.events import Ended
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.small_media import AnswerDone, ImageAnswer, ImageRequest
from trunkline.ir.usage import Usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Operation, Received, Reply
from trunkline.wire.small.multipart import Part, emit, field
from trunkline.wire.small.openai_stream import OpenAIStreamDecoder
from trunkline.wire.small.registry import IMAGE, SURFACES

SURFACE: Any = SURFACES["openai", Operation.IMAGE]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 8
URL = f"data:image/png;base64,{b64encode(PNG).decode()}"
DATA = b64encode(PNG).decode()


def ask(path: str = "/v1/images/generations", **members: Any) -> ImageRequest:
    body = json.dumps({"model": "m", "prompt": "p", **members}).encode()
    request: ImageRequest = SURFACE.decode_request(Received(body=body, path=path))
    return request


def upload(*names: str, **fields: str) -> tuple[ImageRequest, Received]:
    parts = [field("model", "m"), field("prompt", "5")]
    parts += [Part(name=name, data=PNG, filename=f"{name}.png", content_type="image/png") for name in names]
    parts += [field(name, value) for name, value in fields.items()]
    body, content_type = emit(parts)
    received = Received(body=body, content_type=content_type, path="/v1/images/edits")
    return SURFACE.decode_request(received), received


def encoded(wire: str, request: ImageRequest) -> tuple[Body, list[str]]:
    losses = Losses()
    return IMAGE[wire].encode_request(request, losses), [loss.path for loss in losses.found]


def sent(wire: str, request: ImageRequest) -> tuple[Any, list[str]]:
    body, lost = encoded(wire, request)
    return json.loads(body.encoded()), lost


def told(wire: str, body: Any, request: ImageRequest) -> tuple[Body, list[str], ImageAnswer]:
    answer = IMAGE[wire].decode_answer(Received(body=json.dumps(body).encode()), request)
    losses = Losses()
    found = SURFACE.encode_answer(answer, Reply(request=request, id="r1", model="m", created=7), losses)
    return found, [loss.path for loss in losses.found], answer


def test_a_form_goes_on_as_a_form() -> None:
    """To OpenAI's format an upload stays an upload, field by field, on the path of edits."""
    request, received = upload("image[]", "image[]", n="2", quality="high", input_fidelity="high", seed="007")
    body, lost = encoded("openai", request)
    assert form_of(body) == form_of(Body(data=received.body, content_type=received.content_type))
    assert (body.path, lost) == ("images/edits", [])


def test_a_mask_stays_beside_its_image() -> None:
    """One image and a mask."""
    request, received = upload("image", "mask")
    assert request.mask is not None
    body, _ = encoded("openai", request)
    assert form_of(body) == form_of(Body(data=received.body, content_type=received.content_type))


def test_a_prompt_of_digits_is_a_text() -> None:
    """A form has no types; `5` is a prompt and `2` is a number of images."""
    request, _ = upload("image", n="2")
    assert (request.prompt, request.n) == ("5", 2)


def test_uploads_become_data_urls_where_json_is_spoken() -> None:
    """xAI and OpenRouter take no forms."""
    request, _ = upload("image[]", "image[]")
    assert sent("xai", request)[0]["images"] == [{"type": "image_url", "url": URL}] * 2
    assert sent("openrouter", request)[0]["input_references"] == [{"type": "image_url", "image_url": {"url": URL}}] * 2
    assert encoded("openrouter", request)[0].path == "images"
    assert encoded("xai", request)[0].path == "images/edits"


def test_pictures_stand_inline_for_google_and_amazon() -> None:
    """Each under its own name."""
    request, _ = upload("image")
    parts = sent("gemini", request)[0]["contents"][0]["parts"]
    assert parts == [{"text": "5"}, {"inlineData": {"mimeType": "image/png", "data": DATA}}]
    assert sent("imagen", request)[0]["instances"] == [
        {
            "prompt": "5",
            "referenceImages": [
                {
                    "referenceType": "REFERENCE_TYPE_RAW",
                    "referenceId": 1,
                    "referenceImage": {"bytesBase64Encoded": DATA},
                }
            ],
        }
    ]
    assert sent("bedrock_amazon", request)[0] == {
        "taskType": "IMAGE_VARIATION",
        "imageVariationParams": {"images": [DATA], "text": "5"},
    }
    stability = sent("bedrock_stability", request)[0]
    assert (stability["image"], stability["mode"]) == (DATA, "image-to-image")


@pytest.mark.parametrize("wire", sorted(set(IMAGE) - {"openai"}))
def test_a_mask_is_refused_where_masks_mean_something_else(wire: str) -> None:
    """OpenAI's are transparent where the image may change; others go by colour, or have none."""
    request, _ = upload("image", "mask")
    with pytest.raises(Untranslatable) as refused:
        encoded(wire, request)
    assert refused.value.reason == why.MASK


def test_a_url_is_refused_where_nobody_fetches_it() -> None:
    """Bedrock and Imagen take bytes."""
    request = ask(images=[{"image_url": "https://example.com/a.png"}])
    for wire in ("imagen", "bedrock_amazon", "bedrock_stability"):
        with pytest.raises(Untranslatable) as refused:
            encoded(wire, request)
        assert refused.value.reason == why.MEDIA_URL
    assert sent("xai", request)[0]["images"][0]["url"] == "https://example.com/a.png"


def test_a_file_id_is_refused_elsewhere() -> None:
    """It is a file of OpenAI's."""
    request = ask(images=[{"file_id": "file-1"}])
    assert sent("openai", request)[0]["images"] == [{"file_id": "file-1"}]
    for wire in ("xai", "gemini", "openrouter"):
        with pytest.raises(Untranslatable) as refused:
            encoded(wire, request)
        assert refused.value.reason == why.FILE_ID


EXPECTED: dict[str, tuple[Any, list[str]]] = {
    "openai": (
        {"model": "m", "prompt": "p", "n": 2, "size": "1792x1024", "quality": "hd", "response_format": "b64_json"},
        [],
    ),
    "xai": (
        {"model": "m", "prompt": "p", "n": 2, "response_format": "b64_json", "aspect_ratio": "16:9"},
        ["quality"],
    ),
    "openrouter": ({"model": "m", "prompt": "p", "n": 2, "size": "1792x1024", "quality": "hd"}, []),
    "gemini": (
        {
            "contents": [{"role": "user", "parts": [{"text": "p"}]}],
            "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "16:9"}},
        },
        ["n", "quality"],
    ),
    "imagen": (
        {"instances": [{"prompt": "p"}], "parameters": {"sampleCount": 2, "aspectRatio": "16:9"}},
        ["quality"],
    ),
    "bedrock_amazon": (
        {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {"text": "p"},
            "imageGenerationConfig": {"numberOfImages": 2, "width": 1792, "height": 1024, "quality": "premium"},
        },
        [],
    ),
    "bedrock_stability": ({"prompt": "p", "aspect_ratio": "16:9"}, ["n", "quality"]),
}


@pytest.mark.parametrize("wire", IMAGE)
def test_a_request_leaves_in_the_providers_words(wire: str) -> None:
    """Number, size and quality stand under the provider's names, and what it lacks is reported."""
    request = ask(n=2, size="1792x1024", quality="hd", response_format="b64_json")
    members, lost = sent(wire, request)
    assert (members, sorted(lost)) == EXPECTED[wire]


@pytest.mark.parametrize(
    ("size", "ratio", "resolution", "lost"),
    [
        ("1024x1024", "1:1", None, []),
        ("1024x1536", "2:3", None, []),
        ("auto", None, None, []),
        ("2048x2048", "1:1", "2K", []),
        ("4K", None, "4K", []),
        ("16:9", "16:9", None, []),
        ("1000x950", "1:1", None, ["size"]),
        ("huge", None, None, ["size"]),
        ("0x0", None, None, ["size"]),
    ],
)
def test_sizes_become_ratios(size: str, ratio: str | None, resolution: str | None, lost: list[str]) -> None:
    """The nearest one; a ratio that is not the same is said."""
    members, found = sent("gemini", ask(size=size))
    image = members["generationConfig"].get("imageConfig", {})
    assert (image.get("aspectRatio"), image.get("imageSize"), found) == (ratio, resolution, lost)


def test_what_only_openai_has_is_reported_and_the_rest_goes_through() -> None:
    """`moderation` is OpenAI's; `safetySettings` was written for Gemini."""
    request = ask(moderation="low", safetySettings=[{"category": "X"}])
    members, lost = sent("gemini", request)
    assert members["safetySettings"] == [{"category": "X"}]
    assert (lost, "moderation" in members) == (["moderation"], False)


ANSWERS: dict[str, Any] = {
    "openai": {"created": 7, "data": [{"b64_json": DATA}]},
    "xai": {"data": [{"b64_json": DATA, "mime_type": "image/jpeg"}], "usage": {"cost_in_usd_ticks": 5}},
    "openrouter": {
        "created": 0,
        "data": [{"b64_json": DATA, "media_type": "image/png"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    },
    "gemini": {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"thought": True, "inlineData": {"mimeType": "image/png", "data": "draft"}},
                        {"text": "Here it is"},
                        {"inlineData": {"mimeType": "image/png", "data": DATA}},
                    ]
                },
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7},
    },
    "imagen": {"predictions": [{"bytesBase64Encoded": DATA, "mimeType": "image/png"}]},
    "bedrock_amazon": {"images": [DATA]},
    "bedrock_stability": {"images": [DATA], "seeds": [1], "finish_reasons": [None]},
}


@pytest.mark.parametrize("wire", IMAGE)
def test_every_providers_image_is_openais(wire: str) -> None:
    """The bytes arrive in `b64_json`, and the image is counted."""
    request = ask()
    body, lost, answer = told(wire, ANSWERS[wire], request)
    members: Any = body.content
    assert [row["b64_json"] for row in members["data"]] == [DATA]
    assert members["created"] == 7
    assert answer.usage is not None
    assert answer.usage.images == 1
    assert "usage" not in lost
    if wire in ("openrouter", "gemini"):
        assert members["usage"] == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
        assert answer.usage == Usage(3, 4, images=1)


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        ("gemini", {"candidates": [{"finishReason": "IMAGE_SAFETY"}]}),
        ("gemini", {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        ("gemini", {"candidates": [{"content": {"parts": [{"text": "I would rather not"}]}, "finishReason": "STOP"}]}),
        ("imagen", {"predictions": [{"raiFilteredReason": "people"}]}),
        ("imagen", {}),
        ("bedrock_amazon", {"error": "blocked by our filters", "images": []}),
        ("bedrock_stability", {"images": [DATA], "finish_reasons": ["Filter reason: output image"]}),
        ("bedrock_stability", {"finish_reasons": ["Filter reason: prompt"]}),
    ],
)
def test_what_a_filter_held_back_is_an_error(wire: str, body: Any) -> None:
    """Under 200 a provider may give nothing; OpenAI's clients get its error and never an empty list."""
    found, _, answer = told(wire, body, ask())
    members: Any = found.content
    assert answer.images == []
    assert found.status == 400
    assert members["error"]["code"] == "moderation_blocked"


def test_images_stream_from_a_provider_that_answers_whole() -> None:
    """The client asked for events: it gets each image whole, with the tokens on the last, and the end."""
    found, _, _ = told("gemini", ANSWERS["gemini"], ask(stream=True))
    assert found.content_type == "text/event-stream"
    assert found.data is not None
    done, ended = OpenAIStreamDecoder().feed(found.data)
    assert isinstance(done, AnswerDone)
    assert isinstance(done.answer, ImageAnswer)
    assert (done.answer.images[0].data, done.answer.usage) == (DATA, Usage(3, 4, images=1))
    assert isinstance(ended, Ended)


def test_the_other_form_of_an_image_is_said() -> None:
    """A client that wanted a URL gets the bytes, and the other way round, and hears of it."""
    body, lost, _ = told("imagen", ANSWERS["imagen"], ask(response_format="url"))
    assert lost == ["response_format"]
    _, lost, _ = told("xai", {"data": [{"url": "https://x"}]}, ask(response_format="b64_json"))
    assert "response_format" in lost
    assert body.status == 200


@pytest.mark.parametrize(
    "members",
    [
        {"prompt": None},
        {"prompt": 5},
        {"n": "2"},
        {"n": -1},
        {"size": 1024},
        {"images": [5]},
        {"images": [{}]},
        {"mask": 5},
        {"stream": "yes"},
        {"output_compression": "x"},
    ],
)
def test_a_request_without_openais_shape_says_where(members: Any) -> None:
    """The error names the member."""
    with pytest.raises(BadShape):
        ask(**members)


def test_a_form_that_mixes_uploads_and_urls_is_refused() -> None:
    """OpenAI's form has uploads only."""
    parts = [field("prompt", "p"), Part(name="image", data=PNG, filename="a.png"), field("images", "https://x/a.png")]
    body, content_type = emit(parts)
    request = SURFACE.decode_request(Received(body=body, content_type=content_type))
    with pytest.raises(BadShape):
        encoded("openai", request)


@pytest.mark.parametrize("wire", IMAGE)
def test_a_broken_answer_is_a_bad_shape(wire: str) -> None:
    """An answer with any one node exchanged raises nothing but `BadShape`, and what is read can be told."""
    for value in mutations(ANSWERS[wire]):
        try:
            told(wire, value, ask())
        except BadShape:
            pass
