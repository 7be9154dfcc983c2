"""Everything of a request that is no message and no tool: length, sampling, thinking, the form of the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.spelling import OWN, Json, Spelt, as_object, as_text, is_own, marks_of, spelt

_NUMBERS: Final = ("temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty")
_NUMBER_NAMES: Final = frozenset(_NUMBERS)
_INTEGERS: Final = {
    "seed": "seed", "random_seed": "seed", "n": "candidates", "top_logprobs": "top_logprobs",
    "max_completion_tokens": "max_tokens", "max_tokens": "max_tokens",
}  # fmt: skip
_FIRST: Final = {"random_seed": "seed", "max_tokens": "max_completion_tokens"}
"""By name, the one that counts where both are there."""
_NOT_OPENAI: Final = ("top_k", "min_p")
LENGTHS: Final = ("max_completion_tokens", "max_tokens")

SAMPLING_MEMBERS: Final = frozenset({*_NUMBERS, *_INTEGERS, "stop", "logprobs", "logit_bias"})
THINKING_MEMBERS: Final = frozenset({
    "reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget", "include_reasoning",
})  # fmt: skip


def read_sampling(members: Json, marks: list[str], quiet: Json) -> Sampling:
    """The tuning knobs; `marks` gets the names of those that have two.

    Raises:
        BadShape: one of them has the wrong type.
    """
    sampling = Sampling()
    for name, value in members.items():
        if value is None or name not in SAMPLING_MEMBERS:
            continue
        if name in _NUMBER_NAMES:
            if type(value) is not float and type(value) is not int:
                raise BadShape(name, "must be a number")
            setattr(sampling, name, value)
        elif (field := _INTEGERS.get(name)) is not None:
            whole = value if type(value) is int else _whole(name, value)
            if (first := _FIRST.get(name)) is not None and members.get(first) is not None:
                quiet[name] = whole
            else:
                setattr(sampling, field, whole)
                marks.append(name)
        elif name == "stop":
            _read_stop(value, sampling, marks)
        elif name == "logprobs":
            if not isinstance(value, bool):
                raise BadShape("logprobs", "must be a boolean")
            sampling.logprobs = value
        else:
            sampling.logit_bias = _read_bias(as_object(value, "logit_bias"))
    return sampling


def _whole(name: str, value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise BadShape(name, "must be an integer")


def _read_stop(stop: object, sampling: Sampling, marks: list[str]) -> None:
    if isinstance(stop, str):
        sampling.stop = [stop]
        marks.append("stop")
    elif isinstance(stop, list) and all(isinstance(one, str) for one in stop):
        sampling.stop = stop
    else:
        raise BadShape("stop", "must be a string or an array of strings")


def _read_bias(bias: Json) -> dict[str, float]:
    read: dict[str, float] = {}
    for token, value in bias.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadShape(f"logit_bias.{token}", "must be a number")
        read[token] = value
    return read


def write_sampling(request: Request, members: Json, losses: Losses, dialect: str) -> None:
    """The tuning knobs of a request, under the names that the client or else the host uses."""
    sampling, native = request.sampling, request.native
    own = is_own(native)
    marks = marks_of(native)
    for name in _NUMBERS:
        value = getattr(sampling, name)
        if value is None:
            continue
        if name in _NOT_OPENAI and dialect == "openai" and not own:
            losses.add(name, why.SAMPLING)
        else:
            members[name] = value
    seed = "random_seed" if dialect == "mistral" and "seed" not in marks else "seed"
    for field, names, usual in (
        ("seed", ("seed", "random_seed"), seed),
        ("max_tokens", LENGTHS, "max_tokens"),
        ("candidates", (), "n"),
        ("top_logprobs", (), "top_logprobs"),
        ("logprobs", (), "logprobs"),
        ("logit_bias", (), "logit_bias"),
    ):
        value = getattr(sampling, field)
        if value is not None:
            members[next((name for name in names if name in marks), usual)] = value
    if sampling.stop is not None:
        members["stop"] = sampling.stop[0] if "stop" in marks and len(sampling.stop) == 1 else sampling.stop


def read_thinking(members: Json) -> Thinking | None:
    """How much the model is to think, from any of the ways that hosts have for it; `None` where nobody said.

    `reasoning_effort` is OpenAI's; `reasoning` OpenRouter's (effort, max_tokens, enabled, exclude); `thinking`
    Anthropic's, DeepSeek's, Z.AI's and Moonshot's; `enable_thinking` and `thinking_budget` Alibaba's.
    """
    raw = {name: members[name] for name in THINKING_MEMBERS & members.keys() if members[name] is not None}
    if not raw:
        return None
    thinking = _read_thinking(raw)
    thinking.native = Spelt(OWN, {}, raw)
    return thinking


def _read_thinking(raw: Json) -> Thinking:
    thinking = Thinking()
    inner = raw.get("reasoning")
    if isinstance(inner, dict):
        thinking.effort = _if_text(inner.get("effort"))
        thinking.budget = _if_count(inner.get("max_tokens"))
        thinking.enabled = _if_flag(inner.get("enabled"))
        thinking.summary = _if_text(inner.get("summary"))
        exclude = _if_flag(inner.get("exclude"))
        thinking.show = None if exclude is None else not exclude
    inner = raw.get("thinking")
    if isinstance(inner, dict):
        kind = inner.get("type")
        if kind in ("enabled", "adaptive", "disabled"):
            thinking.enabled = kind != "disabled"
        budget = _if_count(inner.get("budget_tokens"))
        thinking.budget = thinking.budget if budget is None else budget
    enabled = _if_flag(raw.get("enable_thinking"))
    thinking.enabled = thinking.enabled if enabled is None else enabled
    budget = _if_count(raw.get("thinking_budget"))
    thinking.budget = thinking.budget if budget is None else budget
    show = _if_flag(raw.get("include_reasoning"))
    thinking.show = thinking.show if show is None else show
    effort = raw.get("reasoning_effort")
    if isinstance(effort, dict):  # LiteLLM takes an object with a summary here
        thinking.summary = _if_text(effort.get("summary"))
        effort = effort.get("effort")
    thinking.effort = _if_text(effort) or thinking.effort
    if thinking.effort == "none" and thinking.enabled is None:
        thinking.enabled = False
    return thinking


def _if_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _if_flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _if_count(value: object) -> int | None:
    return value if type(value) is int else None


def write_thinking(thinking: Thinking, members: Json, losses: Losses, dialect: str) -> None:
    """How much to think, as the client wrote it where that still says the same; else in the host's words."""
    native = thinking.native
    if isinstance(native, Spelt) and native.format is OWN:
        before = _read_thinking(native.quiet)
        before.native = native
        if before == thinking:
            members.update(native.quiet)
            return
    elif native is not None:
        for name in native.members:
            losses.add(f"thinking.{name}", why.SAMPLING)
    if thinking.show is not None and dialect not in _ROUTERS:
        losses.add("thinking.show", why.SHOW)
    if thinking.summary is not None:
        losses.add("thinking.summary", why.SUMMARY)
    _HOSTS.get(dialect, _write_effort)(thinking, members, losses)


