"""What stands outside Converse's common body: thinking, `top_k`, the switch for parallel calls, output schemas.

The first three are `additionalModelRequestFields`, which each model family has in its own words (providers.md B6,
"Reasoning"). What a client of this format wrote is kept beside what it means, and goes back as it was as long as it
still means that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, assert_never

from msgspec.structs import replace

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.request import OutputSchema, Request, Thinking
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.families import Family, family, takes_parallel_switch, thinks_adaptively
from trunkline.wire.bedrock_converse.shape import Members, json_text, parsed, unknown, without
from trunkline.wire.bedrock_converse.spelling import kept, merged, report, spelling

MIN_BUDGET: Final = 1024
"""Claude's least budget of thinking, in tokens."""
_BUDGETS: Final = {
    "minimal": 1024, "low": 1024, "medium": 2048, "high": 4096, "xhigh": 8192, "max": 16384,
}  # fmt: skip
"""Effort as a budget, for Claude before 4.6: LiteLLM's table (providers.md B1)."""
_LEVELS: Final = ("low", "medium", "high")
_NEAREST: Final = {"none": "low", "minimal": "low", "xhigh": "high", "max": "high"}
_DISPLAYS: Final = {"summarized": True, "omitted": False}
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


class Found:
    """What `additionalModelRequestFields` and `outputConfig` said that the representation knows."""

    __slots__ = ("fields", "output", "parallel", "thinking", "top_k", "top_k_place")

    def __init__(self, fields: Members, output: Members) -> None:
        """`fields`, `output`: the objects; what is understood is taken out of copies of them."""
        self.fields = dict(fields)
        self.output = dict(output)
        self.top_k: float | None = None
        self.top_k_place = ""
        self.parallel: bool | None = None
        self.thinking: Thinking | None = None
        self._take_top_k()
        self._take_parallel()
        self._take_thinking()

    def _take_top_k(self) -> None:
        for name in ("top_k", "topK", "k"):
            value = _number(self.fields.get(name))
            if value is not None:
                del self.fields[name]
                self.top_k, self.top_k_place = value, name
                return
        match self.fields.get("inferenceConfig"):
            case {"topK": written, **rest} if (value := _number(written)) is not None:
                self.top_k, self.top_k_place = value, "inferenceConfig"
                if rest:
                    self.fields["inferenceConfig"] = rest
                else:
                    del self.fields["inferenceConfig"]
            case _:
                pass

    def _take_parallel(self) -> None:
        match self.fields.get("tool_choice"):
            case {"type": "auto", "disable_parallel_tool_use": bool() as off, **rest} if not rest:
                del self.fields["tool_choice"]
                self.parallel = not off
            case _:
                pass

    def _take_thinking(self) -> None:
        taken: Members = {}
        for name in ("thinking", "reasoning_config", "reasoningConfig", "reasoning_effort", "reasoning"):
            if name in self.fields:
                taken[name] = self.fields[name]
        match self.fields.get("output_config"):
            case {"effort": str() as effort}:
                taken["output_config"] = {"effort": effort}
            case _:
                pass
        written = self.output.get("effort")
        top: Members = {"effort": written} if isinstance(written, str) else {}
        thinking = read_thinking(taken, top)
        if thinking is None:
            return
        for name in taken:
            value = self.fields.pop(name)
            if name == "output_config" and isinstance(value, dict) and len(value) > 1:
                self.fields[name] = without(value, "effort")
        if top:
            del self.output["effort"]
        self.thinking = replace(thinking, native=kept({}, {"fields": taken, "output": top}))


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def read_thinking(fields: Mapping[str, object], output: Mapping[str, object]) -> Thinking | None:
    """What the fields of thinking mean; `None` where they are none, or say more than we know."""
    thinking = Thinking()
    for name, value in fields.items():
        match name, value:
            case (("thinking" | "reasoning_config" | "reasoningConfig"), dict()):
                if not _read_switch(value, thinking):
                    return None
            case "reasoning_effort", str():
                thinking.effort = value
            case (("output_config" | "reasoning"), {"effort": str() as word, **rest}) if not rest:
                thinking.effort = word
            case _:
                return None
    effort = output.get("effort")
    if isinstance(effort, str):
        thinking.effort = effort
    return thinking if thinking != Thinking() else None


