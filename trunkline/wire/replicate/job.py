"""What one prediction takes, step by step, without doing any of it: create, wait, look, until it is finished.

The caller asks `next()` what to do, does it, and tells what came of a request with `received`:

    job = Job(base, model, body)
    while True:
        match job.next():
            case Send() as request: events = job.received(*answer_to(request))
            case Wait(seconds): sleep(seconds)
            case Follow() as request: read its answer with the codec's `stream_decoder`; the job ends there
            case Done(answer): ...
            case Broken(failure): ...

`received` gives what became known since the last look, as events of one stream, so that a client sees words before the
prediction is finished: `output` grows while it runs. URLs that an answer names are followed only on the origin of
`base`; a job whose `urls.get` is elsewhere is broken, and a stream elsewhere (Replicate's own are) is not followed: the
output is looked at instead.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from trunkline.ir.answer import Answer
from trunkline.ir.events import Ended, Event, Failed, Finished, PartEnded, PartStarted, Started, TextDelta, UsageSeen
from trunkline.ir.failure import Failure
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native, Text
from trunkline.wire.codec import Members
from trunkline.wire.replicate.answer import ENDED, output_text, read_answer
from trunkline.wire.replicate.failure import broken, prediction_failure, read_failure
from trunkline.wire.replicate.origin import origin_of, same_origin
from trunkline.wire.replicate.request import version_of
from trunkline.wire.replicate.shapes import BROKEN, OWN, is_object

MAX_WAIT: Final = 60
"""Seconds that `Prefer: wait` may ask for (replicate.com/docs/topics/predictions/create-a-prediction)."""
FIRST_LOOK: Final = 0.5
"""Seconds between looks at first, as Replicate's own client waits."""
LAST_LOOK: Final = 5.0
STEADY_LOOKS: Final = 20
"""Looks before the waits grow."""
MAX_MISSES: Final = 5
"""Looks in a row that may fail: the prediction runs on, and is paid for."""

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_NAME: Final = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,128}")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """Make this request, with the provider's authorization, follow no redirect, and tell `received` its answer."""

    method: Literal["GET", "POST"]
    url: str
    headers: dict[str, str]
    """All that it needs but authorization."""
    body: bytes = b""


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """Make this request as above; its answer is a stream of server-sent events, and the end of the job."""

    url: str
    headers: dict[str, str]


class Wait(msgspec.Struct, frozen=True):
    """Do nothing for so long."""

    seconds: float


class Done(msgspec.Struct, frozen=True):
    """The prediction succeeded."""

    answer: Answer


class Broken(msgspec.Struct, frozen=True):
    """There will be no answer."""

    failure: Failure


Step = Send | Follow | Wait | Done | Broken


def create_path(model: str) -> str:
    """Where a prediction of a model is created, below the API's base.

    `owner/name`: that model; `deployments/owner/name`: that deployment; a version, alone or behind `owner/name:`: the
    body names it.

    Raises:
        BadShape: it is no name of a model.
    """
    if version_of(model):
        return "/predictions"
    kind, names = "models", model.split("/")
    if names[0] == "deployments":
        kind, names = "deployments", names[1:]
    if len(names) != 2 or not all(_NAME.fullmatch(name) for name in names):
        raise BadShape("model", f"`{model}` is neither `owner/name`, `owner/name:version` nor `deployments/owner/name`")
    return f"/{kind}/{names[0]}/{names[1]}/predictions"


