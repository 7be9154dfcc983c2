"""One answer of a run: calls the gateway, writes events as they come, and writes down how it ended.

However it ends (in order, stopped, cut, failed), what the model wrote is kept.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, assert_never

from backend.app.api.schemas.conversations import Params
from backend.app.api.schemas.errors import ErrorBody, ErrorCode
from backend.app.api.schemas.events import (
    AnswerEndEvent,
    ErrorEvent,
    LossEvent,
    RouteEvent,
    StatusEvent,
    UsageEvent,
)
from backend.app.api.schemas.messages import Loss, MessageStatus, Receipt, Timing, Usage
from backend.app.services import route as routes
from backend.app.services import runs_failures as failures
from backend.app.services.catalogue import Known
from backend.app.services.catalogue_watch import Catalogue
from backend.app.services.gateway.errors import GatewayError, RateLimited
from backend.app.services.gateway.events import (
    Finished,
    Opened,
    ReasoningPart,
    Retrying,
    TextPart,
    ToolCallPart,
    UsagePart,
)
from backend.app.services.gateway.types import Usage as Counted
from backend.app.services.litellm_client import LiteLLMClient
from backend.app.services.receipts import Taken, first_receipt
from backend.app.services.run_events import Pen, RunLog
from backend.app.services.runs_context import Sent
from backend.app.services.runs_store import Outcome

LIMIT_WAIT_SECONDS: Final = 60.0
"""A limit that is over within this time is waited for, once."""
LIMIT_DEFAULT_SECONDS: Final = 5.0
"""Where the provider does not say how long."""
MOST_CHARACTERS: Final = 8_000_000
"""Of one answer: a book has one million."""
_log = logging.getLogger(__name__)


class _TooMuch(Exception):
    """The model does not come to an end."""


class Prepare(Protocol):
    """Reads the history and writes it as messages; may raise `AppError`."""

    async def __call__(self) -> Sent: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an answer is an answer to."""

    run_id: str
    message_id: str
    column: int | None
    model: str
    user_id: str
    user_name: str
    params: Params
    prepare: Prepare
    because: str | None = None
    """Why this model, where the person did not name it; a sentence."""


@dataclass(slots=True)
class _Written:
    """What has come so far."""

    text: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    opened: Opened | None = None
    counted: Counted | None = None
    finished: Finished | None = None
    started: float = field(default_factory=time.perf_counter)
    first_word: float | None = None
    characters: int = 0
    reasoning_from: float | None = None
    reasoning_to: float | None = None

    def fresh_start(self) -> None:
        """An attempt came to nothing; the next one begins with nothing, but the clock goes on."""
        self.opened = self.counted = self.finished = None

    @property
    def reasoning_ms(self) -> float | None:
        if self.reasoning_from is None:
            return None
        return round(((self.reasoning_to or time.perf_counter()) - self.reasoning_from) * 1000, 1)


