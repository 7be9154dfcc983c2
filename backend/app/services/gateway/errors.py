"""What can go wrong between the application and the gateway, by what to do about it.

    GatewayError                 anything below
      NoKey                      the provider's key is missing: set the variable
      KeyRefused                 a key is wrong: the gateway's, or the provider's
      NotPermitted               the key may not use this model
      NotFound                   there is no such model
      BadRequest                 the request is wrong as it is
        TooLong                  more tokens than the model takes
        Filtered                 refused for its content
      BudgetExceeded             the money is gone
      RateLimited                too much at once: wait
      ProviderDown               the provider fails
        CircuitOpen              it failed so often that it is not asked for a while
      GatewayDown                the gateway does not answer
      TimedOut                   it took too long
      StreamCut                  the answer broke off in the middle

Each carries `message` (what happened), `fix` (what to do) and `code`, the application's own word for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Literal

from typing_extensions import override

Which = Literal["connect", "first_byte", "between_bytes", "total", "provider"]
Whose = Literal["gateway", "provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a failed call."""

    model: str | None = None
    """As it was asked for."""
    status: int | None = None
    """HTTP status; `None` where no answer came."""
    call_id: str | None = None
    """The call's row in the gateway's ledger."""
    provider: str | None = None
    """Who was asked, where the gateway got that far."""
    said: str | None = None
    """The words of the gateway or the provider, unchanged."""
    sent: bool = True
    """False where the request surely never reached a provider, so that sending it again cannot be paid twice."""
    retry_allowed: bool | None = None
    """`x-should-retry`: what the gateway says of another try."""
    retry_after: float | None = None
    """`retry-after`, seconds."""


NOTHING = Facts()


class GatewayError(Exception):
    """A call to the gateway failed. `str(error)` is the message and the fix."""

    code: ClassVar[str] = "internal"
    """The application's word (`ErrorCode`)."""
    fix: str = "Look at the gateway's log."

    def __init__(self, message: str, fix: str = "", *, facts: Facts = NOTHING) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix or type(self).fix
        self.facts = facts

    @override
    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class NoKey(GatewayError):
    """The gateway knows the model and lacks what it takes to call it: mostly a key.

    `variable` is the one to set; `None` where it is something else, which the message then says.
    """

    code = "no_key"

    def __init__(self, variable: str | None, *, facts: Facts = NOTHING) -> None:
        self.variable = variable
        if variable is None:
            message = facts.said or f"`{facts.model}` cannot be called."
            fix = "Mend the model's entry in `litellm-config.yaml`."
        else:
            message = f"No key for `{facts.model or 'this model'}`."
            fix = f"Put `{variable}` in `.env`; it is picked up without a restart."
        super().__init__(message, fix, facts=facts)


class KeyRefused(GatewayError):
    """A key was refused. `whose`: the gateway refused ours, or the provider refused the gateway's."""

    code = "key_refused"

    def __init__(self, whose: Whose, *, facts: Facts = NOTHING) -> None:
        self.whose = whose
        if whose == "gateway":
            message = "The gateway does not know this key."
            fix = "Set `LITELLM_API_KEY`, or `LITELLM_MASTER_KEY` to the value that the gateway was started with."
        else:
            message = f"{facts.provider or 'The provider'} refused the gateway's key."
            fix = f"Renew the provider's key of `{facts.model or 'this model'}` in `.env`."
        super().__init__(message, fix, facts=facts)


class NotPermitted(GatewayError):
    """The key is known and may not do this."""

    code = "not_permitted"
    fix = "Ask for this model to be added to the key, or choose one that `models()` lists."


class NotFound(GatewayError):
    """There is no such model."""

    code = "not_found"
    fix = "Choose a model that `models()` lists, or add it to `litellm-config.yaml`."


class BadRequest(GatewayError):
    """The request itself is wrong; it fails again however often it is sent."""

    code = "invalid"
    fix = "Change the request: the message names what is wrong with it."


