"""How much to think: effort, budget, level, adaptive, switch; each said in the words of the model that gets it.

Effort and budget are turned into each other by LiteLLM's table (litellm.md section 10). A word that the model does not
have becomes the nearest that it has; between two, the one nearer to `high`, as DeepSeek does it for its own.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Native, Reasoning, ToolResult
from trunkline.ir.request import Request, Thinking
from trunkline.profiles.aim import SWITCH_HOSTS, Aim
from trunkline.profiles.opaque import readable
from trunkline.profiles.profile import Control

BUDGETS: Final = {"minimal": 128, "low": 1024, "medium": 2048, "high": 4096, "xhigh": 8192, "max": 16_384}
"""Tokens; what is below a model's least is raised to it (Claude's 1024, Gemini 2.5 Flash-Lite's 512)."""
_ORDER: Final = ("minimal", "low", "medium", "high", "xhigh", "max")
_SAME: Final = {"disable": "none", "disabled": "none", "off": "none", "ultra": "max"}
_OWN_WORDS: Final = "the provider's own word for an effort, which this model does not have"


def is_off(thinking: Thinking) -> bool:
    """No thinking is asked for."""
    effort = _SAME.get(thinking.effort or "", thinking.effort)
    return effort == "none" or (effort is None and (thinking.enabled is False or thinking.budget == 0))


def is_asked(thinking: Thinking | None) -> bool:
    """Thinking is asked for."""
    return (
        thinking is not None and not is_off(thinking) and bool(thinking.enabled or thinking.effort or thinking.budget)
    )


def nearest(word: str, words: tuple[str, ...]) -> str:
    """The word of `words` that is nearest to `word`; both are words of `ir.Effort`."""
    place, high = _ORDER.index(word), _ORDER.index("high")
    known = [one for one in words if one in _ORDER]
    return min(known, key=lambda one: (abs(_ORDER.index(one) - place), abs(_ORDER.index(one) - high)))


def effort_for(budget: int) -> str:
    """The effort that a budget is meant as: the least that is enough for it."""
    return next((word for word in _ORDER if budget <= BUDGETS[word]), "max")


def fit_thinking(request: Request, aim: Aim, losses: Losses) -> tuple[Thinking | None, bool]:
    """The thinking as the model takes it, and whether it will think.

    Raises:
        Untranslatable: it cannot think and that must be refused.
    """
    thinking, control = request.thinking, aim.control
    if thinking is None:
        # On Responses the state of the thinking comes back only where thinking is mentioned.
        mentioned = aim.format is Format.OPENAI_RESPONSES and aim.thinks_unasked
        return (Thinking() if mentioned else None), aim.thinks_unasked
    native = thinking.native
    if control is None or (native is not None and native.format is aim.format and native.members):
        return thinking, is_asked(thinking) or (aim.thinks_unasked and not is_off(thinking))
    if not control.settable:
        return _unsettable(thinking, control, aim, losses)
    if is_off(thinking):
        return _stopped(thinking, control, aim, losses)
    if not is_asked(thinking):
        return thinking, control.on
    if _effort_alone(request, thinking, aim):
        return _beside(thinking, control, losses), control.on
    asked = replace(thinking, effort=_SAME.get(thinking.effort or "", thinking.effort))
    fitted = _started(asked, control, aim, losses)
    fitted = _shown(request, fitted, aim)
    return fitted, True


def _client(request: Request, thinking: Thinking) -> Format | None:
    came = thinking.native or request.native
    return None if came is None else came.format


def _effort_alone(request: Request, thinking: Thinking, aim: Aim) -> bool:
    """A client of Anthropic's format gave an effort and no `thinking`: there it holds for the answer, and switches
    nothing on.
    """
    return (
        _counts_inside(aim)
        and thinking.enabled is None
        and thinking.budget is None
        and _client(request, thinking) is Format.ANTHROPIC_MESSAGES
    )


def _beside(thinking: Thinking, control: Control, losses: Losses) -> Thinking | None:
    if control.efforts and thinking.effort is not None:
        return replace(thinking, effort=_word(thinking.effort, control, losses))
    losses.add("output_config.effort", "this model has no effort")
    return None