def _read_switch(value: Members, thinking: Thinking) -> bool:
    """Claude's `thinking` and Nova's `reasoningConfig`; false where they hold what we do not know."""
    for name, inner in value.items():
        match name, inner:
            case "type", ("enabled" | "adaptive"):
                thinking.enabled = True
            case "type", "disabled":
                thinking.enabled = False
            case "budget_tokens", int() if not isinstance(inner, bool):
                thinking.budget = inner
            case "maxReasoningEffort", str():
                thinking.effort = inner
            case "display", ("summarized" | "omitted"):
                thinking.show = _DISPLAYS[inner]
            case _:
                return False
    return True


def encode_thinking(request: Request, losses: Losses) -> tuple[Members, Members]:
    """The fields that say how much to think, and `outputConfig`'s part of it."""
    thinking = request.thinking
    if thinking is None:
        return {}, {}
    mark = spelling(thinking.native)
    fields, output = mark.get("fields"), mark.get("output")
    meant = replace(thinking, native=None)
    if isinstance(fields, dict) and isinstance(output, dict) and read_thinking(fields, output) == meant:
        return fields, output
    report(thinking.native, losses, "thinking")
    if meant == Thinking():
        return {}, {}
    match family(request.model):
        case Family.CLAUDE:
            found = _claude(request, meant, losses)
        case Family.NOVA_2:
            found = _nova(meant, losses)
        case Family.EFFORT | Family.GPT:
            found = _effort(request, meant, losses)
        case Family.NOVA | Family.MISTRAL | Family.COHERE | Family.OTHER | Family.UNKNOWN:
            if meant.enabled or meant.effort not in (None, "none") or meant.budget:
                losses.add("thinking", words.THINKING)
            return {}, {}
        case never:
            assert_never(never)
    return found, {}


def _is_off(thinking: Thinking) -> bool:
    return thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0


def _claude(request: Request, thinking: Thinking, losses: Losses) -> Members:
    if _is_off(thinking):
        return {"thinking": {"type": "disabled"}}
    if thinking.summary is not None:
        losses.add("thinking.summary", words.THINKING_SHOW)
    if thinks_adaptively(request.model) and (thinking.budget is None or thinking.budget < 0):
        switch: Members = {"type": "adaptive"}
        if thinking.show is not None:
            switch["display"] = "summarized" if thinking.show else "omitted"
        found: Members = {"thinking": switch}
        if thinking.effort is not None:
            effort = "low" if thinking.effort == "minimal" else thinking.effort
            if effort != thinking.effort:
                losses.add("thinking.effort", words.THINKING_CHANGED)
            found["output_config"] = {"effort": effort}
        return found
    if thinking.show is False:
        losses.add("thinking.show", words.THINKING_SHOW)
    wanted = thinking.budget
    if wanted is None or wanted < 0:
        wanted = _BUDGETS.get(thinking.effort or "medium", _BUDGETS["medium"])
    budget = max(wanted, MIN_BUDGET)
    room = request.sampling.max_tokens
    if room is not None and budget >= room:
        budget = room - 1
        if budget < MIN_BUDGET:
            losses.add("thinking", words.THINKING_NO_ROOM)
            return {}
    if budget != thinking.budget and thinking.budget is not None:
        losses.add("thinking.budget", words.THINKING_CHANGED)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _level(thinking: Thinking, losses: Losses) -> str:
    """`low`, `medium` or `high`."""
    effort = thinking.effort
    if effort is None:
        budget = thinking.budget
        if budget is None or budget < 0:
            return "medium"
        losses.add("thinking.budget", words.THINKING_CHANGED)
        return next((level for level in _LEVELS if budget <= _BUDGETS[level]), "high")
    if effort in _NEAREST:
        losses.add("thinking.effort", words.THINKING_CHANGED)
        return _NEAREST[effort]
    return effort


def _nova(thinking: Thinking, losses: Losses) -> Members:
    if _is_off(thinking):
        return {"reasoningConfig": {"type": "disabled"}}
    if thinking.show is False or thinking.summary is not None:
        losses.add("thinking.show", words.THINKING_SHOW)
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _level(thinking, losses)}}


