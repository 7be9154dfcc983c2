"""What a prediction takes, step by step: no network, no clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.replicate.samples import BASE, PREDICTION, VERSION
from trunkline.ir.events import Ended, Event, Failed, Finished, PartEnded, PartStarted, Started, TextDelta, UsageSeen
from trunkline.ir.failure import FailureKind
from trunkline.ir.fold import fold
from trunkline.ir.grammar import check
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign
from trunkline.wire.replicate.job import LAST_LOOK, MAX_MISSES, Broken, Done, Follow, Job, Send, Wait, create_path
from trunkline.wire.replicate.origin import origin_of, same_origin

BODY: dict[str, object] = {"input": {"prompt": "hi"}}
MODEL = "meta/meta-llama-3-8b-instruct"
GET = PREDICTION["urls"]["get"]
OPEN: dict[str, Any] = {"output": None, "status": "starting", "metrics": None}


def told(job: Job, http: int = 200, /, **change: Any) -> list[Event]:
    """What the job makes of a prediction that differs from the sample."""
    return job.received(http, json.dumps({**PREDICTION, **change}).encode())


def created(job: Job | None = None, **change: Any) -> Job:
    """A job whose prediction has begun."""
    made = job or Job(BASE, MODEL, BODY)
    assert isinstance(made.next(), Send)
    assert not any(isinstance(event, Failed) for event in told(made, 201, **{**OPEN, **change}))
    return made


def looked(job: Job) -> None:
    """Past the wait, to the next look."""
    assert isinstance(job.next(), Wait)
    assert job.next() == Send(method="GET", url=GET, headers={"accept": "application/json"})


def broken(job: Job) -> Broken:
    """How the job ended."""
    step = job.next()
    assert isinstance(step, Broken)
    return step


def test_a_prediction_is_created_and_may_be_waited_for() -> None:
    """At the model's path, with the body as JSON, and `Prefer: wait` where nobody reads the words as they come."""
    headers = {"content-type": "application/json", "accept": "application/json"}
    url = f"{BASE}/models/{MODEL}/predictions"
    body = b'{"input":{"prompt":"hi"}}'
    create = Send(method="POST", url=url, headers={**headers, "prefer": "wait=60"}, body=body)
    assert Job(BASE, MODEL, BODY).next() == create
    assert Job(BASE + "/", MODEL, BODY, wait=10).next() == Send(
        method="POST", url=url, headers={**headers, "prefer": "wait=10"}, body=body
    )
    for job in (Job(BASE, MODEL, BODY, wait=0), Job(BASE, MODEL, BODY, stream=True)):
        assert job.next() == Send(method="POST", url=url, headers=headers, body=body)


def test_a_prediction_that_is_ready_at_once() -> None:
    """One request, one answer; the events are its stream."""
    job = Job(BASE, MODEL, BODY)
    events = check(told(job, 201))
    done = job.next()
    assert isinstance(done, Done)
    answer = fold(events)
    assert answer.choices == done.answer.choices
    assert answer.usage == done.answer.usage
    assert [type(event) for event in events] == [
        *(Started, PartStarted, TextDelta, PartEnded, Finished, UsageSeen, Ended),
    ]
    assert job.received(200, b"{}") == []


def test_an_output_that_grows_is_told_as_it_grows() -> None:
    """Each look gives the words that are new; together they are the output."""
    job = created()
    words: list[list[str]] = []
    for output in (None, ["Hel"], ["Hel"], ["Hel", "lo"]):
        looked(job)
        new = told(job, output=output, status="processing", metrics=None)
        words.append([event.text for event in new if isinstance(event, TextDelta)])
    looked(job)
    last = told(job)
    assert words == [[], ["Hel"], [], ["lo"]]
    assert [type(event) for event in last] == [TextDelta, PartEnded, Finished, UsageSeen, Ended]
    assert isinstance(job.next(), Done)


def test_looks_of_one_prediction_are_one_stream() -> None:
    """What all of them gave, in their order, keeps to the grammar and folds to the answer."""
    job = Job(BASE, MODEL, BODY)
    job.next()
    events = told(job, 201, **OPEN)
    for output in (["Hel"], ["Hel", "lo"]):
        looked(job)
        events += told(job, output=output, status="processing")
    looked(job)
    events += told(job)
    done = job.next()
    assert isinstance(done, Done)
    assert fold(check(events)).choices == done.answer.choices