def _unsettable(thinking: Thinking, control: Control, aim: Aim, losses: Losses) -> tuple[None, bool]:
    if control.on:
        if is_off(thinking):
            losses.add("reasoning_effort", aim.why("thinking", "this model always thinks"))
        elif thinking.effort is not None or thinking.budget is not None:
            losses.add("reasoning_effort", "this model thinks as much as it likes")
    elif is_asked(thinking):
        aim.lack(losses, {"thinking": aim.why("thinking", "this model does not think")})
    return None, control.on


def _stopped(thinking: Thinking, control: Control, aim: Aim, losses: Losses) -> tuple[Thinking | None, bool]:
    """As little thinking as the model can be brought to."""
    if control.can_stop:
        if not control.on and not control.none_word:
            # Nothing to stop; the switch is said all the same where the client's format said it.
            return (None if control.budget is None and not control.adaptive else _off(thinking, control, aim)), False
        if control.none_word or control.adaptive or control.budget is not None:
            return _off(thinking, control, aim), False
    if control.off_type and aim.format is Format.ANTHROPIC_MESSAGES:
        losses.add("thinking", f"this model always thinks; `{control.off_type}` is the least")
        return Thinking(enabled=False, native=Native(aim.format, {"type": control.off_type})), True
    losses.add("reasoning_effort", aim.why("thinking", "this model always thinks") + "; the least was sent")
    show = False if aim.facts.can_show else None
    if control.efforts:
        on = True if control.adaptive else None
        return replace(thinking, enabled=on, effort=control.efforts[0], budget=None, show=show, summary=None), True
    assert control.budget is not None
    return replace(thinking, enabled=None, effort=None, budget=control.budget[0], show=show, summary=None), True


def _off(thinking: Thinking, control: Control, aim: Aim) -> Thinking:
    effort = "none" if control.none_word else None
    budget = 0 if control.budget is not None and not control.adaptive else None
    return _switch(replace(thinking, enabled=False, effort=effort, budget=budget, show=None, summary=None), aim)


def _switch(thinking: Thinking, aim: Aim) -> Thinking:
    """With the host's own switch, where the codec of OpenAI's chat format does not know it."""
    on = SWITCH_HOSTS.get(aim.provider)
    if aim.format is not Format.OPENAI_CHAT or on is None or aim.provider in ("deepseek", "moonshot"):
        return thinking
    from trunkline.wire.openai_chat.spelling import Spelt

    quiet: dict[str, object] = {"thinking": {"type": "disabled" if thinking.enabled is False else on}}
    if thinking.effort is not None and thinking.enabled is not False:
        quiet["reasoning_effort"] = thinking.effort
    effort = None if thinking.enabled is False else thinking.effort
    return Thinking(enabled=thinking.enabled, effort=effort, native=Spelt(aim.format, {}, quiet))


def _started(thinking: Thinking, control: Control, aim: Aim, losses: Losses) -> Thinking:
    budget = thinking.budget if thinking.budget is not None and thinking.budget != 0 else None
    effort = thinking.effort
    if control.budget is not None and (budget is not None or not control.efforts):
        return _budgeted(thinking, budget, control, losses)
    if effort is None and budget is not None and budget > 0:
        effort = effort_for(budget)
        losses.add("thinking.budget", "the model takes an effort instead of a budget; the nearest was sent")
    if effort is not None and control.efforts:
        effort = _word(effort, control, losses)
    elif effort is not None:
        losses.add("reasoning_effort", "the model's thinking is switched on and off, without an effort")
        effort = None
    if effort is None and control.efforts and not control.on and not control.adaptive:
        effort = nearest("medium", control.efforts)  # else it would not think
    return _switch(replace(thinking, enabled=control.adaptive or None, effort=effort, budget=None), aim)


def _word(effort: str, control: Control, losses: Losses) -> str | None:
    if effort in control.efforts:
        return effort
    if effort not in _ORDER:
        losses.add("reasoning_effort", _OWN_WORDS)
        return None
    found = nearest(effort, control.efforts)
    losses.add("reasoning_effort", f"the model has no effort `{effort}`; `{found}` was sent")
    return found


