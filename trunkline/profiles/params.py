"""Tuning knobs: what the model lacks goes, by the operator's policy; what asks for nothing goes without a word."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.losses import Losses
from trunkline.ir.request import Request, Sampling
from trunkline.profiles.aim import Aim

DEFAULT_MAX_TOKENS: Final = 4096
"""For formats that want a length and models nobody listed: every model of such a format gives as much."""
MAX_USER: Final = 64
"""Characters of `user` that OpenAI takes (providers.md, `openai`)."""

_NEUTRAL: Final[dict[str, object]] = {
    "temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "candidates": 1, "logprobs": False,
    "top_logprobs": 0, "logit_bias": {}, "stop": [],
}  # fmt: skip
"""Values that ask for nothing: what the model does anyway."""
_KNOBS: Final = (
    "temperature", "top_p", "top_k", "min_p", "stop", "seed", "frequency_penalty", "presence_penalty", "candidates",
    "logprobs", "top_logprobs", "logit_bias", "max_tokens",
)  # fmt: skip


def fit_sampling(sampling: Sampling, aim: Aim, losses: Losses, *, thinks: bool) -> Sampling:
    """The knobs as the model takes them; `thinks`: it will think in this call.

    Raises:
        Untranslatable: several answers are asked for and it gives one; or what it lacks must be refused.
    """
    changes: dict[str, object] = {}
    lost: dict[str, str] = {}
    for knob in _KNOBS:
        value = getattr(sampling, knob)
        if value is None:
            continue
        why = aim.lacks.get(knob) or (aim.thinking_lacks.get(knob) if thinks else None)
        if why is None or (knob == "top_p" and thinks and _claude_range(value, aim)):
            continue
        changes[knob] = None
        if knob not in _NEUTRAL or value != _NEUTRAL[knob]:
            if knob == "candidates" and aim.policy.drop_params is not True:
                raise losses.refuse("n", f"`{aim.model}` gives one answer per request; `drop_params: true` drops `n`")
            lost[knob] = why
    _one_of_two(sampling, aim, changes, lost)
    aim.lack(losses, lost)
    _stops(sampling, aim, losses, changes)
    _ranges(sampling, aim, losses, changes)
    return replace(sampling, **changes) if changes else sampling


def _claude_range(value: float, aim: Aim) -> bool:
    """Claude takes a `top_p` from 0.95 to 1 while it thinks on a budget (providers.md B1)."""
    return aim.profile.name.startswith("Claude") and "top_p" not in aim.lacks and 0.95 <= value <= 1


def _one_of_two(sampling: Sampling, aim: Aim, changes: dict[str, object], lost: dict[str, str]) -> None:
    both = aim.profile.not_both
    if both is None or any(getattr(sampling, knob) is None or knob in changes for knob in both):
        return
    second = both[1]
    changes[second] = None
    if getattr(sampling, second) != _NEUTRAL.get(second):
        lost[second] = aim.why("not_both", "the model takes one of the two")


def _stops(sampling: Sampling, aim: Aim, losses: Losses, changes: dict[str, object]) -> None:
    most, stop = aim.max_stops, sampling.stop
    if stop is not None and most is not None and len(stop) > most and "stop" not in changes:
        aim.lack(losses, {"stop": f"the model takes {most} stop sequences at most; the first were sent"})
        changes["stop"] = stop[:most]


def _ranges(sampling: Sampling, aim: Aim, losses: Losses, changes: dict[str, object]) -> None:
    profile, limit = aim.profile, sampling.max_tokens
    if "max_tokens" in changes:
        pass
    elif limit is None:
        if aim.facts.needs_max_tokens:
            changes["max_tokens"] = profile.max_output or DEFAULT_MAX_TOKENS
    elif aim.policy.modify_params and profile.max_output is not None and limit > profile.max_output:
        losses.add("max_tokens", f"the model answers with {profile.max_output} tokens at most, so that was sent")
        changes["max_tokens"] = profile.max_output
    temperature, allowed = sampling.temperature, profile.temperature
    if aim.policy.modify_params and temperature is not None and allowed is not None and "temperature" not in changes:
        nearest = min(max(temperature, allowed[0]), allowed[1])
        if nearest != temperature:
            losses.add("temperature", f"the model's temperature goes from {allowed[0]} to {allowed[1]}")
            changes["temperature"] = nearest


def fit_rest(request: Request, aim: Aim, losses: Losses) -> dict[str, object]:
    """Changes to knobs that stand beside the sampling: parallel calls, verbosity, the user, the service tier.

    Raises:
        Untranslatable: what the model lacks must be refused.
    """
    changes: dict[str, object] = {}
    lost: dict[str, str] = {}
    lacks = aim.lacks
    if request.parallel_tools is not None and "parallel_tools" in lacks:
        changes["parallel_tools"] = None
        if request.parallel_tools is False and request.tools:
            lost["parallel_tools"] = lacks["parallel_tools"]
    for name in ("verbosity", "user", "service_tier"):
        if getattr(request, name) is not None and name in lacks:
            changes[name] = None
            if name != "service_tier" or request.service_tier not in ("auto", "default"):
                lost[name] = lacks[name]
    aim.lack(losses, lost)
    if aim.strict_chat and request.user is not None and len(request.user) > MAX_USER:
        losses.add("user", f"OpenAI refuses more than {MAX_USER} characters")
        changes["user"] = None
    return changes
