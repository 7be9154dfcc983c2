"""Whole answers: read from hosts, and those of other formats written for a client."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from tests.wire.openai_chat.recorded import reply
from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Citation, Foreign, Media, MediaKind, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.ir.usage import Usage
from trunkline.wire.openai_chat.codec import CODEC, OpenAIChatCodec


def message(**members: Any) -> Choice:
    """A choice with this message."""
    return CODEC.decode_answer(
        {"id": "c1", "choices": [{"index": 0, "message": members, "finish_reason": "stop"}]}
    ).choices[0]


def written(*parts: Part, **fields: Any) -> dict[str, Any]:
    """The only choice of an answer of another format; OpenAI's own types accept it."""
    choice = Choice(parts=list(parts), finish=fields.pop("finish", Finish.STOP), finish_native=fields.pop("word", ""))
    body: Any = CODEC.encode_answer(Answer(choices=[choice], **fields), reply(), Losses())
    ChatCompletion.model_validate(body, strict=True)
    found: dict[str, Any] = body["choices"][0]
    return found


def test_an_answer_of_another_format_has_openais_shape() -> None:
    """Ids and names of the reply where the provider gave none, and usage with LiteLLM's members."""
    answer = Answer(choices=[Choice(parts=[Text(text="hi")], finish=Finish.STOP)], usage=Usage(10, 5, 4, 3, 2))
    body = CODEC.encode_answer(answer, reply(), Losses())
    assert body == {
        "id": "chatcmpl-ours", "object": "chat.completion", "created": 1_700_000_000, "model": "asked-for",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
            "cache_read_input_tokens": 4, "cache_creation_input_tokens": 3,
        },
    }  # fmt: skip


def test_usage_is_what_its_reader_reads() -> None:
    """Written and read again, the counts are the same."""
    usage = Usage(input_total=10, output_total=5, cache_read=4, cache_write=3, reasoning=2, audio_in=1, audio_out=1)
    body = CODEC.encode_answer(Answer(choices=[Choice()], usage=usage), reply(), Losses())
    assert CODEC.decode_answer(body).usage == usage


def test_a_dialect_decides_how_tokens_are_counted() -> None:
    """Vercel counts reasoning beside the completion."""
    body: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
                                     "completion_tokens_details": {"reasoning_tokens": 3}}}  # fmt: skip
    assert OpenAIChatCodec("vercel").decode_answer(body).usage == Usage(10, 8, reasoning=3)
    assert CODEC.decode_answer(body).usage == Usage(10, 5, reasoning=3)


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("stop", Finish.STOP), ("length", Finish.LENGTH), ("tool_calls", Finish.TOOL_CALLS),
        ("function_call", Finish.TOOL_CALLS), ("content_filter", Finish.CONTENT_FILTER), ("eos", Finish.STOP),
        ("", Finish.STOP), ("model_length", Finish.CONTEXT), ("something_new", Finish.OTHER), (None, None),
    ],
)  # fmt: skip
def test_why_it_stopped_is_read_and_written_as_it_was(word: str | None, finish: Finish | None) -> None:
    """OpenAI's words and those of other hosts."""
    body: dict[str, Any] = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": word}]
    }
    answer = CODEC.decode_answer(body)
    assert answer.choices[0].finish is finish
    choices: Any = CODEC.encode_answer(answer, reply(), Losses())["choices"]
    assert choices[0]["finish_reason"] == word


@pytest.mark.parametrize("finish", list(Finish))
def test_every_reason_of_other_formats_has_a_word_of_openais(finish: Finish) -> None:
    """Never one that its SDKs do not know; the provider's own stands beside it."""
    found = written(Text(text="x"), finish=finish, word="own_word")
    assert found["finish_reason"] in {"stop", "length", "tool_calls", "content_filter"}
    assert found["native_finish_reason"] == "own_word"