def test_an_output_that_changed_breaks_the_job() -> None:
    """Words that a client has cannot be taken back."""
    job = created(output=["Hel"], status="processing")
    looked(job)
    assert isinstance(told(job, output=["Hal", "lo"])[-1], Failed)
    assert broken(job).failure.status == 502


def test_an_output_that_is_no_text_is_foreign() -> None:
    """It comes whole, at the end."""
    job = created(output={"half": True}, status="processing")
    looked(job)
    events = told(job, output={"whole": True})
    started = [event.part for event in events if isinstance(event, PartStarted)]
    assert [part.data for part in started if isinstance(part, Foreign)] == [{"whole": True}]


def test_waits_grow_but_not_for_ever() -> None:
    """Quick looks at first, and never more than a few seconds between two."""
    job = created()
    waits = []
    for _ in range(200):
        step = job.next()
        assert isinstance(step, Wait)
        waits.append(step.seconds)
        job.next()
        told(job, **OPEN)
    assert waits[0] == 0.5
    assert waits == sorted(waits)
    assert waits[-1] == LAST_LOOK


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        ("failed", "Prediction failed: E003 model is busy", FailureKind.OVERLOADED),
        ("failed", "The input was flagged (E005)", FailureKind.CONTENT_POLICY),
        ("failed", "CUDA out of memory", FailureKind.INTERNAL),
        ("failed", None, FailureKind.INTERNAL),
        ("canceled", None, FailureKind.UNAVAILABLE),
        ("aborted", None, FailureKind.UNAVAILABLE),
    ],
)
def test_a_prediction_that_fails_breaks_the_job(status: str, error: str | None, kind: FailureKind) -> None:
    """Under HTTP 200, with the reason in `error`."""
    job = created()
    looked(job)
    events = told(job, status=status, error=error, output=None)
    failure = broken(job).failure
    assert events == [Failed(failure)]
    assert failure.kind is kind
    assert failure.message == error or error is None


def test_a_creation_that_is_refused_breaks_the_job() -> None:
    """The router may try elsewhere; nothing runs."""
    job = Job(BASE, MODEL, BODY)
    job.next()
    assert isinstance(job.received(401, b'{"detail": "no token"}')[-1], Failed)
    assert broken(job).failure.kind is FailureKind.AUTHENTICATION
    assert job.cancel() is None


def test_looks_may_fail_a_few_times() -> None:
    """The prediction runs on and is paid for; each time the wait is longer, or as long as the provider asks."""
    job, waits = created(), list[float]()
    for i in range(MAX_MISSES):
        step = job.next()
        assert isinstance(step, Wait)
        waits.append(step.seconds)
        job.next()
        assert job.received((500, 429)[i % 2], b"") == []
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    job.next()
    job.next()
    assert isinstance(job.received(503, b"")[-1], Failed)
    asked = created()
    looked(asked)
    asked.received(429, b'{"retry_after": 9}')
    assert asked.next() == Wait(9.0)
    asked.next()
    asked.received(429, b"", retry_after=30.0)
    assert asked.next() == Wait(30.0)


def test_a_look_that_is_refused_breaks_the_job() -> None:
    """Nobody answers better when asked again."""
    for status in (302, 401, 404):
        job = created()
        looked(job)
        assert isinstance(job.received(status, b"")[-1], Failed)
        assert broken(job).failure.status == (status if status >= 400 else 502)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/predictions/x",
        "http://api.replicate.com/v1/predictions/x",
        "https://api.replicate.com:444/v1/predictions/x",
        "https://api.replicate.com.evil.example/x",
        "https://api.replicate.com@evil.example/x",
        "https://evil.example\\@api.replicate.com/x",
        "https://evil.example#@api.replicate.com/x",
        "https://api.replicate.com\t.evil.example/x",
        "//api.replicate.com/x",
        "/v1/predictions/x",
        "https:api.replicate.com/x",
        "file:///etc/passwd",
        "https://api.replicate.com/\r\nx: y",
        "https://\u0430pi.replicate.com/x",
        "",
        3,
        {"x": 1},
    ],
)
def test_a_url_on_another_origin_is_never_followed(url: object) -> None:
    """A poisoned answer cannot send the operator's token elsewhere: the job is broken before the next request."""
    job = Job(BASE, MODEL, BODY)
    job.next()
    told(job, **OPEN, urls={"get": url})
    assert "origin" in broken(job).failure.message
    assert job.cancel() is None


