"""`generationConfig`: the tuning knobs, thinking, what the answer may be made of, and its schema."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native
from trunkline.ir.request import OutputSchema, Request, Sampling, Thinking
from trunkline.wire.codec import Members
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.form import Form, is_list, is_number, is_object, left, note, restore, spelled
from trunkline.wire.gemini.schema import from_gemini_schema, to_gemini_schema

JSON: Final = "application/json"

_NUMBERS: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
_COUNTS: Final = {
    "maxOutputTokens": "max_tokens",
    "candidateCount": "candidates",
    "seed": "seed",
    "logprobs": "top_logprobs",
}
_LEVELS: Final = frozenset({"minimal", "low", "medium", "high"})
_SCHEMAS: Final = ("responseJsonSchema", "responseSchema")


class Config(msgspec.Struct, kw_only=True):
    """What a `generationConfig` says."""

    sampling: Sampling
    thinking: Thinking | None = None
    output: OutputSchema | None = None
    modalities: list[str] | None = None
    rest: Members
    spelled: dict[str, tuple[object, object]]
    """Member: as it would be written, and as it was."""


_NOTHING: Final = object()


def decode_config(raw: Members, path: str) -> Config:
    """Read a `generationConfig`.

    Raises:
        BadShape: a knob has a value of the wrong type.
    """
    known = {name for name, value in raw.items() if value is not None}
    values: dict[str, object] = {}
    for name, field in _NUMBERS.items():
        if name in known:
            values[field] = _number(raw[name], f"{path}.{name}")
    for name, field in _COUNTS.items():
        if name in known:
            values[field] = _count(raw[name], f"{path}.{name}")
    top_k = values.get("top_k")
    if isinstance(top_k, float) and top_k.is_integer():
        values["top_k"] = int(top_k)  # Google's field is a float, everybody else's is none
    if "responseLogprobs" in known:
        if not isinstance(raw["responseLogprobs"], bool):
            raise BadShape(f"{path}.responseLogprobs", "must be true or false")
        values["logprobs"] = raw["responseLogprobs"]
    if "stopSequences" in known:
        values["stop"] = _texts(raw["stopSequences"], f"{path}.stopSequences")
    taken = {*_NUMBERS, *_COUNTS, "responseLogprobs", "stopSequences"} & known
    thinking, modalities = None, None
    if is_object(given := raw.get("thinkingConfig")):
        thinking = _thinking(given)
        taken.add("thinkingConfig")
    words = raw.get("responseModalities")
    if is_list(words) and all(isinstance(word, str) for word in words):  # as numbers they stay what they are
        modalities = [word.lower() for word in words if isinstance(word, str)]
        taken.add("responseModalities")
    output, used = _output(raw)
    config = Config(
        sampling=replace(Sampling(), **values),
        thinking=thinking,
        output=output,
        modalities=modalities,
        rest=left(raw, taken | used),
        spelled={},
    )
    written: Members = {}
    _write(written, config.sampling, thinking, output, modalities, Losses(), openapi=False)
    for name in taken | used | written.keys():
        own, was = written.get(name, _NOTHING), raw.get(name, _NOTHING)
        if own != was or type(own) is not type(was):  # 3 and 3.0 are equal
            config.spelled[name] = (own, was)
    return config


def encode_config(request: Request, losses: Losses, *, openapi: bool) -> Members:
    """Write a `generationConfig`; empty where there is nothing to say.

    Raises:
        Untranslatable: the output schema cannot be expressed.
    """
    out: Members = {}
    _write(out, request.sampling, request.thinking, request.output, request.modalities, losses, openapi=openapi)
    was = spelled(request.native, "config")
    if isinstance(was, dict):
        for name, (written, own) in was.items():
            if out.get(name, _NOTHING) == written:
                if own is _NOTHING:
                    out.pop(name, None)
                else:
                    out[name] = own
    sampling = request.sampling
    if sampling.min_p is not None:
        losses.add("min_p", why.MIN_P)
    if sampling.logit_bias:
        losses.add("logit_bias", why.LOGIT_BIAS)
    return out


def _write(
    out: Members,
    sampling: Sampling,
    thinking: Thinking | None,
    output: OutputSchema | None,
    modalities: list[str] | None,
    losses: Losses,
    *,
    openapi: bool,
) -> None:
    for table in (_NUMBERS, _COUNTS):
        for name, field in table.items():
            if (value := getattr(sampling, field)) is not None:
                out[name] = value
    if sampling.stop is not None:
        out["stopSequences"] = sampling.stop
    if sampling.logprobs is not None:
        out["responseLogprobs"] = sampling.logprobs
    if modalities is not None:
        out["responseModalities"] = [word.upper() for word in modalities]
    if thinking is not None and (config := _thinking_config(thinking, losses)) is not None:
        out["thinkingConfig"] = config
    if output is not None:
        _write_output(out, output, losses, openapi=openapi)


def _number(value: object, path: str) -> float:
    if is_number(value):
        return value
    raise BadShape(path, "must be a number")


def _count(value: object, path: str) -> int:
    if is_number(value) and value == int(value):
        return int(value)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:  # protobuf reads integers from text too
        return int(value)
    raise BadShape(path, "must be an integer")


def _texts(value: object, path: str) -> list[str]:
    if is_list(value) and all(isinstance(item, str) for item in value):
        return [item for item in value if isinstance(item, str)]
    raise BadShape(path, "must be a list of strings")


def _thinking(raw: Members) -> Thinking:
    taken = set()
    level, budget, show = raw.get("thinkingLevel"), raw.get("thinkingBudget"), raw.get("includeThoughts")
    thinking = Thinking()
    if isinstance(level, str):
        thinking.effort = level.lower()
        taken.add("thinkingLevel")
    if is_number(budget) and budget == int(budget):
        thinking.budget = int(budget)
        thinking.enabled = False if budget == 0 else None
        taken.add("thinkingBudget")
    if isinstance(show, bool):
        thinking.show = show
        taken.add("includeThoughts")
    thinking.native = Form(Format.GEMINI, left(raw, taken))
    return thinking


def _thinking_config(thinking: Thinking, losses: Losses) -> Members | None:
    out: Members = {}
    ours = isinstance(thinking.native, Form)
    effort, budget = thinking.effort, thinking.budget
    if not ours:
        if effort == "none" or (thinking.enabled is False and effort is None and budget is None):
            effort, budget = None, 0
        elif effort in ("xhigh", "max"):
            losses.add("thinking.effort", why.EFFORT)
            effort = "high"
        if effort is not None and budget is not None:
            losses.add("thinking.budget", why.BUDGET)
            budget = None
    if effort is not None:
        out["thinkingLevel"] = effort
    if budget is not None:
        out["thinkingBudget"] = budget
    show = thinking.show
    if show is None and not ours and (thinking.summary or thinking.enabled):
        show = True
    if thinking.summary in ("concise", "detailed"):
        losses.add("thinking.summary", why.SUMMARY_STYLE)
    if show is not None:
        out["includeThoughts"] = show
    restore(out, thinking.native, losses, "thinking")
    return out if out or ours else None


def _output(raw: Members) -> tuple[OutputSchema | None, set[str]]:
    """What is asked of the answer's form, and the names that say it."""
    mime = raw.get("responseMimeType")
    if mime not in (None, JSON):
        return None, set()
    name = next((name for name in _SCHEMAS if is_object(raw.get(name))), "")
    how: dict[str, object] = {}
    if mime is None:
        if not name:
            return None, set()
        how["mime"] = False
    used = {"responseMimeType"} if mime == JSON else set[str]()
    if not name:
        return OutputSchema(native=note({}, how)), used
    given = raw[name]
    assert is_object(given)
    made = given if name == "responseJsonSchema" else from_gemini_schema(given)
    how["schema"] = Written(name=name, raw=given, made=made)
    return OutputSchema(schema=made, native=note({}, how)), used | {name}


class Written(msgspec.Struct, kw_only=True):
    """A schema as it came, to be sent again for as long as `made` is what the request holds."""

    name: str
    raw: Members
    made: Members


def written(native: Native | None, schema: Members | None) -> Written | None:
    """The schema's own writing, where nobody has put another one in its place."""
    was = spelled(native, "schema")
    return was if isinstance(was, Written) and (was.made is schema or was.made == schema) else None


def _write_output(out: Members, output: OutputSchema, losses: Losses, *, openapi: bool) -> None:
    native = output.native
    if spelled(native, "mime") is not False:
        out["responseMimeType"] = JSON
    schema = output.schema
    if was := written(native, schema):
        out[was.name] = was.raw
    elif schema is not None:
        if output.description and "description" not in schema:
            schema = {**schema, "description": output.description}
        if openapi:
            out["responseSchema"], dropped = to_gemini_schema(schema, "output.schema")
            for keyword in dropped:
                losses.add(f"output.schema.{keyword}", why.SCHEMA_KEYWORDS)
        else:
            out["responseJsonSchema"] = schema
    restore({}, native, losses, "output")
