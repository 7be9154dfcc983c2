"""From an error of the gateway's client to what a person reads: what happened, why, what to do, who else would answer.

Voice: no apology, the thing by its name, numbers with units; the provider's own words stay apart, as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from backend.app.api.schemas.errors import ErrorBody, ErrorCode
from backend.app.api.schemas.models import ModelCard
from backend.app.core.errors import AppError
from backend.app.services.catalogue import Known, alternatives, no_key_fix
from backend.app.services.gateway.errors import (
    BadRequest,
    BudgetExceeded,
    CircuitOpen,
    Filtered,
    GatewayDown,
    GatewayError,
    KeyRefused,
    NoKey,
    NotFound,
    NotPermitted,
    ProviderDown,
    RateLimited,
    StreamCut,
    TimedOut,
    TooLong,
)
from backend.app.services.providers import provider_name
from backend.app.services.runs_context import Sent

SAID_CHARACTERS: Final = 2000
_WAS: Final = re.compile(r"\b(?:was|were) left out\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the error."""

    model: str
    """As asked for."""
    known: Known | None
    """Its entry in the catalogue."""
    models: Sequence[Known]
    """All of them, for an alternative."""
    tokens: int = 0
    """Of the request, about: what an alternative must take."""
    images: bool = False
    files: int = 0
    """How many files could be dropped to make it shorter."""
    gateway_down_since: datetime | None = None

    @property
    def cards(self) -> list[ModelCard]:
        """What the picker shows."""
        return [known.card for known in self.models]

    def other(self, *, not_of: str | None = None, tokens: int | None = None) -> str | None:
        """The cheapest ready model that would take the request instead."""
        found = alternatives(
            self.cards, instead_of=self.model, tokens=self.tokens if tokens is None else tokens,
            images=self.images, files=bool(self.files), not_of=not_of,
        )  # fmt: skip
        return found[0] if found else None


_GATEWAYS_WORDS: Final = re.compile(r"^litellm\.\w+: (?:\w+Exception - )?")
"""What the gateway puts before a provider's words, as LiteLLM does; they are quoted without it."""


def explain(error: GatewayError, around: Around) -> ErrorBody:
    """The error as it is stored beside the message and shown."""
    body = _body(error, around)
    said = error.facts.said
    shown = body.message if said is None else _GATEWAYS_WORDS.sub("", said)
    return body.model_copy(
        update={"model": around.model, "provider_said": None if shown in body.message else shown[:SAID_CHARACTERS]}
    )


def _body(error: GatewayError, around: Around) -> ErrorBody:
    provider = error.facts.provider or (around.known.card.provider if around.known is not None else None)
    name = provider_name(provider)
    match error:
        case NoKey():
            return _no_key(error, around, provider)
        case KeyRefused():
            return _key_refused(error, around, provider)
        case BudgetExceeded():
            return _budget(error, around, provider)
        case RateLimited():
            return ErrorBody(
                code=ErrorCode.RATE_LIMITED, message=f"Limit reached at {name}.", retry_after_s=error.retry_after,
                fix=_wait(error.retry_after), alternative=around.other(not_of=provider),
            )  # fmt: skip
        case ProviderDown():
            return _down(error, around, provider)
        case TooLong():
            return _too_long(error, around)
        case Filtered():
            return ErrorBody(
                code=ErrorCode.FILTERED, message=f"Stopped by the content filter of {name}.",
                fix="Say it differently, or ask another model.", alternative=around.other(not_of=provider),
            )  # fmt: skip
        case GatewayDown():
            return gateway_down(error.url, around.gateway_down_since)
        case NotPermitted():
            return ErrorBody(
                code=ErrorCode.NOT_PERMITTED, message=f"This key may not use {around.model}.",
                fix="Ask the owner of the gateway to add the model to the key, or use another model.",
                alternative=around.other(),
            )  # fmt: skip
        case NotFound():
            return ErrorBody(
                code=ErrorCode.NOT_FOUND, message=f"The gateway has no model {around.model}.",
                fix="Choose another model, or add it to litellm-config.yaml.", alternative=around.other(),
            )  # fmt: skip
        case TimedOut():
            return ErrorBody(
                code=ErrorCode.TIMEOUT, message=error.message, fix="Retry, or use a faster model.",
                alternative=around.other(not_of=provider),
            )  # fmt: skip
        case StreamCut():
            return ErrorBody(
                code=ErrorCode.CUT, message=f"{_start(name)} broke off in the middle of the answer.",
                fix="What came is kept. Continue, or retry.",
            )  # fmt: skip
        case BadRequest():
            return ErrorBody(code=ErrorCode.INVALID, message=f"{_start(name)} refused the request.", fix=error.fix)
        case _:
            return ErrorBody(code=ErrorCode.INTERNAL, message=error.message, fix=error.fix)


def _start(name: str) -> str:
    """A name at the start of a sentence."""
    return name[:1].upper() + name[1:] if name.startswith("the ") else name


def _no_key(error: NoKey, around: Around, provider: str | None) -> ErrorBody:
    name, known = provider_name(provider), around.known
    variable = error.variable or (known.card.variable or known.key_variable if known is not None else None)
    is_key = variable is None or variable.endswith(("KEY", "TOKEN", "SECRET"))
    return ErrorBody(
        code=ErrorCode.NO_KEY,
        message=f"No key for {name}." if is_key else f"{_start(name)} is not set up: `{variable}` is missing.",
        fix=no_key_fix(variable) if variable else error.fix,
        variable=variable,
        alternative=around.other(not_of=provider),
    )


