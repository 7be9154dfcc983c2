"""Media that a model sees, and where they must be inline."""

from __future__ import annotations

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, RESPONSES, adapt, ask, body
from trunkline.ir.format import Format
from trunkline.ir.losses import Untranslatable
from trunkline.ir.parts import Media, MediaKind, Message, Native, Part, Text, ToolCall, ToolResult
from trunkline.ir.request import Request
from trunkline.profiles.adapt import Fetched, MustFetch
from trunkline.wire.registry import codec

IMAGE = Media(kind=MediaKind.IMAGE, url="https://example.com/a.png")
PDF = Media(kind=MediaKind.DOCUMENT, url="https://example.com/b.pdf")
PNG = Fetched("image/png", "AAAA")


@pytest.mark.parametrize(
    ("medium", "model", "at"),
    [
        (IMAGE, "claude-sonnet-4-6", ANTHROPIC),
        (PDF, "claude-sonnet-4-6", ANTHROPIC),
        (IMAGE, "gpt-4o", OPENAI),
        (PDF, "gpt-5.1", RESPONSES),
        (Media(kind=MediaKind.VIDEO, url="https://youtu.be/x"), "gemini-3-pro", GEMINI),
        (Media(kind=MediaKind.IMAGE, url="gs://b/a.png"), "gemini-3-pro", ("vertex_ai", Format.GEMINI)),
        (
            Media(kind=MediaKind.IMAGE, mime="image/png", url="https://example.com/a.png"),
            "gemini-3-pro",
            ("vertex_ai", Format.GEMINI),
        ),
        (Media(kind=MediaKind.DOCUMENT, url="s3://b/a.pdf"), "us.anthropic.claude-sonnet-4-6", BEDROCK),
    ],
)
def test_a_url_stays_where_the_target_fetches_it(medium: Media, model: str, at: tuple[str, Format]) -> None:
    """Nothing is fetched for it."""
    request = ask(medium)
    assert adapt(request, model, at).request.messages == request.messages


@pytest.mark.parametrize(
    ("medium", "model", "at"),
    [
        (PDF, "gpt-4o", OPENAI),
        (IMAGE, "gemini-2.5-flash", GEMINI),
        (IMAGE, "gemini-3-pro", ("vertex_ai", Format.GEMINI)),
        (IMAGE, "claude-sonnet-4-6", ("vertex_ai", Format.ANTHROPIC_MESSAGES)),
        (IMAGE, "us.anthropic.claude-sonnet-4-6", BEDROCK),
        (IMAGE, "gemma3", ("ollama_chat", Format.OLLAMA)),
        (Media(kind=MediaKind.IMAGE, url="http://example.com/a.png"), "claude-sonnet-4-6", ANTHROPIC),
    ],
)
def test_a_url_that_the_target_does_not_fetch_is_fetched_for_it(
    medium: Media, model: str, at: tuple[str, Format]
) -> None:
    """First `MustFetch`, then what the URL held stands inline."""
    request = ask(Text(text="what is this?"), medium)
    with pytest.raises(MustFetch) as needed:
        adapt(request, model, at)
    assert needed.value.urls == (medium.url,)
    part = adapt(request, model, at, fetched={medium.url: PNG}).request.messages[0].parts[1]
    assert part == Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA")


def test_all_urls_are_asked_for_at_once() -> None:
    """Each once, tool results' too."""
    result = ToolResult(call_id="c", content=[Media(kind=MediaKind.IMAGE, url="https://example.com/c.png")])
    with pytest.raises(MustFetch) as needed:
        adapt(ask(IMAGE, IMAGE, PDF, result), "gemini-3-pro", GEMINI)
    assert needed.value.urls == (IMAGE.url, PDF.url, "https://example.com/c.png")


def test_an_inlined_url_is_not_sent_after_all() -> None:
    """Anthropic's codec remembers how a source was written; the host that takes no URLs must not get it."""
    written = {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}],
            }
        ],
    }
    at = ("vertex_ai", Format.ANTHROPIC_MESSAGES)
    request = codec(Format.ANTHROPIC_MESSAGES).decode_request(written)
    adapted = adapt(request, "claude-sonnet-4-6", at, fetched={"https://example.com/a.png": PNG})
    messages = body(adapted.request, at)["messages"]
    assert isinstance(messages, list)
    assert messages[0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    ]


@pytest.mark.parametrize(
    ("part", "model", "at", "reason"),
    [
        (IMAGE, "o3-mini", OPENAI, "no media of the kind `image`"),
        (Media(kind=MediaKind.AUDIO, mime="audio/wav", data="AA=="), "gpt-4o", OPENAI, "audio"),
        (Media(kind=MediaKind.VIDEO, mime="video/mp4", data="AA=="), "claude-sonnet-4-6", ANTHROPIC, "video"),
        (Media(kind=MediaKind.IMAGE, file_id="file-1"), "claude-sonnet-4-6", ANTHROPIC, "file id"),
        (Media(kind=MediaKind.IMAGE, url="gs://b/x.png"), "claude-sonnet-4-6", ANTHROPIC, "`gs:`"),
    ],
)
def test_content_is_refused_never_dropped(part: Part, model: str, at: tuple[str, Format], reason: str) -> None:
    """What the model cannot see, files of another provider, places that nobody can fetch from."""
    with pytest.raises(Untranslatable, match=reason):
        adapt(ask(part), model, at, drop_params=True)


def test_a_file_id_stays_with_its_provider() -> None:
    """In its own format, and between OpenAI's two."""
    part = Media(kind=MediaKind.DOCUMENT, file_id="file-1")
    assert adapt(ask(part), "gpt-5.1", RESPONSES).request.messages[0].parts == [part]
    own = ask(part, client=Format.ANTHROPIC_MESSAGES)
    assert adapt(own, "claude-sonnet-4-6", ANTHROPIC).request.messages[0].parts == [part]


def test_media_in_tool_results_move_behind_them_for_older_gemini() -> None:
    """Gemini 3 takes them inside."""
    picture = Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA")
    result = ToolResult(call_id="c", content=[Text(text="see"), picture])
    messages = [
        Message(role="assistant", parts=[ToolCall(id="c", name="t", arguments="{}")]),
        Message(role="user", parts=[result]),
    ]
    request = Request(model="m", messages=messages, native=Native(Format.OPENAI_CHAT, {}))
    adapted = adapt(request, "gemini-2.5-flash", GEMINI)
    assert adapted.request.messages[1].parts == [ToolResult(call_id="c", content=[Text(text="see")]), picture]
    assert "messages[1].content[0].content[1]" in adapted.losses
    assert adapt(request, "gemini-3-pro", GEMINI).request.messages[1].parts == [result]