def test_calls_are_asked_for_even_where_the_provider_said_stop() -> None:
    """Gemini does."""
    assert written(ToolCall(id="a", name="f", arguments=""))["finish_reason"] == "tool_calls"
    assert written(ToolCall(id="a", name="f", arguments=""))["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]


def test_refusal_is_a_text() -> None:
    """Of its own kind, in both directions."""
    assert message(content=None, refusal="no").parts == [Text(text="no", refusal=True)]
    found = written(Text(text="no", refusal=True))["message"]
    assert (found["refusal"], found["content"]) == ("no", None)


def test_citations_are_read_and_written() -> None:
    """`url_citation`, with the places of the stretch."""
    note = {
        "type": "url_citation",
        "url_citation": {"url": "https://x", "title": "X", "start_index": 1, "end_index": 2},
    }
    text = message(content="abc", annotations=[note]).parts[0]
    assert isinstance(text, Text)
    assert [(one.url, one.title, one.start, one.end) for one in text.citations] == [("https://x", "X", 1, 2)]
    found = written(
        Text(text="ab"),
        Text(text="cd", citations=[Citation(url="https://y", title="Y", cited="words", start=1, end=2)]),
    )
    inner = {"url": "https://y", "title": "Y", "start_index": 3, "end_index": 4, "content": "words"}
    assert found["message"]["annotations"] == [{"type": "url_citation", "url_citation": inner}]


def test_a_citation_without_a_url_is_a_loss() -> None:
    """Documents of the client."""
    losses = Losses()
    choice = Choice(parts=[Text(text="a", citations=[Citation(source="doc-1", cited="x")])])
    CODEC.encode_answer(Answer(choices=[choice]), reply(), losses)
    assert [loss.path for loss in losses.found] == ["choices[0].content.citations"]


def test_annotations_of_other_kinds_stay_in_their_list() -> None:
    """OpenRouter's parsed files stand among the citations."""
    notes = [
        {"type": "file", "file": {"hash": "h"}},
        {"type": "url_citation", "url_citation": {"url": "https://x", "start_index": 0, "end_index": 1}},
    ]
    body: dict[str, Any] = {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "a", "annotations": notes},
                "finish_reason": "stop",
            }
        ]
    }
    answer = CODEC.decode_answer(body)
    text = answer.choices[0].parts[0]
    assert isinstance(text, Text)
    assert len(text.citations) == 1
    choices: Any = CODEC.encode_answer(answer, reply(), Losses())["choices"]
    assert choices == body["choices"]


def test_sound_and_images_are_read_and_written() -> None:
    """OpenAI's `audio`, OpenRouter's `images`."""
    (sound,) = message(content=None, audio={"id": "a", "data": "AAAA", "transcript": "beep", "expires_at": 1}).parts
    assert isinstance(sound, Media)
    assert (sound.kind, sound.data) == (MediaKind.AUDIO, "AAAA")
    found = written(Text(text="x"), Media(kind=MediaKind.IMAGE, mime="image/png", data="AAAA"))["message"]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}, "index": 0}
    assert found["images"] == [image]


def test_mistrals_thinking_is_reasoning() -> None:
    """A list of parts in the content."""
    content = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True},
        {"type": "text", "text": "x"},
    ]
    thinking, text = message(content=content).parts
    assert isinstance(thinking, Reasoning)
    assert (thinking.text, thinking.opaque) == ("hm", Opaque("openai_chat.reasoning", "content"))
    assert isinstance(text, Text)
    assert text.text == "x"


def test_think_tags_are_text() -> None:
    """Nobody can tell them from a quotation."""
    assert message(content="<think>hm</think>x").parts == [Text(text="<think>hm</think>x")]


def test_parts_of_unknown_types_are_kept_whole() -> None:
    """`Foreign`, with the format's own word."""
    part = {"type": "reference", "reference_ids": [1]}
    assert message(content=[part]).parts == [Foreign(format=Format.OPENAI_CHAT, kind="reference", data=part)]


def test_members_of_a_host_are_natives() -> None:
    """Perplexity's citations and search results, Groq's executed tools."""
    body = {"citations": ["https://x"], "choices": [{"message": {"content": "a", "executed_tools": [{}]}}]}
    answer = CODEC.decode_answer(body)
    assert answer.native is not None
    assert answer.native.members == {"citations": ["https://x"]}
    assert answer.choices[0].native is not None
    assert answer.choices[0].native.members == {"message.executed_tools": [{}]}


def test_a_tier_that_openai_does_not_know_is_a_loss() -> None:
    """Its SDKs know five."""
    losses = Losses()
    for tier, word in (("flex", "flex"), ("standard", "default")):
        assert CODEC.encode_answer(Answer(choices=[], service_tier=tier), reply(), losses)["service_tier"] == word
    assert losses.found == []
    assert "service_tier" not in CODEC.encode_answer(Answer(choices=[], service_tier="batch"), reply(), losses)
    assert [loss.path for loss in losses.found] == ["service_tier"]


def test_what_the_format_cannot_say_is_reported() -> None:
    """An answer has been paid for: nothing is refused any more."""
    losses = Losses()
    parts: list[Part] = [
        Foreign(format=Format.GEMINI, kind="executableCode", data={}),
        Media(kind=MediaKind.VIDEO, data="x"),
    ]
    body: Any = CODEC.encode_answer(Answer(choices=[Choice(parts=parts)]), reply(), losses)
    assert body["choices"][0]["message"] == {"role": "assistant", "content": None}
    assert len(losses.found) == 2


@pytest.mark.parametrize(
    "body",
    [{}, {"choices": None}, {"choices": {}}, {"choices": [1]}, {"choices": [{"message": "x"}]},
     {"choices": [{"message": {"content": 1}}]}, {"choices": [{"message": {"tool_calls": [{}]}}]}, {"error": "x"}],
)  # fmt: skip
def test_what_is_no_answer_has_no_shape(body: dict[str, Any]) -> None:
    """And says where."""
    with pytest.raises(BadShape):
        CODEC.decode_answer(body)
