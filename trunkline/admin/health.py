"""What has been observed of each deployment, in the shape of LiteLLM's `/health`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from trunkline.admin.gateway import Gateway, ProbeResult
from trunkline.config.snapshot import Deployment
from trunkline.telemetry.counts import Sight

State = Literal["healthy", "unhealthy", "unknown", "unavailable"]

FAILS: Final = 3
"""So many failures in a row make a deployment unhealthy that worked before (LiteLLM's `allowed_fails`)."""
PROBES_AT_ONCE: Final = 4
PROBE_SECONDS: Final = 30.0

HINT: Final = (
    "Counts come from real calls, none was made for this answer. With a valid key the endpoints are listed; "
    "`?probe=true` with a key makes one small call to each, which may cost money."
)


class EndpointHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment, for callers with a key."""

    model: str
    """As the config writes it."""
    model_name: str
    """What clients ask for."""
    model_id: str
    api_base: str | None
    """Scheme, host and port."""
    custom_llm_provider: str
    state: State
    reason: str | None
    """Why it is not healthy; `null` when it is."""
    last_success: str | None
    """UTC, `null` for never."""
    last_failure: str | None
    probe_seconds: float | None = None
    """How long the probe took, where one was made."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """LiteLLM's shape, with the two states that it does not know. The lists are empty without a key."""

    status: Literal["healthy", "degraded", "unhealthy", "unknown"]
    """`degraded`: some deployments answer and some do not; `unknown`: nothing was called yet."""
    healthy_count: int
    unhealthy_count: int
    unknown_count: int
    """Not called yet."""
    unavailable_count: int
    """Cannot be called: a key or setting is missing."""
    healthy_endpoints: list[EndpointHealth]
    unhealthy_endpoints: list[EndpointHealth]
    unknown_endpoints: list[EndpointHealth]
    unavailable_endpoints: list[EndpointHealth]
    probed: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One deployment with its state."""

    deployment: Deployment
    state: State
    reason: str | None
    last_success: float
    last_failure: float
    probe: ProbeResult | None = None


def observe(deployment: Deployment, seen: Sight) -> Observed:
    """Judge a deployment by what its calls did."""
    state, reason = _judge(deployment, seen)
    return Observed(
        deployment=deployment,
        state=state,
        reason=reason,
        last_success=seen.last_success,
        last_failure=seen.last_failure,
    )


def _judge(deployment: Deployment, seen: Sight) -> tuple[State, str | None]:
    if deployment.unavailable is not None:
        return "unavailable", deployment.unavailable
    if not seen.last_event:
        return "unknown", "not called yet"
    error = seen.last_error or "no reason was given"
    if seen.cooling:
        return "unhealthy", f"cooling down after: {error}"
    if seen.fails_in_a_row >= FAILS or (seen.fails_in_a_row and not seen.last_success):
        return "unhealthy", f"failed {_times(seen.fails_in_a_row)}, the last time: {error}"
    return "healthy", None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times in a row"


def select(deployments: Iterable[Deployment], model: str | None, model_id: str | None) -> tuple[Deployment, ...]:
    """Those that a request names by group, by `provider/model` or by id; all when it names none."""
    found = tuple(deployments)
    if model:
        found = tuple(d for d in found if model in {d.group, d.litellm_model, d.id})
    if model_id:
        found = tuple(d for d in found if d.id == model_id)
    return found


def report(
    observed: Iterable[Observed], *, detailed: bool, redact: Callable[[str], str], probed: bool = False
) -> Health:
    """Sort deployments by state; `detailed` lists them, with reasons that went through `redact`."""
    shown: dict[State, list[EndpointHealth]] = {"healthy": [], "unhealthy": [], "unknown": [], "unavailable": []}
    counts: dict[State, int] = dict.fromkeys(shown, 0)
    for one in observed:
        counts[one.state] += 1
        if detailed:
            shown[one.state].append(_endpoint(one, redact))
    return Health(
        status=_overall(counts),
        healthy_count=counts["healthy"],
        unhealthy_count=counts["unhealthy"],
        unknown_count=counts["unknown"],
        unavailable_count=counts["unavailable"],
        healthy_endpoints=shown["healthy"],
        unhealthy_endpoints=shown["unhealthy"],
        unknown_endpoints=shown["unknown"],
        unavailable_endpoints=shown["unavailable"],
        probed=probed,
        note="One small call was made to each available deployment." if probed else HINT,
    )


def _overall(counts: Mapping[State, int]) -> Literal["healthy", "degraded", "unhealthy", "unknown"]:
    if counts["unhealthy"]:
        return "degraded" if counts["healthy"] or counts["unknown"] else "unhealthy"
    if counts["healthy"]:
        return "healthy"
    return "unknown" if counts["unknown"] else "unhealthy"


def _endpoint(one: Observed, redact: Callable[[str], str]) -> EndpointHealth:
    deployment = one.deployment
    return EndpointHealth(
        model=deployment.litellm_model,
        model_name=deployment.group,
        model_id=deployment.id,
        api_base=deployment.target.base_url if deployment.target is not None else None,
        custom_llm_provider=deployment.provider,
        state=one.state,
        # A provider may say the key it refused.
        reason=redact(one.reason) if one.reason else None,
        last_success=moment(one.last_success),
        last_failure=moment(one.last_failure),
        probe_seconds=round(one.probe.seconds, 3) if one.probe is not None else None,
    )


def moment(seconds: float) -> str | None:
    """Wall clock seconds as UTC text, `None` for 0 (never)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None


class Prober:
    """Makes small real calls, never more than `PROBES_AT_ONCE` of them whoever asks."""

    def __init__(self, gateway: Gateway, *, at_once: int = PROBES_AT_ONCE, seconds: float = PROBE_SECONDS) -> None:
        self._gateway = gateway
        self._room = asyncio.Semaphore(at_once)
        self._seconds = seconds

    async def probe(self, observed: Iterable[Observed]) -> list[Observed]:
        """Call every available deployment once and judge it by the answer."""
        return list(await asyncio.gather(*map(self._one, observed)))

    async def _one(self, one: Observed) -> Observed:
        if one.state == "unavailable":
            return one
        if "*" in one.deployment.model and "health_check_model" not in one.deployment.model_info:
            return _judged(
                one, "unknown", "a wildcard names no model to call: set `model_info.health_check_model`", None
            )
        async with self._room:
            result = await self._call(one.deployment)
        if result.ok:
            return _judged(one, "healthy", None, result)
        status = f"status {result.status}" if result.status else "no answer"
        return _judged(one, "unhealthy", f"{status}: {result.error}" if result.error else status, result)

    async def _call(self, deployment: Deployment) -> ProbeResult:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._gateway.probe(deployment)
        except TimeoutError:
            took = time.monotonic() - began
            return ProbeResult(ok=False, status=0, seconds=took, error=f"no answer within {self._seconds:g} s")


def _judged(one: Observed, state: State, reason: str | None, probe: ProbeResult | None) -> Observed:
    now = time.time()
    return Observed(
        deployment=one.deployment,
        state=state,
        reason=reason,
        last_success=now if state == "healthy" else one.last_success,
        last_failure=now if state == "unhealthy" else one.last_failure,
        probe=probe,
    )
