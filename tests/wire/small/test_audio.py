"""Speech and transcription between formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.small.recorded import form_of, mutations
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.small_media import SpeechRequest, TranscriptionAnswer, TranscriptionRequest, Word
from trunkline.ir.usage import Usage
from trunkline.wire.small import losses as why
from trunkline.wire.small import transcripts
from trunkline.wire.small.codec import Body, Operation, Received, Reply
from trunkline.wire.small.multipart import Part, emit, field
from trunkline.wire.small.openai_stream import OpenAIStreamDecoder
from trunkline.wire.small.registry import SPEAK, SURFACES, TRANSCRIBE

SPEECH: Any = SURFACES["openai", Operation.SPEAK]
LISTEN: Any = SURFACES["openai", Operation.TRANSCRIBE]
WAV = b"RIFF\x00\x00\x00\x00WAVE"


def say(**members: Any) -> SpeechRequest:
    body = json.dumps({"model": "m", "input": "Hello", "voice": "alloy", **members}).encode()
    request: SpeechRequest = SPEECH.decode_request(Received(body=body))
    return request


def spoken(wire: str, request: SpeechRequest) -> tuple[Body, list[str]]:
    losses = Losses()
    return SPEAK[wire].encode_request(request, losses), [loss.path for loss in losses.found]


def hear(*fields: tuple[str, str], path: str = "/v1/audio/transcriptions") -> TranscriptionRequest:
    parts = [field("model", "m"), *(field(name, value) for name, value in fields)]
    parts.append(Part(name="file", data=WAV, filename="a.wav", content_type="audio/wav"))
    body, content_type = emit(parts)
    request: TranscriptionRequest = LISTEN.decode_request(Received(body=body, content_type=content_type, path=path))
    return request


def heard(wire: str, request: TranscriptionRequest) -> tuple[Body, list[str]]:
    losses = Losses()
    return TRANSCRIBE[wire].encode_request(request, losses), [loss.path for loss in losses.found]


def fields_of(body: Body) -> dict[str, str]:
    return {name: data.decode() for name, filename, _, data in form_of(body) if filename is None}


def told(answer: TranscriptionAnswer, request: TranscriptionRequest) -> tuple[Body, list[str]]:
    losses = Losses()
    body = LISTEN.encode_answer(answer, Reply(request=request, id="r1", model="m"), losses)
    return body, [loss.path for loss in losses.found]


def test_speech_goes_to_a_copy_as_it_came() -> None:
    """Members that OpenAI does not know go along, and a voice of one's own stays an object."""
    request = say(instructions="calm", speed=1.5, response_format="wav", lang_code="a", voice={"id": "voice_1"})
    body, lost = spoken("openai", request)
    assert json.loads(body.encoded()) == {
        "model": "m",
        "input": "Hello",
        "voice": {"id": "voice_1"},
        "instructions": "calm",
        "speed": 1.5,
        "response_format": "wav",
        "lang_code": "a",
    }
    assert (body.path, lost) == ("audio/speech", [])


def test_deepgram_speaks_with_a_voice_that_is_a_model() -> None:
    """Settings stand in the query; OpenAI's voices are not there, and that is said."""
    body, lost = spoken("deepgram", say(model="aura-2-thalia-en", response_format="pcm", instructions="calm"))
    assert json.loads(body.encoded()) == {"text": "Hello"}
    assert body.query == [
        ("model", "aura-2-thalia-en"),
        ("encoding", "linear16"),
        ("container", "none"),
        ("sample_rate", "24000"),
    ]
    assert lost == ["voice", "instructions"]
    body, lost = spoken("deepgram", say(model="aura-2", voice="aura-2-zeus-en"))
    assert (dict(body.query)["model"], dict(body.query)["encoding"], lost) == ("aura-2-zeus-en", "mp3", [])


def test_elevenlabs_speaks_with_a_voice_in_the_path() -> None:
    """OpenAI's names are paired with premade voices; the audio's format is in the query."""
    body, lost = spoken("elevenlabs", say(speed=1.2, voice_settings={"stability": 0.5}, response_format="opus"))
    assert body.path == "text-to-speech/21m00Tcm4TlvDq8ikWAM"
    assert body.query == [("output_format", "opus_48000_128")]
    assert json.loads(body.encoded()) == {
        "text": "Hello",
        "model_id": "m",
        "voice_settings": {"stability": 0.5, "speed": 1.2},
    }
    assert lost == []
    assert spoken("elevenlabs", say(voice="MyVoice_1"))[0].path == "text-to-speech/MyVoice_1"
    assert spoken("elevenlabs", say(response_format="mp3_22050_32"))[0].query == [("output_format", "mp3_22050_32")]