def _effort(request: Request, thinking: Thinking, losses: Losses) -> Members:
    if thinking.show is not None or thinking.summary is not None:
        losses.add("thinking.show", words.THINKING_SHOW)
    if family(request.model) is Family.GPT:
        effort = "none" if _is_off(thinking) else thinking.effort or _level(thinking, losses)
        return {"reasoning": {"effort": effort}}
    if _is_off(thinking):
        losses.add("thinking", words.THINKING_CHANGED)
        return {"reasoning_effort": "low"}
    return {"reasoning_effort": _level(thinking, losses)}


def encode_top_k(request: Request, place: object, losses: Losses) -> Members:
    """`top_k` where the model has it. `place`: where the client of this format wrote it."""
    top_k = request.sampling.top_k
    if top_k is None:
        return {}
    if place == "inferenceConfig":
        return {"inferenceConfig": {"topK": top_k}}
    if isinstance(place, str) and place:
        return {place: top_k}
    match family(request.model):
        case Family.CLAUDE | Family.MISTRAL:
            return {"top_k": top_k}
        case Family.NOVA | Family.NOVA_2:
            return {"inferenceConfig": {"topK": top_k}}
        case Family.COHERE:
            return {"k": top_k}
        case Family.GPT | Family.EFFORT | Family.OTHER | Family.UNKNOWN:
            losses.add("top_k", words.TOP_K)
            return {}
        case never:
            assert_never(never)


def encode_parallel(request: Request, *, spelled: bool, forced: bool, losses: Losses) -> Members:
    """The switch for parallel calls; with a forced choice Claude's own field and `toolChoice` would contradict."""
    wanted = request.parallel_tools
    if wanted is None or (wanted and not spelled):
        return {}
    if spelled or (takes_parallel_switch(request.model) and not forced and request.tools):
        return {"tool_choice": {"type": "auto", "disable_parallel_tool_use": not wanted}}
    if request.tools:
        losses.add("parallel_tools", words.PARALLEL)
    return {}


def decode_output(output: Members) -> tuple[OutputSchema | None, Members]:
    """The schema that `outputConfig` asks for, and what else it holds.

    Raises:
        BadShape: the schema is no JSON object.
    """
    match output.get("textFormat"):
        case {"type": "json_schema", "structure": {"jsonSchema": {"schema": str() as text} as inner, **two}, **one} if (
            not one and not two
        ):
            try:
                schema = parsed(text)
            except ValueError as error:
                raise BadShape(_SCHEMA, f"must be the JSON text of an object: {error}") from None
            if not isinstance(schema, dict):
                raise BadShape(_SCHEMA, "must be the JSON text of an object")
            name, description = inner.get("name"), inner.get("description")
            found = OutputSchema(
                schema=schema,
                name=name if isinstance(name, str) else "",
                description=description if isinstance(description, str) else "",
                native=kept(
                    unknown(inner, "schema", "name", "description"),
                    {"schema": text, **{key: "" for key in ("name", "description") if inner.get(key) == ""}},
                ),
            )
            return found, without(output, "textFormat")
        case _:
            return None, output


_SCHEMA: Final = "outputConfig.textFormat.structure.jsonSchema.schema"


def encode_output(output: OutputSchema | None, losses: Losses, *, own: bool) -> Members:
    """`outputConfig` for a schema.

    Raises:
        Untranslatable: JSON is asked for without a schema.
    """
    if output is None:
        return {}
    if output.schema is None:
        raise losses.refuse("output", words.SCHEMA_MISSING)
    mark = spelling(output.native)
    text = mark.get("schema")
    if not isinstance(text, str) or parsed(text) != output.schema:
        text = json_text(output.schema)
    inner: Members = {"schema": text}
    if output.name or "name" in mark:
        if own or _NAME.fullmatch(output.name):
            inner["name"] = output.name
        else:
            losses.add("output.name", words.SCHEMA_NAME)
    if output.description or "description" in mark:
        inner["description"] = output.description
    if output.strict is False:
        losses.add("output.strict", words.SCHEMA_STRICT)
    report(output.native, losses, "output")
    if own and output.native is not None:
        inner = merged(output.native.members, inner)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": inner}}}