def _key_refused(error: KeyRefused, around: Around, provider: str | None) -> ErrorBody:
    if error.whose == "gateway":
        return ErrorBody(
            code=ErrorCode.KEY_REFUSED, message="The gateway refused the application's key (401).",
            fix="Set LITELLM_API_KEY, or LITELLM_MASTER_KEY as the gateway has it.", variable="LITELLM_MASTER_KEY",
        )  # fmt: skip
    variable = around.known.key_variable if around.known is not None else None
    return ErrorBody(
        code=ErrorCode.KEY_REFUSED,
        message=f"{_start(provider_name(provider))} refused the gateway's key ({error.facts.status or 401}).",
        fix=f"Check {variable} in .env." if variable else f"Check the key of {provider_name(provider)}.",
        variable=variable,
        alternative=around.other(not_of=provider),
    )


def _budget(error: BudgetExceeded, around: Around, provider: str | None) -> ErrorBody:
    if error.whose == "gateway":
        message, fix = "The budget of this key is used up.", "Ask its owner to raise it, or wait until it resets."
        return ErrorBody(code=ErrorCode.BUDGET, message=message, fix=fix, alternative=around.other())
    name = provider_name(provider)
    return ErrorBody(
        code=ErrorCode.BUDGET, message=f"The account at {name} is used up.",
        fix=f"Add credit at {name}, or use a model of another provider.", alternative=around.other(not_of=provider),
    )  # fmt: skip


def _down(error: ProviderDown, around: Around, provider: str | None) -> ErrorBody:
    name = provider_name(provider)
    other = around.other(not_of=provider)
    message = (
        f"{_start(name)} has been failing since {error.since:%H:%M} UTC."
        if error.since
        else f"{_start(name)} is failing."
    )
    after = error.facts.retry_after
    if isinstance(error, CircuitOpen):
        after = max(0.0, (error.until - datetime.now(UTC)).total_seconds())
    return ErrorBody(
        code=ErrorCode.PROVIDER_DOWN, message=message, since=error.since, alternative=other,
        fix=f"Use {other}, or retry later." if other else "Retry later.",
        retry_after_s=after,
    )  # fmt: skip


def _too_long(error: TooLong, around: Around) -> ErrorBody:
    known = around.known
    tokens = error.tokens or around.tokens or None
    limit = error.limit or (known.card.context_tokens if known is not None else None)
    size = "This is too long" if tokens is None else f"This is {thousands(tokens)} tokens"
    takes = "." if limit is None else f"; {around.model} takes {thousands(limit)}."
    other = around.other(tokens=tokens or 0)
    larger = next((card for card in around.cards if card.id == other), None)
    if larger is not None and larger.context_tokens is None:
        other = larger = None  # nobody knows whether it would fit
    ways = [f"Use {other} ({thousands(larger.context_tokens)})"] if larger and larger.context_tokens else []
    if around.files:
        ways.append("drop a file" if around.files == 1 else "drop some of the files")
    ways = ways or ["Shorten it"]
    fix = " or ".join(ways)
    return ErrorBody(
        code=ErrorCode.TOO_LONG, message=size + takes, fix=f"{fix[0].upper()}{fix[1:]}.", alternative=other
    )


def thousands(tokens: int) -> str:
    """A number of tokens for people: `812`, `128k`."""
    return str(tokens) if tokens < 1000 else f"{round(tokens / 1000)}k"


def _wait(seconds: float | None) -> str:
    return "Retry in a while, or use another model." if seconds is None else (
        f"Retry in {max(1, round(seconds))} s, or use another model."
    )  # fmt: skip


def gateway_down(url: str, since: datetime | None) -> ErrorBody:
    """Nothing that speaks as a gateway answers."""
    place = urlsplit(url)
    where = f":{place.port}" if place.hostname in {"127.0.0.1", "localhost", "::1"} and place.port else place.netloc
    when = f" (since {since:%H:%M} UTC)" if since is not None else ""
    return ErrorBody(
        code=ErrorCode.GATEWAY_DOWN, message=f"The gateway at {where or url} does not answer{when}.",
        fix="Start it (make run, docker-compose up -d). Your message is kept: retry when it answers.", since=since,
    )  # fmt: skip


def losing(model: str, draft: Sent, models: Sequence[Known]) -> AppError:
    """The model would not get the whole message, and nobody has agreed to that."""
    kinds = {loss.kind for loss in draft.losses}
    other = alternatives(
        [known.card for known in models], instead_of=model, tokens=draft.tokens, images="image" in kinds,
        files="file" in kinds,
    )  # fmt: skip
    what = " ".join(loss.message[0].upper() + loss.message[1:] for loss in draft.losses)
    return AppError(
        ErrorCode.INVALID, _WAS.sub("would be left out", what),
        f"Send it anyway, or use {other[0]}." if other else "Send it anyway, or use a model that takes it.",
        field="accept_losses", model=model, alternative=other[0] if other else None,
    )  # fmt: skip


def stopped() -> ErrorBody:
    """The person stopped it."""
    return ErrorBody(code=ErrorCode.STOPPED, message="You stopped it.", fix="What came is kept.")


def cut(why: str) -> ErrorBody:
    """This application ended in the middle of an answer. `why`: a whole sentence."""
    return ErrorBody(code=ErrorCode.CUT, message=why, fix="What came is kept. Continue, or retry.")


def purged() -> ErrorBody:
    """There is nothing any more that the answer could be a part of."""
    return ErrorBody(
        code=ErrorCode.NOT_FOUND, message="The conversation was deleted for good while this answer was written.",
        fix="Ask in a new conversation.",
    )  # fmt: skip


def internal() -> ErrorBody:
    """A fault of this application."""
    return ErrorBody(
        code=ErrorCode.INTERNAL, message="The application failed while it wrote this answer.",
        fix="Retry. If it happens again, look into the application's log.",
    )  # fmt: skip