@pytest.mark.parametrize("voice", ["", "../voices", "a/b", "a?b", "é", "x" * 65])
def test_a_voice_cannot_change_the_path(voice: str) -> None:
    """It stands between slashes."""
    with pytest.raises(Untranslatable) as refused:
        spoken("elevenlabs", say(voice=voice))
    assert refused.value.reason == why.VOICE


@pytest.mark.parametrize(("wire", "asked"), [("elevenlabs", "flac"), ("elevenlabs", "wav"), ("deepgram", "ogg")])
def test_audio_in_a_format_that_a_provider_lacks_is_refused(wire: str, asked: str) -> None:
    """A client that writes a `.flac` must not get an mp3."""
    with pytest.raises(Untranslatable) as refused:
        spoken(wire, say(response_format=asked))
    assert refused.value.reason == why.AUDIO_FORMAT


@pytest.mark.parametrize(("header", "count"), [({}, 5), ({"dg-char-count": "7"}, 7), ({"dg-char-count": "-7"}, 5)])
def test_speech_is_counted_in_characters(header: dict[str, str], count: int) -> None:
    """The provider's count where it gives one, else the characters of the text."""
    received = Received(body=b"ID3", content_type="audio/mpeg", headers=header)
    answer = SPEAK["deepgram"].decode_answer(received, say())
    assert answer.usage == Usage(characters=count)
    body = SPEECH.encode_answer(answer, Reply(request=say()), Losses())
    assert (body.data, body.content_type) == (b"ID3", "audio/mpeg")


@pytest.mark.parametrize("received", [Received(body=b"", content_type="audio/mpeg"), Received(body=b"{}")])
def test_an_answer_without_audio_is_a_bad_shape(received: Received) -> None:
    """Under 200, too."""
    with pytest.raises(BadShape):
        SPEAK["openai"].decode_answer(received, say())


def test_speech_streams_from_a_provider_that_answers_whole() -> None:
    """The client asked for server-sent events: it gets the audio in one, and the end."""
    request = say(stream_format="sse")
    answer = SPEAK["deepgram"].decode_answer(Received(body=b"ID3", content_type="audio/mpeg"), request)
    body = SPEECH.encode_answer(answer, Reply(request=request), Losses())
    assert body.content_type == "text/event-stream"
    assert body.data == (
        b'data: {"type":"speech.audio.delta","audio":"SUQz"}\n\n'
        b'data: {"type":"speech.audio.done","usage":{"input_tokens":0,"output_tokens":0,"total_tokens":0}}\n\n'
        b"data: [DONE]\n\n"
    )


@pytest.mark.parametrize("members", [{"input": None}, {"input": 5}, {"voice": 5}, {"voice": {"id": 5}}, {"speed": "1"}])
def test_a_speech_request_without_the_shape_says_where(members: Any) -> None:
    """The error names the member."""
    with pytest.raises(BadShape) as bad:
        say(**members)
    assert bad.value.path in members


def test_a_transcription_leaves_in_the_providers_words() -> None:
    """Fields stand under the provider's names, settings of its own go along, and the file is last."""
    request = hear(
        ("language", "de"), ("temperature", "0.5"), ("prompt", "Names"), ("diarize", "true"), ("num_speakers", "2")
    )
    body, lost = heard("elevenlabs", request)
    assert fields_of(body) == {
        "model_id": "m",
        "language_code": "de",
        "temperature": "0.5",
        "diarize": "true",
        "num_speakers": "2",
    }
    assert lost == ["prompt"]
    body, lost = heard("xai", request)
    assert fields_of(body) == {"language": "de", "diarize": "true", "num_speakers": "2"}
    assert sorted(lost) == ["prompt", "temperature"]
    assert body.data is not None
    assert body.data.rindex(b"Content-Disposition") == body.data.rindex(b'Content-Disposition: form-data; name="file"')
    body, lost = heard("mistral", request)
    assert fields_of(body)["temperature"] == "0.5"
    assert lost == ["prompt"]


def test_deepgram_gets_the_audio_itself() -> None:
    """Raw bytes, and everything else in the query."""
    body, lost = heard("deepgram", hear(("language", "de"), ("keyterm", "a"), ("keyterm", "b"), ("temperature", "1")))
    assert (body.data, body.content_type, body.path) == (WAV, "audio/wav", "listen")
    assert body.query == [
        ("model", "m"),
        ("language", "de"),
        ("smart_format", "true"),
        ("keyterm", "a"),
        ("keyterm", "b"),
    ]
    assert lost == ["temperature"]


@pytest.mark.parametrize("wire", sorted(set(TRANSCRIBE) - {"openai"}))
def test_translation_is_refused_where_nobody_translates(wire: str) -> None:
    """A transcript in another language would look like success."""
    request = hear(path="/v1/audio/translations")
    with pytest.raises(Untranslatable) as refused:
        heard(wire, request)
    assert refused.value.reason == why.TRANSLATION
    assert heard("openai", request)[0].path == "audio/translations"


