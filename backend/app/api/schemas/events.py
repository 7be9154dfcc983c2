"""The events of a run, as `/api/runs/{id}/events` streams them. `RunEvents` has a field for each name of an event."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.app.api.schemas.common import Answer
from backend.app.api.schemas.errors import ErrorBody
from backend.app.api.schemas.messages import Loss, Message, MessageStatus, Receipt, Route


class _Event(Answer):
    message_id: str | None = Field(default=None, description="The answer it is about; null: the run as a whole.")
    column: int | None = None


class StatusEvent(_Event):
    """`position` is the place in the queue, from 1."""

    status: Literal["queued", "waiting", "streaming"]
    provider: str | None = None
    position: int | None = None
    retry_after_s: float | None = None


class DeltaEvent(_Event):
    """More of the answer."""

    text: str


class ReasoningEvent(_Event):
    """More of the model's reasoning."""

    text: str


class UsageEvent(_Event):
    """The receipt as far as it is known; the last one is settled."""

    receipt: Receipt


class LossEvent(_Event):
    """What the model did not get."""

    losses: list[Loss]


class RouteEvent(_Event):
    """The way the call took."""

    route: Route


class ErrorEvent(_Event):
    """The answer failed; what was written stays."""

    error: ErrorBody


class TitleEvent(_Event):
    """The conversation got its title."""

    title: str


class AnswerEndEvent(_Event):
    """One answer is over."""

    status: MessageStatus
    finish_reason: str | None
    receipt: Receipt | None


class AnsweredEvent(_Event):
    """Every answer of the run is over and stored. What may follow are receipts as they are settled, then `end`."""


class SnapshotEvent(_Event):
    """The messages as they are now, where the events asked for are no longer kept."""

    messages: list[Message]


class EndEvent(_Event):
    """The last event of every run. A stream that closes without it was broken: connect again."""


class RunEvents(Answer):
    """The data of each event by its name. Not sent as such: it is here so that a client knows every shape."""

    status: StatusEvent
    delta: DeltaEvent
    reasoning: ReasoningEvent
    usage: UsageEvent
    loss: LossEvent
    route: RouteEvent
    error: ErrorEvent
    title: TitleEvent
    answer_end: AnswerEndEvent
    answered: AnsweredEvent
    snapshot: SnapshotEvent
    end: EndEvent