class Job:
    """One prediction."""

    def __init__(self, base: str, model: str, body: Members, *, stream: bool = False, wait: int = MAX_WAIT) -> None:
        """`base`: the API's, `https://api.replicate.com/v1`. `body`: what `encode_request` gave. `stream`: words are
        wanted as they come, so the creation does not wait for all; else it waits up to `wait` seconds (0: not at all).

        Raises:
            BadShape: the model's name is none, or the base is no URL.
        """
        origin = origin_of(base)
        if origin is None:
            raise BadShape("api_base", "must be an http or https URL without user or fragment")
        self._origin = origin
        self._base = base.rstrip("/")
        self._create = self._base + ("/predictions" if "version" in body else create_path(model))
        self._body = body
        self._stream = stream
        self._wait = 0 if stream else min(max(wait, 0), MAX_WAIT)
        self._state: Literal["create", "wait", "look", "follow", "over"] = "create"
        self._end: Done | Broken | None = None
        self._get = self._cancel = self._follow = ""
        self._looks = self._misses = 0
        self._pause = 0.0
        self._started = self._open = False
        self._sent = ""
        """The output that the events told so far."""

    def next(self) -> Step:
        """What to do now."""
        match self._state:
            case "create":
                return self._creation()
            case "wait":
                self._state = "look"
                return Wait(self._pause)
            case "look":
                return Send(method="GET", url=self._get, headers={"accept": "application/json"})
            case "follow":
                return Follow(url=self._follow, headers={"accept": "text/event-stream", "cache-control": "no-store"})
            case "over":
                return self._end or Broken(broken("the prediction was canceled here"))

    def received(self, status: int, body: bytes, retry_after: float | None = None) -> list[Event]:
        """Take the answer to the last request; gives what became known. `retry_after`: seconds that its headers ask."""
        if self._state not in {"create", "look"}:
            return []
        if not 200 <= status < 300:
            return self._missed(status, body, retry_after)
        try:
            prediction = _decode(body)
            if not is_object(prediction):
                raise BadShape("", "the answer must be an object")
            answer = read_answer(prediction)
        except (*BROKEN, BadShape) as error:
            return self._break(broken(f"the provider answered with what is no prediction: {error}"))
        self._misses = 0
        if self._state == "create" and (refused := self._take_urls(prediction)):
            return self._break(broken(refused))
        return self._take(prediction, answer)

    def cancel(self) -> Send | None:
        """End the job. Gives the request that stops the prediction, where one runs; its answer says nothing."""
        known = self._state in {"wait", "look", "follow"}
        self._state = "over"
        if not known:
            return None
        return Send(method="POST", url=self._cancel, headers={"accept": "application/json"})

    def _creation(self) -> Send:
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self._wait:
            headers["prefer"] = f"wait={self._wait}"
        return Send(method="POST", url=self._create, headers=headers, body=_encode(self._body))

    def _take_urls(self, prediction: Members) -> str:
        """Keep where the prediction is; gives the reason for which it is refused, if any."""
        own_id = prediction.get("id")
        if not isinstance(own_id, str) or not _ID.fullmatch(own_id):
            return "the provider's prediction has no id that can be one"
        here = f"{self._base}/predictions/{own_id}"
        named = prediction.get("urls")
        urls = named if is_object(named) else {}
        get, cancel, stream = urls.get("get"), urls.get("cancel"), urls.get("stream")
        if get is not None and not same_origin(get, self._origin):
            return "the provider's prediction names a URL on another origin than the API's, which is not followed"
        self._get = get if isinstance(get, str) else here
        self._cancel = cancel if isinstance(cancel, str) and same_origin(cancel, self._origin) else f"{here}/cancel"
        if self._stream and isinstance(stream, str) and same_origin(stream, self._origin):
            self._follow = stream
        return ""

    def _take(self, prediction: Members, answer: Answer) -> list[Event]:
        status = prediction.get("status")
        if status in ENDED and status != "succeeded":
            return self._break(prediction_failure(prediction))
        if status not in ENDED and self._follow:
            self._state = "follow"
            return []
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(Started(id=answer.id, model=answer.model, created=answer.created))
        words = output_text(prediction.get("output"))
        if words is None and status == "succeeded" and not self._sent:
            for i, part in enumerate(answer.choices[0].parts):
                events += (PartStarted(index=i, part=part), PartEnded(i))
        elif words is not None and words.startswith(self._sent):
            self._grow(words, events)
        elif status == "succeeded" or words is not None:
            return events + self._break(broken("the prediction's output is no longer what it was"))
        if status == "succeeded":
            self._finish(prediction, answer, events)
        else:
            self._pause = min(FIRST_LOOK * 1.25 ** max(0, self._looks - STEADY_LOOKS), LAST_LOOK)
            self._looks = min(self._looks + 1, 2 * STEADY_LOOKS)
            self._state = "wait"
        return events

    def _grow(self, words: str, events: list[Event]) -> None:
        more = words[len(self._sent) :]
        if not more:
            return
        if not self._open:
            self._open = True
            events.append(PartStarted(index=0, part=Text(text="")))
        events.append(TextDelta(0, more))
        self._sent = words

    def _finish(self, prediction: Members, answer: Answer, events: list[Event]) -> None:
        if self._open:
            events.append(PartEnded(0))
        choice = answer.choices[0]
        events.append(Finished(finish=choice.finish, finish_native=choice.finish_native))
        metrics = prediction.get("metrics")
        if answer.usage is not None:
            events.append(UsageSeen(answer.usage, metrics))
        events.append(Ended(None if metrics is None else Native(OWN, {"usage": metrics})))
        self._state, self._end = "over", Done(answer)

    def _missed(self, status: int, body: bytes, retry_after: float | None) -> list[Event]:
        failure = read_failure(status, body)
        self._misses += 1
        if self._state == "create" or self._misses > MAX_MISSES or not (status == 429 or status >= 500):
            return self._break(failure)
        asked = retry_after if retry_after is not None else failure.retry_after
        self._pause = min(max(asked or 0.0, 2.0**self._misses / 2), 60.0)
        self._state = "wait"
        return []

    def _break(self, failure: Failure) -> list[Event]:
        self._state, self._end = "over", Broken(failure)
        return [Failed(failure)]