BUDGETS: Final = ((1024, "minimal"), (2048, "low"), (4096, "medium"))
"""Budgets below which an effort is meant: LiteLLM's table read backwards (litellm.md section 10)."""
EFFORTS: Final = {"minimal": 1024, "low": 1024, "medium": 2048, "high": 4096, "xhigh": 8192, "max": 16384}
"""LiteLLM's budget for an effort; Anthropic takes none below 1024."""


def _effort(thinking: Thinking, losses: Losses) -> str | None:
    if thinking.effort is not None:
        return thinking.effort
    if thinking.enabled is False or thinking.budget == 0:
        return "none"
    if thinking.budget is None or thinking.budget < 0:
        return None
    losses.add("thinking.budget", why.BUDGET)
    return next((effort for most, effort in BUDGETS if thinking.budget < most), "high")


def _write_effort(thinking: Thinking, members: Json, losses: Losses) -> None:
    effort = _effort(thinking, losses)
    if effort is not None:
        members["reasoning_effort"] = effort


def _write_reasoning(thinking: Thinking, members: Json, losses: Losses) -> None:
    """OpenRouter's and Vercel's object; it takes an effort or a budget."""
    del losses
    inner: Json = {}
    if thinking.effort is not None:
        inner["effort"] = thinking.effort
    elif thinking.budget is not None and thinking.budget > 0:
        inner["max_tokens"] = thinking.budget
    elif thinking.enabled is not None:
        inner["enabled"] = thinking.enabled
    if thinking.show is False:
        inner["exclude"] = True
    if inner:
        members["reasoning"] = inner