def test_what_only_openai_has_is_reported() -> None:
    """Log probabilities and chunking."""
    _, lost = heard("mistral", hear(("include[]", "logprobs"), ("chunking_strategy", "auto")))
    assert lost == ["chunking_strategy", "include[]"]


def test_subtitles_are_made_of_segments_where_the_provider_gives_json() -> None:
    """Mistral is asked for segments, and they become cues."""
    request = hear(("response_format", "srt"))
    body, _ = heard("mistral", request)
    assert fields_of(body) == {"model": "m", "timestamp_granularities": "segment"}
    answer = TRANSCRIBE["mistral"].decode_answer(
        Received(
            body=json.dumps(
                {
                    "text": "One two. Three.",
                    "segments": [
                        {"text": " One two.", "start": 0.0, "end": 1.5},
                        {"text": " Three --> x", "start": 3661.5, "end": 3662},
                    ],
                    "usage": {
                        "prompt_audio_seconds": 3,
                        "prompt_tokens": 3,
                        "total_tokens": 20,
                        "completion_tokens": 7,
                    },
                }
            ).encode()
        ),
        request,
    )
    found, lost = told(answer, request)
    assert found.data == (
        b"1\n00:00:00,000 --> 00:00:01,500\nOne two.\n\n2\n01:01:01,500 --> 01:01:02,000\nThree -> x\n\n"
    )
    assert lost == []
    request.response_format = "vtt"
    assert told(answer, request)[0].data == (
        b"WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne two.\n\n01:01:01.500 --> 01:01:02.000\nThree -> x\n\n"
    )