class Answer:
    """Writes one answer into the log of its run."""

    def __init__(self, asked: Asked, *, client: LiteLLMClient, catalogue: Catalogue, log: RunLog) -> None:
        self.asked: Final = asked
        self._client: Final = client
        self._catalogue: Final = catalogue
        self._log: Final = log
        self._pen: Final = Pen(log, asked.message_id, asked.column)
        self.about: Final[dict[str, Any]] = {"message_id": asked.message_id, "column": asked.column}
        self._got: Final = _Written()
        self._sent = Sent()
        self._losses: list[Loss] = []
        self._failed_call: str | None = None
        """The ledger's id of a call that came to nothing: attempts may have cost something."""
        self.stop_reason: Callable[[], ErrorBody] | None = None
        """Set before the task is cancelled: why."""

    async def write(self) -> Outcome:
        """Write the answer; returns how it ended, never raises but for a cancellation that nobody announced."""
        self._log.append("status", StatusEvent(**self.about, status="waiting", provider=self._provider))
        error: ErrorBody | None = None
        try:
            await self._answer()
        except asyncio.CancelledError:
            if self.stop_reason is None:
                raise
            error = self.stop_reason()
        except GatewayError as failure:
            self._failed_call = failure.facts.call_id
            await self._catalogue.ready()
            error = failures.explain(failure, self._around())
        except _TooMuch:
            error = failures.cut(f"The answer is longer than {MOST_CHARACTERS // 1_000_000} MB; it was stopped there.")
        except Exception as failure:  # noqa: BLE001 whatever it is, the answer ends and says so
            error = getattr(failure, "body", None)  # an `AppError` says it itself
            if not isinstance(error, ErrorBody):
                _log.exception("run %s: the answer %s failed", self.asked.run_id, self.asked.message_id)
                error = failures.internal()
        return self._outcome(error)

    def never_begun(self) -> Outcome:
        """How it ended where it was stopped before its first step."""
        return self._outcome(failures.stopped() if self.stop_reason is None else self.stop_reason())

    def lost(self, error: ErrorBody) -> Outcome:
        """How it ended where it cannot be written down."""
        return self._outcome(error)

    def announce(self, outcome: Outcome) -> None:
        """Tell the readers how it ended, once that is written down."""
        if outcome.route is not None:
            self._log.append("route", RouteEvent(**self.about, route=outcome.route))
        if outcome.receipt is not None:
            self._log.append("usage", UsageEvent(**self.about, receipt=outcome.receipt))
        if outcome.error is not None and outcome.status != "stopped":
            self._log.append("error", ErrorEvent(**self.about, error=outcome.error))
        ended = AnswerEndEvent(
            **self.about, status=outcome.status, finish_reason=outcome.finish_reason, receipt=outcome.receipt
        )
        self._log.append("answer_end", ended)

    # The call.

    async def _answer(self) -> None:
        self._sent = await self.asked.prepare()
        self._lose(self._sent.losses)
        try:
            await self._call()
        except RateLimited as limited:
            wait = LIMIT_DEFAULT_SECONDS if limited.retry_after is None else limited.retry_after
            if self._got.text or wait > LIMIT_WAIT_SECONDS:
                raise
            await self._wait_for_limit(wait)
            self._got.fresh_start()
            await self._call()

    async def _wait_for_limit(self, seconds: float) -> None:
        status = StatusEvent(**self.about, status="queued", provider=self._provider, retry_after_s=round(seconds, 1))
        self._log.append("status", status)
        await asyncio.sleep(seconds)
        self._log.append("status", StatusEvent(**self.about, status="waiting", provider=self._provider))

    async def _call(self) -> None:
        params = self.asked.params
        events = self._client.events(
            self._sent.messages, self.asked.model, temperature=params.temperature, max_tokens=params.max_tokens,
            top_p=params.top_p, reasoning_effort=params.reasoning_effort, user=self.asked.user_id,
        )  # fmt: skip
        async with aclosing(events):
            async for event in events:
                match event:
                    case TextPart(text=text):
                        self._word("delta", text)
                    case ReasoningPart(text=text):
                        self._word("reasoning", text)
                    case Opened():
                        self._open(event)
                    case Retrying():
                        wait = round(event.after_s, 1)
                        self._log.append(
                            "status",
                            StatusEvent(**self.about, status="queued", provider=self._provider, retry_after_s=wait),
                        )
                    case UsagePart(usage=usage):
                        self._got.counted = usage
                    case Finished():
                        self._got.finished = event
                        self._got.counted = event.usage or self._got.counted
                    case ToolCallPart():
                        pass  # the chat offers no tools, so a model that calls one calls nothing
                    case _:
                        assert_never(event)
                await self._log.room()

    def _open(self, opened: Opened) -> None:
        self._got.opened = opened
        self._lose(routes.losses(opened.losses))
        self._log.append("status", StatusEvent(**self.about, status="streaming", provider=opened.provider))
        # The call's id is in the database before the answer is: a crash leaves a call that can be settled.
        self._log.append("usage", UsageEvent(**self.about, receipt=self._opening_receipt(opened)))

    def _opening_receipt(self, opened: Opened) -> Receipt:
        return Receipt(
            usage=Usage(input=self._sent.tokens), cost_nano=None, settled=False, estimated=True, timing=Timing(),
            call_id=opened.call_id, model=self.asked.model, model_answered=opened.provider_model,
            provider=opened.provider, deployment=opened.deployment,
        )  # fmt: skip

    def _word(self, kind: Any, text: str) -> None:
        got, now = self._got, time.perf_counter()
        if got.first_word is None:
            got.first_word = now
        if kind == "delta":
            if got.reasoning_from is not None and got.reasoning_to is None:
                got.reasoning_to = now
            got.text.append(text)
        else:
            if got.reasoning_from is None:
                got.reasoning_from = now
            got.reasoning.append(text)
        self._pen.write(kind, text)
        got.characters += len(text)
        if got.characters > MOST_CHARACTERS:
            raise _TooMuch

    def _lose(self, lost: Sequence[Loss]) -> None:
        if lost:
            self._losses = routes.combined(self._losses, lost)
            self._log.append("loss", LossEvent(**self.about, losses=self._losses))

    # How it ended.

    @property
    def _known(self) -> Known | None:
        return self._catalogue.find(self.asked.model)

    @property
    def _provider(self) -> str | None:
        known = self._known
        return None if known is None else known.card.provider

    def _around(self) -> failures.Around:
        return failures.Around(
            model=self.asked.model, known=self._known, models=self._catalogue.known, tokens=self._sent.tokens,
            images=bool(self._sent.images), files=self._sent.files, gateway_down_since=self._catalogue.down_since,
        )  # fmt: skip

    def _outcome(self, error: ErrorBody | None) -> Outcome:
        self._pen.flush()
        got, known = self._got, self._known
        receipt = self._receipt(known)
        way = routes.route(
            got.opened, asked=self.asked.model, who=self.asked.user_name, card=None if known is None else known.card,
            first_word_ms=receipt.timing.first_word_ms,
            failure=None if error is None or error.code is ErrorCode.STOPPED else error.message.rstrip("."),
        )  # fmt: skip
        if self.asked.because is not None:
            way = way.model_copy(update={"why": f"{self.asked.because} {way.why}"})
        return Outcome(
            message_id=self.asked.message_id,
            status=_status(error),
            content="".join(got.text),
            reasoning="".join(got.reasoning),
            reasoning_ms=got.reasoning_ms,
            finish_reason=None if got.finished is None else got.finished.reason,
            error=error,
            receipt=receipt,
            route=way,
            losses=self._losses,
        )

    def _receipt(self, known: Known | None) -> Receipt:
        got = self._got
        first = None if got.first_word is None else round((got.first_word - got.started) * 1000, 1)
        total = round((time.perf_counter() - got.started) * 1000, 1)
        headers = {} if got.opened is None else got.opened.headers
        return first_receipt(
            Taken(
                model=self.asked.model, opened=got.opened, counted=got.counted, prompt_tokens=self._sent.tokens,
                text="".join(got.text), reasoning="".join(got.reasoning),
                rates=None if known is None else known.rates,
                timing=Timing(
                    first_word_ms=first, total_ms=total, gateway_ms=_milliseconds(headers.get(_OVERHEAD))
                ),
                model_answered=None if got.finished is None else got.finished.model,
                call_id=self._failed_call,
            )
        )  # fmt: skip


_OVERHEAD: Final = "x-litellm-overhead-duration-ms"


def _milliseconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _status(error: ErrorBody | None) -> MessageStatus:
    if error is None:
        return "done"
    match error.code:
        case ErrorCode.STOPPED:
            return "stopped"
        case ErrorCode.CUT:
            return "cut"
        case _:
            return "error"