class TooLong(BadRequest):
    """More than the model takes. `tokens` and `limit` where they were said."""

    code = "too_long"

    def __init__(self, tokens: int | None, limit: int | None, *, facts: Facts = NOTHING) -> None:
        self.tokens = tokens
        self.limit = limit
        size = "This is too long" if tokens is None else f"This is {tokens} tokens"
        takes = "." if limit is None else f"; `{facts.model or 'the model'}` takes {limit}."
        super().__init__(size + takes, "Shorten it, or choose a model with a longer context.", facts=facts)


class Filtered(BadRequest):
    """A content filter refused it."""

    code = "filtered"
    fix = "Say it differently, or ask another model."


class BudgetExceeded(GatewayError):
    """The money is gone. `whose`: a budget at the gateway, or the account at the provider."""

    code = "budget"

    def __init__(self, whose: Whose, message: str, *, facts: Facts = NOTHING) -> None:
        self.whose = whose
        fix = (
            "Raise the budget, wait until it resets, or choose a cheaper model."
            if whose == "gateway"
            else f"Add credit at {facts.provider or 'the provider'}, or choose a model of another provider."
        )
        super().__init__(message, fix, facts=facts)


class RateLimited(GatewayError):
    """Too many calls or tokens at once. `retry_after`: seconds, `None` where it was not said."""

    code = "rate_limited"

    def __init__(self, *, facts: Facts = NOTHING) -> None:
        self.retry_after = facts.retry_after
        when = "in a while" if facts.retry_after is None else f"in {facts.retry_after:.0f} s"
        super().__init__(
            f"The limit of {facts.provider or 'calls'} is reached.", f"Try again {when}, or use another model.",
            facts=facts,
        )  # fmt: skip


class ProviderDown(GatewayError):
    """The provider fails or cannot be reached. `since`: when this client first saw it, UTC."""

    code = "provider_down"
    fix = "Try again later, or use a model of another provider."

    def __init__(self, message: str, fix: str = "", *, facts: Facts = NOTHING, since: datetime | None = None) -> None:
        super().__init__(message, fix, facts=facts)
        self.since = since


class CircuitOpen(ProviderDown):
    """The model failed too often; it is not asked before `until` (UTC). Nothing was sent."""

    def __init__(self, model: str, until: datetime, since: datetime | None = None) -> None:
        self.model = model
        self.until = until
        wait = max(0.0, (until - datetime.now(UTC)).total_seconds())
        super().__init__(
            f"`{model}` failed several times in a row and is left alone for {wait:.0f} s.",
            "Use another model, or try again then.",
            facts=Facts(model=model, sent=False, retry_after=wait), since=since,
        )  # fmt: skip


class GatewayDown(GatewayError):
    """Nothing that speaks as a gateway answers at `url`."""

    code = "gateway_down"

    def __init__(self, url: str, why: str, *, facts: Facts = NOTHING) -> None:
        self.url = url
        super().__init__(
            f"The gateway at {url} does not answer: {why}.",
            "Start it (`make run`, `docker-compose up -d`), or set `LITELLM_BASE_URL`.",
            facts=facts,
        )


class TimedOut(GatewayError):
    """It took too long. `which` time-out: one of `Timeouts`, or the gateway's own towards the provider."""

    code = "timeout"

    def __init__(self, which: Which, seconds: float | None = None, *, facts: Facts = NOTHING) -> None:
        self.which = which
        limit = "" if seconds is None else f" within {seconds:g} s"
        what = {
            "connect": f"The gateway could not be connected to{limit}.",
            "first_byte": f"Nothing of the answer came{limit}.",
            "between_bytes": f"The answer stood still: nothing more came{limit}.",
            "total": f"The answer was not complete{limit}.",
            "provider": f"{facts.provider or 'The provider'} was silent for too long.",
        }[which]
        super().__init__(what, "Try again, allow more time (`Timeouts`), or use a faster model.", facts=facts)


class StreamCut(GatewayError):
    """A stream ended before its end. `text` and `reasoning` are what came until then."""

    code = "cut"

    def __init__(self, why: str, *, text: str, reasoning: str = "", facts: Facts = NOTHING) -> None:
        self.text = text
        self.reasoning = reasoning
        super().__init__(
            f"The answer broke off after {len(text)} characters: {why}.",
            "What came is in `text`; ask again, or ask the model to go on from there.",
            facts=facts,
        )