def _write_switch(thinking: Thinking, members: Json, losses: Losses) -> None:
    """A switch `thinking.type`, and an effort beside it: DeepSeek, Moonshot."""
    off = thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0
    if off or thinking.enabled:
        members["thinking"] = {"type": "disabled" if off else "enabled"}
    effort = _effort(thinking, losses)
    if effort is not None and effort != "none" and not off:
        members["reasoning_effort"] = effort


def _write_budget(thinking: Thinking, members: Json, losses: Losses) -> None:
    """Anthropic's `thinking` with a budget: its own compatible face and Databricks."""
    del losses
    if thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0:
        members["thinking"] = {"type": "disabled"}
        return
    budget = thinking.budget if thinking.budget and thinking.budget > 0 else EFFORTS.get(thinking.effort or "")
    if budget is not None:
        members["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _write_enable(thinking: Thinking, members: Json, losses: Losses) -> None:
    """Alibaba's two members."""
    del losses
    off = thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0
    if off or thinking.enabled or thinking.effort or thinking.budget:
        members["enable_thinking"] = not off
    budget = thinking.budget if thinking.budget and thinking.budget > 0 else EFFORTS.get(thinking.effort or "")
    if budget is not None and not off:
        members["thinking_budget"] = budget


_ROUTERS: Final = frozenset({"openrouter", "vercel"})
_HOSTS: Final[dict[str, Callable[[Thinking, Json, Losses], None]]] = {
    "openrouter": _write_reasoning,
    "vercel": _write_reasoning,
    "deepseek": _write_switch,
    "moonshot": _write_switch,
    "anthropic": _write_budget,
    "databricks": _write_budget,
    "alibaba": _write_enable,
}
"""By dialect (providers.md Table A, and B11 for Databricks); all others take `reasoning_effort`."""


def read_output(members: Json) -> OutputSchema | None:
    """`response_format`; `None` where it is text, or a form that nobody else has (a grammar).

    Raises:
        BadShape: a schema that is none.
    """
    raw = members.get("response_format")
    if not isinstance(raw, dict):
        return None
    output = _read_output(raw)
    if output is not None:
        output.native = Spelt(OWN, {}, {"response_format": raw})
        inner = raw.get("json_schema")
        if isinstance(inner, dict):
            output.native.members = spelt(inner, _SCHEMA).members
    return output


_SCHEMA: Final = frozenset({"name", "description", "schema", "strict"})


def _read_output(raw: Json) -> OutputSchema | None:
    if raw.get("type") == "json_object":
        return OutputSchema()
    if raw.get("type") != "json_schema":
        return None
    path = "response_format.json_schema"
    inner = as_object(raw.get("json_schema"), path)
    schema, strict, name, text = (inner.get(key) for key in ("schema", "strict", "name", "description"))
    if strict is not None and not isinstance(strict, bool):
        raise BadShape(f"{path}.strict", "must be a boolean")
    return OutputSchema(
        schema={} if schema is None else as_object(schema, f"{path}.schema"),
        name="" if name is None else as_text(name, f"{path}.name"),
        description="" if text is None else as_text(text, f"{path}.description"),
        strict=strict,
    )


def write_output(output: OutputSchema, members: Json, losses: Losses) -> None:
    """`response_format`."""
    native = output.native
    if isinstance(native, Spelt) and native.format is OWN:
        raw = native.quiet.get("response_format")
        before = _read_output(raw) if isinstance(raw, dict) else None
        if before is not None:
            before.native = native
            if before == output:
                members["response_format"] = raw
                return
    elif native is not None:
        for name in native.members:
            losses.add(f"response_format.{name}", why.SAMPLING)
    if output.schema is None:
        members["response_format"] = {"type": "json_object"}
        return
    inner: Json = {"name": output.name or "response", "schema": output.schema}
    if output.description:
        inner["description"] = output.description
    if output.strict is not None:
        inner["strict"] = output.strict
    members["response_format"] = {"type": "json_schema", "json_schema": inner}
