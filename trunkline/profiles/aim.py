"""One model of one provider, with everything that is known about it looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from trunkline.ir import tool_ids
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses, Untranslatable
from trunkline.ir.tool_ids import IdRule
from trunkline.profiles.families_openai import MAX_ON_RESPONSES_ONLY, STRICT_CHAT
from trunkline.profiles.ids import id_rule
from trunkline.profiles.lookup import profile_for
from trunkline.profiles.policy import Policy
from trunkline.profiles.profile import FORMATS, NOTHING, OPENAI_NAMES, Control, FormatFacts, Profile
from trunkline.profiles.unsupported import HOSTS, NO_FORCED_TOOL

_OPENAI_TOOL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROUTERS: Final = frozenset({
    "openrouter", "vercel_ai_gateway", "litellm_proxy", "edenai", "helicone", "github_copilot", "perplexity",
})  # fmt: skip
"""They take one setting for all makers and turn it into each maker's own."""
_BUDGET_HOSTS: Final = frozenset({"dashscope", "qwencloud", "qwen_ai_platform", "databricks", "anthropic"})
"""Hosts of OpenAI's chat format that take a budget of thinking tokens (`wire.openai_chat.knobs`)."""
SWITCH_HOSTS: Final[Mapping[str, str]] = {
    "deepseek": "enabled", "moonshot": "enabled", "zai": "enabled", "bigmodel": "enabled", "tencent": "enabled",
    "volcengine": "enabled", "minimax": "adaptive",
}  # fmt: skip
"""Hosts of OpenAI's chat format with a switch `thinking.type`, and their word for on (providers.md Table A)."""
_GROUPS: Final[Mapping[str, str]] = {
    "vertex_ai_beta": "vertex_ai", "bedrock_converse": "bedrock", "cohere_chat": "cohere", "azure_text": "azure",
}  # fmt: skip
"""Names of one and the same provider."""
UNKNOWN: Final = Profile(name="a model nobody listed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The target of one adapter."""

    provider: str
    model: str
    deployment: str
    format: Format
    policy: Policy
    profile: Profile
    facts: FormatFacts
    control: Control | None
    """How thinking is said to this model in this format; `None`: as the client says it."""
    thinks_unasked: bool
    lacks: Mapping[str, str]
    """Knob -> why it never goes to this model."""
    thinking_lacks: Mapping[str, str]
    """Knob -> why it does not go while the model thinks."""
    max_stops: int | None
    forced: str
    """Whether the model can be made to call a tool: `yes`, `not_thinking`, `no`."""
    id_rule: IdRule | None
    tool_name: re.Pattern[str] | None
    plain_reasoning: str
    """Where words of earlier reasoning go; empty: nowhere."""
    strict_chat: bool
    """The host is OpenAI's own, in one of its own formats."""

    def why(self, name: str, default: str) -> str:
        """The reason for a fact of the profile."""
        return self.profile.reasons.get(name, default)

    def lack(self, losses: Losses, knobs: Mapping[str, str]) -> None:
        """Report that knobs are left out; the path is OpenAI's name.

        Raises:
            Untranslatable: the operator wrote `drop_params: false`.
        """
        if not knobs:
            return
        if self.policy.drop_params is False:
            names = sorted(OPENAI_NAMES.get(knob, knob) for knob in knobs)
            raise Untranslatable(
                names[0],
                f"{self.provider} does not support parameters: {names}, for model={self.model}. To drop these, set "
                f"`drop_params: true` under `litellm_settings`; to send them all the same, list them in "
                f"`allowed_openai_params`",
            )
        for knob, reason in knobs.items():
            losses.add(OPENAI_NAMES.get(knob, knob), reason)


def provider_group(provider: str) -> str:
    """One name for the several that a provider has."""
    return _GROUPS.get(provider, provider)


def take_aim(*, provider: str, model: str, base_model: str, deployment: str, format: Format, policy: Policy) -> Aim:  # noqa: A002
    """Look everything up. `base_model`: what hides behind a deployment's own name; empty: the name says it."""
    named = base_model or model
    profile = _at_home(profile_for(named) or UNKNOWN, provider, format)
    facts = FORMATS[format]
    chat = format is Format.OPENAI_CHAT
    strict_chat = provider in STRICT_CHAT and (chat or format is Format.OPENAI_RESPONSES)
    lacks = dict.fromkeys(facts.lacks, f"{facts.name} has no such setting")
    lacks |= {knob: profile.reasons.get(knob, f"{profile.name} does not take it") for knob in profile.lacks}
    for host_lacks in HOSTS.get(provider, ()) if chat else ():
        lacks.setdefault(_OURS.get(host_lacks, host_lacks), f"{provider} does not take it")
    thinking_lacks = {
        knob: profile.reasons.get(knob, f"{profile.name} does not take it while it thinks")
        for knob in profile.thinking_lacks
    }
    control = _control(profile, format, provider)
    forced = "no" if provider in NO_FORCED_TOOL else profile.forced
    return Aim(
        provider=provider,
        model=model,
        deployment=deployment,
        format=format,
        policy=policy,
        profile=profile,
        facts=facts,
        control=control,
        thinks_unasked=profile.thinking is not None and profile.thinking.on,
        lacks={knob: why for knob, why in lacks.items() if not _allowed(policy, knob)},
        thinking_lacks={knob: why for knob, why in thinking_lacks.items() if not _allowed(policy, knob)},
        max_stops=_max_stops(profile, facts, chat=chat, strict=strict_chat),
        forced=forced,
        id_rule=_id_rule(format, provider, named),
        tool_name=_OPENAI_TOOL if strict_chat else facts.tool_name,
        plain_reasoning=profile.plain_reasoning if chat else "",
        strict_chat=strict_chat,
    )


def _at_home(profile: Profile, provider: str, format: Format) -> Profile:  # noqa: A002
    """The profile without the rules of a host that this is not."""
    if profile.schema == "prompt" and format is Format.OPENAI_RESPONSES:
        profile = replace(profile, schema="native")  # DeepSeek takes schemas there
    if profile.at is None or provider in profile.at:
        return profile
    return replace(
        profile,
        lacks=NOTHING,
        thinking_lacks=NOTHING,
        temperature=None,
        max_stops=None,
        forced="yes",
        schema="native",
        needs_reasoning=False,
    )


_OURS: Final = {theirs: ours for ours, theirs in OPENAI_NAMES.items()}


def _allowed(policy: Policy, knob: str) -> bool:
    return knob in policy.allowed or OPENAI_NAMES.get(knob, knob) in policy.allowed


def _max_stops(profile: Profile, facts: FormatFacts, *, chat: bool, strict: bool) -> int | None:
    if chat and not strict:
        return profile.max_stops  # hosts of the format differ, and nobody lists by how much
    if profile.max_stops is None or facts.max_stops is None:
        return profile.max_stops or facts.max_stops
    return min(profile.max_stops, facts.max_stops)


def _id_rule(format: Format, provider: str, model: str) -> IdRule | None:  # noqa: A002
    match format:
        case Format.ANTHROPIC_MESSAGES:
            return tool_ids.ANTHROPIC
        case Format.BEDROCK_CONVERSE:
            return tool_ids.BEDROCK
        case Format.OPENAI_RESPONSES:
            return tool_ids.OPENAI
        case Format.OPENAI_CHAT:
            return id_rule(provider, model) or tool_ids.OPENAI
        case Format.GEMINI | Format.COHERE_CHAT | Format.OLLAMA | Format.REPLICATE:
            return None


def _control(profile: Profile, format: Format, provider: str) -> Control | None:  # noqa: A002
    """How thinking is said in this format: many hosts have a way of their own, which only their codec knows."""
    control = profile.thinking
    if control is None or not control.settable:
        return control
    match format:
        case Format.OPENAI_CHAT:
            if provider in _ROUTERS:
                return None
            if control.budget is not None:
                return control if provider in _BUDGET_HOSTS else None
            if control.adaptive:
                return control if provider in SWITCH_HOSTS else None
            if "max" in control.efforts and provider in MAX_ON_RESPONSES_ONLY:
                return replace(control, efforts=tuple(word for word in control.efforts if word != "max"))
            return control
        case Format.ANTHROPIC_MESSAGES | Format.BEDROCK_CONVERSE:
            if profile.name.startswith("Claude") or (not control.adaptive and control.budget is None):
                return control
            return None
        case Format.OLLAMA | Format.REPLICATE:
            return None
        case Format.OPENAI_RESPONSES | Format.GEMINI | Format.COHERE_CHAT:
            return control