def _budgeted(thinking: Thinking, budget: int | None, control: Control, losses: Losses) -> Thinking:
    assert control.budget is not None
    least, most = control.budget
    wanted = budget
    if wanted is None:
        effort = thinking.effort
        if effort is not None and effort not in BUDGETS:
            losses.add("reasoning_effort", _OWN_WORDS)
            effort = None
        if effort is None and control.dynamic:
            wanted = -1
        elif effort == "minimal" and control.dynamic:
            wanted = least  # LiteLLM: 1 for Gemini 2.5 Flash, 128 for Pro, 512 for Flash-Lite
        else:
            wanted = BUDGETS[effort or "medium"]
    if wanted < 0 and not control.dynamic:
        losses.add("thinking.budget", "the model takes no budget without bounds; a medium one was sent")
        wanted = BUDGETS["medium"]
    if wanted >= 0:
        fitted = min(max(wanted, least), most)
        if fitted != wanted and budget is not None:
            losses.add("thinking.budget", f"the model's budget goes from {least} to {most} tokens")
        wanted = fitted
    return replace(thinking, enabled=True, effort=None, budget=wanted)


def _shown(request: Request, thinking: Thinking, aim: Aim) -> Thinking:
    """Ask for the thinking to be shown, where the client's format shows it and has no switch for it.

    OpenAI gives summaries to verified organisations only and answers 400 to the others, so there it is asked for where
    the client's own words ask for it.
    """
    if not aim.facts.can_show or thinking.show is not None:
        return thinking
    client = _client(request, thinking)
    if client is aim.format or client is Format.OPENAI_RESPONSES:
        return thinking
    if aim.format is Format.OPENAI_RESPONSES and client not in (Format.ANTHROPIC_MESSAGES, Format.BEDROCK_CONVERSE):
        return thinking
    return replace(thinking, show=True)


def fit_room(
    request: Request, thinking: Thinking | None, limit: int | None, aim: Aim, losses: Losses
) -> tuple[Thinking | None, int | None]:
    """Thinking and `max_tokens` that go together: Claude wants its budget below the limit (providers.md B1).

    `limit`: what is sent as `max_tokens`; `None`: nothing.
    """
    if thinking is None or thinking.budget is None or thinking.budget < 0 or not _counts_inside(aim):
        return thinking, limit
    budget, given = thinking.budget, request.sampling.max_tokens
    if limit is None or budget < limit:
        return thinking, limit
    if given is None or aim.policy.modify_params:
        most = aim.profile.max_output
        raised = limit + budget if most is None else min(limit + budget, most)
        if raised > budget:
            if given is not None:
                losses.add("max_tokens", "raised above the budget of thinking, which lies inside it")
            return thinking, raised
    least = aim.control.budget[0] if aim.control is not None and aim.control.budget is not None else 0
    if limit - 1 < least:
        losses.add("thinking", f"`max_tokens` leaves no room for the {least} tokens that thinking needs")
        return replace(thinking, enabled=False, effort=None, budget=None, show=None, summary=None), limit
    losses.add("thinking.budget", "lowered below `max_tokens`, which it lies inside")
    return replace(thinking, budget=limit - 1), limit


def _counts_inside(aim: Aim) -> bool:
    return aim.profile.name.startswith("Claude")


def breaks_history(request: Request, aim: Aim) -> bool:
    """Claude on a budget refuses to go on with a turn whose tool calls have no thinking before them."""
    thinking, control, messages = request.thinking, aim.control, request.messages
    if not _counts_inside(aim) or control is None or control.budget is None or thinking is None:
        return False
    if control.adaptive and not thinking.budget:
        return False
    if not messages or not any(isinstance(part, ToolResult) for part in messages[-1].parts):
        return False
    turn = next((message for message in reversed(messages) if message.role == "assistant"), None)
    return turn is not None and not any(
        isinstance(part, Reasoning) and part.opaque is not None and readable(part.opaque, aim) for part in turn.parts
    )
