"""Thinking and the shape of the output, in both directions.

Anthropic has three knobs: `thinking` (`enabled` with a budget up to Claude 4.6, `adaptive` from 4.6 on, `disabled`,
`between_tools`), its `display`, and `output_config.effort`. Which of them a model takes is its profile's business.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.request import OutputSchema, Thinking
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.shape import OWN, Kept, an_object, kept, restore, under
from trunkline.wire.codec import Members

_FORMAT: Final = frozenset({"type", "schema"})


def read_thinking(value: Members, effort: str | None) -> Thinking:
    """`thinking` and the effort.

    Raises:
        BadShape: the budget is no whole number.
    """
    kind, budget, display = value.get("type"), value.get("budget_tokens"), value.get("display")
    known = {"type", "budget_tokens"}
    if budget is not None and (not isinstance(budget, int) or isinstance(budget, bool)):
        raise BadShape("thinking.budget_tokens", "must be a whole number")
    thinking = Thinking(effort=effort)
    if kind == "enabled":
        thinking.enabled, thinking.budget = True, budget
        if budget is None or budget <= 0:
            known = set()  # hosts of this format take it without a budget; it is not `adaptive`
    elif kind == "adaptive":
        thinking.enabled = True
        known = {"type"}
    elif kind in ("disabled", "between_tools"):
        thinking.enabled = False
        known = {"type"} if kind == "disabled" else set()
    else:
        known = set()
    if display in ("summarized", "omitted"):
        thinking.show = display == "summarized"
        known.add("display")
    thinking.native = kept(value, known)
    return thinking


def write_thinking(thinking: Thinking, losses: Losses, *, own: bool) -> tuple[Members | None, str | None]:
    """`thinking` and `output_config.effort`, each `None` where there is nothing to say."""
    effort, native = thinking.effort, thinking.native
    show = True if thinking.show is None and thinking.summary else thinking.show
    if thinking.summary in ("concise", "detailed"):
        losses.add("thinking.summary", why.ONE_SUMMARY)
    if effort == "minimal" and not own:
        losses.add("thinking.effort", why.MINIMAL_EFFORT)
        effort = "low"
    off = thinking.enabled is False or thinking.budget == 0 or (effort == "none" and not own)
    effort = None if effort == "none" and not own else effort
    written: Members = {}
    if native is not None and native.format is OWN and "type" in native.members:
        written["type"] = native.members["type"]
    elif off:
        written["type"] = "disabled"
    elif thinking.budget is not None and thinking.budget > 0:
        written["type"] = "enabled"
        written["budget_tokens"] = thinking.budget
    elif thinking.enabled or thinking.budget is not None or show:
        written["type"] = "adaptive"
    if show is not None and written and not off:
        written["display"] = "summarized" if show else "omitted"
    restore(written, native, losses, "thinking")
    return written or None, effort


def read_output(value: Members, path: str, place: str = "") -> OutputSchema | None:
    """A format of the answer; `None` where its type is not known here.

    Raises:
        BadShape: it has no schema.
    """
    if value.get("type") != "json_schema":
        return None
    schema = an_object(value.get("schema"), path, "schema")
    return OutputSchema(schema=schema, native=kept(value, _FORMAT, place=place))


def write_output(output: OutputSchema, losses: Losses) -> tuple[str, Members | None]:
    """Where the format belongs (`output_config` or `output_format`), and the format itself.

    A name is a label that OpenAI asks for and nothing reads. A description guides the model, so it goes into the
    schema. Anthropic always holds to the schema, so `strict` needs no place.
    """
    native = output.native
    if output.schema is None:
        losses.add(under("", "output"), why.NO_JSON_MODE)
        return "output_config", None
    schema = output.schema
    if output.description and "description" not in schema:
        schema = {**schema, "description": output.description}
    written: Members = {"type": "json_schema", "schema": schema}
    restore(written, native, losses, "output")
    place = native.place if isinstance(native, Kept) and native.place else "output_config"
    return place, written