def test_an_origin_is_compared_and_not_its_spelling() -> None:
    """Case of the host and the default port make no difference."""
    base = origin_of(BASE)
    assert base is not None
    for url in ("HTTPS://API.replicate.com/x", "https://api.replicate.com:443/x", "https://api.replicate.com?x=1"):
        assert same_origin(url, base)
    assert origin_of("http://[::1]:5000/v1") == ("http", "[::1]", 5000)
    assert origin_of("https://x:99999/") is None


def test_without_urls_the_prediction_is_where_its_id_says() -> None:
    """Below the API's base; an id that could be a path is refused."""
    job = created(urls=None)
    job.next()
    assert job.next() == Send(method="GET", url=GET, headers={"accept": "application/json"})
    for own_id in ("../../x", "a b", "", None, 3):
        job = Job(BASE, MODEL, BODY)
        job.next()
        told(job, **OPEN, id=own_id, urls={})
        assert broken(job).failure.status == 502


def test_a_stream_is_followed_on_the_api_s_origin_only() -> None:
    """Replicate's own streams are elsewhere: the output is looked at instead."""
    stream = f"{BASE}/streams/x"
    headers = {"accept": "text/event-stream", "cache-control": "no-store"}
    urls = {**PREDICTION["urls"], "stream": stream}
    assert created(Job(BASE, MODEL, BODY, stream=True), urls=urls).next() == Follow(url=stream, headers=headers)
    assert isinstance(created(Job(BASE, MODEL, BODY, stream=True)).next(), Wait)
    assert isinstance(created(Job(BASE, MODEL, BODY), urls=urls).next(), Wait)


def test_a_running_prediction_can_be_canceled() -> None:
    """Where its answer says, or below its id where that is elsewhere; then the job is over."""
    cancel = PREDICTION["urls"]["cancel"]
    for urls in (PREDICTION["urls"], {}, {"cancel": "https://evil.example/x"}):
        job = created(urls=urls)
        assert job.cancel() == Send(method="POST", url=cancel, headers={"accept": "application/json"})
        assert broken(job).failure.kind is FailureKind.UNAVAILABLE
        assert job.received(200, json.dumps(PREDICTION).encode()) == []
        assert job.cancel() is None
    assert Job(BASE, MODEL, BODY).cancel() is None


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("meta/llama-2-70b-chat", "/models/meta/llama-2-70b-chat/predictions"),
        ("deployments/me/mine", "/deployments/me/mine/predictions"),
        (VERSION, "/predictions"),
        (f"owner/name:{VERSION}", "/predictions"),
    ],
)
def test_a_model_has_its_path(model: str, path: str) -> None:
    """A model, a deployment, or a version that the body names."""
    assert create_path(model) == path
    assert Job(BASE, "any", {"version": "short", "input": {}}).next() == Send(
        method="POST",
        url=f"{BASE}/predictions",
        headers={"content-type": "application/json", "accept": "application/json", "prefer": "wait=60"},
        body=b'{"version":"short","input":{}}',
    )


@pytest.mark.parametrize(
    "model", ["", "llama", "a/b/c", "a/..", "../b", "a/b?x", "a/b#x", "a/b c", "a/b\n", "é/b", "a/b:v1"]
)
def test_a_model_s_name_is_no_way_around(model: str) -> None:
    """What could lead to another path is refused."""
    with pytest.raises(BadShape):
        Job(BASE, model, BODY)


@pytest.mark.parametrize("base", ["", "api.replicate.com", "ftp://x/v1", "https://user@x/v1", "https://x/v1#y"])
def test_a_base_must_be_a_url(base: str) -> None:
    """Else nothing could be compared with it."""
    with pytest.raises(BadShape):
        Job(base, MODEL, BODY)