def test_words_are_gathered_into_lines() -> None:
    """At most six seconds or 84 characters, and never two speakers in one."""
    words = [Word(word=f"word{n}", start=float(n), end=n + 0.5, speaker=n // 8) for n in range(10)]
    lines = transcripts.cues(TranscriptionAnswer(text="", words=words))
    assert [(line.start, line.end) for line in lines] == [(0.0, 5.5), (6.0, 7.5), (8.0, 9.5)]
    assert lines[2].text == "word8 word9"


DEEPGRAM = {
    "metadata": {"duration": 2.5},
    "results": {
        "channels": [
            {
                "detected_language": "en",
                "alternatives": [
                    {
                        "transcript": "Hello you.",
                        "words": [
                            {"word": "hello", "start": 0.1, "end": 0.5, "punctuated_word": "Hello", "speaker": 0},
                            {"word": "you", "start": 0.6, "end": 0.9, "punctuated_word": "you.", "speaker": 0},
                        ],
                    }
                ],
            }
        ]
    },
}
ELEVENLABS = {
    "language_code": "en",
    "text": "Hello you.",
    "words": [
        {"text": "Hello", "start": 0.1, "end": 0.5, "type": "word", "speaker_id": "s0"},
        {"text": " ", "start": 0.5, "end": 0.6, "type": "spacing"},
        {"text": "you.", "start": 0.6, "end": 2.5, "type": "word", "speaker_id": "s0"},
        {"text": "(laughs)", "start": None, "end": None, "type": "audio_event"},
    ],
}
XAI = {
    "text": "Hello you.",
    "language": "en",
    "duration": 2.5,
    "words": [{"text": "Hello", "start": 0.1, "end": 0.5}, {"text": "you.", "start": 0.6, "end": 0.9}],
}


@pytest.mark.parametrize(("wire", "body"), [("deepgram", DEEPGRAM), ("elevenlabs", ELEVENLABS), ("xai", XAI)])
def test_every_providers_transcript_is_openais(wire: str, body: Any) -> None:
    """Text, language, length and words, and the length as usage."""
    request = hear(("response_format", "verbose_json"), ("timestamp_granularities[]", "word"))
    answer = TRANSCRIBE[wire].decode_answer(Received(body=json.dumps(body).encode()), request)
    assert answer.usage == Usage(audio_ms=2500)
    found, lost = told(answer, request)
    members: Any = found.content
    assert (members["text"], members["language"], members["duration"], members["task"]) == (
        "Hello you.",
        "en",
        2.5,
        "transcribe",
    )
    assert [word["word"] for word in members["words"]] == ["Hello", "you."]
    assert members["usage"] == {"type": "duration", "seconds": 2.5}
    assert lost == []
    request.response_format = None
    short, _ = told(answer, request)
    assert short.content == {"text": "Hello you.", "usage": {"type": "duration", "seconds": 2.5}}
    request.response_format = "text"
    plain, _ = told(answer, request)
    assert (plain.data, plain.content_type) == (b"Hello you.\n", "text/plain; charset=utf-8")


def test_diarized_json_says_who_spoke() -> None:
    """As OpenAI's diarizing model answers."""
    request = hear(("response_format", "diarized_json"))
    answer = TRANSCRIBE["deepgram"].decode_answer(Received(body=json.dumps(DEEPGRAM).encode()), request)
    members: Any = told(answer, request)[0].content
    assert members["segments"] == [
        {
            "type": "transcript.text.segment",
            "id": "seg_0",
            "text": "Hello you.",
            "start": 0.1,
            "end": 0.9,
            "speaker": 0,
        }
    ]


def test_a_format_that_needs_times_is_a_loss_without_them() -> None:
    """Cohere gives the text alone: one cue, and it is said."""
    request = hear(("response_format", "srt"))
    answer = TRANSCRIBE["cohere"].decode_answer(Received(body=b'{"text":" Hello"}'), request)
    found, lost = told(answer, request)
    assert found.data == b"1\n00:00:00,000 --> 00:00:00,000\nHello\n\n"
    assert lost == ["response_format"]


@pytest.mark.parametrize(
    ("asked", "content_type"), [("srt", "text/plain; charset=utf-8"), ("vtt", "text/vtt"), ("text", "application/json")]
)
def test_a_plain_answer_goes_through(asked: str, content_type: str) -> None:
    """Whisper writes subtitles itself; some hosts call them JSON."""
    request = hear(("response_format", asked))
    received = Received(body="1\nä\n".encode(), content_type=content_type)
    answer = TRANSCRIBE["openai"].decode_answer(received, request)
    assert told(answer, request)[0].data == "1\nä\n".encode()
    request.response_format = None
    assert told(answer, request)[0].content == {"text": "1\nä\n"}


def test_a_transcript_streams_from_a_provider_that_answers_whole() -> None:
    """One delta, the whole, and the end."""
    request = hear(("stream", "true"))
    answer = TRANSCRIBE["xai"].decode_answer(Received(body=json.dumps(XAI).encode()), request)
    body, _ = told(answer, request)
    assert body.content_type == "text/event-stream"
    assert body.data is not None
    events = OpenAIStreamDecoder().feed(body.data)
    assert [type(event).__name__ for event in events] == ["AnswerDelta", "AnswerDone", "Ended"]


def test_a_file_by_url_goes_to_who_fetches_it() -> None:
    """Mistral, xAI and Deepgram do, each under its own name; others refuse."""
    body, content_type = emit([field("model", "m"), field("file_url", "https://example.com/a.wav")])
    request = LISTEN.decode_request(Received(body=body, content_type=content_type))
    assert fields_of(heard("mistral", request)[0])["file_url"] == "https://example.com/a.wav"
    assert fields_of(heard("xai", request)[0])["url"] == "https://example.com/a.wav"
    assert heard("deepgram", request)[0].content == {"url": "https://example.com/a.wav"}
    with pytest.raises(Untranslatable):
        heard("elevenlabs", request)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [field("model", "m")],
        [field("file", "no upload")],
        [Part(name="file", data=b"a", filename="a"), Part(name="file", data=b"b", filename="b")],
        [Part(name="file", data=b"a", filename="a"), field("file_url", "https://x")],
        [Part(name="file", data=b"a", filename="a"), field("temperature", "warm")],
        [Part(name="file", data=b"a", filename="a"), field("temperature", "nan")],
        [Part(name="file", data=b"a", filename="a"), field("language", "de"), field("language", "en")],
    ],
)
def test_a_form_without_the_shape_says_where(parts: list[Part]) -> None:
    """One file, and every field once."""
    body, content_type = emit(parts)
    with pytest.raises(BadShape):
        LISTEN.decode_request(Received(body=body, content_type=content_type))


def test_json_is_no_form() -> None:
    """A transcription is uploaded."""
    with pytest.raises(BadShape) as bad:
        LISTEN.decode_request(Received(body=b"{}"))
    assert bad.value.path == "content-type"


@pytest.mark.parametrize(("wire", "body"), [("deepgram", DEEPGRAM), ("elevenlabs", ELEVENLABS), ("xai", XAI)])
def test_a_broken_answer_is_a_bad_shape(wire: str, body: Any) -> None:
    """An answer with any one node exchanged raises nothing but `BadShape`, and what is read can be told."""
    for asked in ("json", "verbose_json", "srt", "diarized_json"):
        request = hear(("response_format", asked))
        for value in mutations(body):
            try:
                answer = TRANSCRIBE[wire].decode_answer(Received(body=json.dumps(value).encode()), request)
                told(answer, request)[0].encoded()
            except BadShape:
                pass
