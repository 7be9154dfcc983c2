"""The whole of it: one request fitted to one model, step by step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Text
from trunkline.ir.request import Request, Thinking, ToolChoice
from trunkline.profiles.aim import Aim
from trunkline.profiles.history import check_tools, fit_choice, fit_end, fit_hints, fit_ids, fit_roles
from trunkline.profiles.media import MediaFitter
from trunkline.profiles.opaque import StateFitter
from trunkline.profiles.params import fit_rest, fit_sampling
from trunkline.profiles.reasoning import breaks_history, fit_room, fit_thinking, is_asked, is_off
from trunkline.profiles.schemas import by_tool, fit_output
from trunkline.profiles.tools import CallFitter, call_fitter, fit_tools

if TYPE_CHECKING:
    from trunkline.profiles.adapt import Fetched


class Fitting:
    """Fits requests to one target; keeps nothing between them."""

    __slots__ = ("_aim", "_ids")

    def __init__(self, aim: Aim) -> None:
        self._aim = aim
        self._ids = None if aim.id_rule is None else re.compile(aim.id_rule.pattern)

    def fit(self, request: Request, losses: Losses, fetched: Mapping[str, Fetched]) -> tuple[Request, list[str]]:
        """The request as the model takes it, and the URLs that must be fetched before it can be sent.

        Raises:
            Untranslatable: content, a tool or an output schema that the model cannot take.
        """
        aim = self._aim
        client = None if request.native is None else request.native.format
        # A client of OpenAI's chat format, which every host takes, does not know whom it speaks to.
        own = client is aim.format and client is not Format.OPENAI_CHAT
        changes: dict[str, object] = {}
        calls = call_fitter(request, aim, client)
        if request.tools:
            request = fit_tools(request, aim, losses)
        if request.tools:
            check_tools(request, aim, losses)
        request = self._without_thinking(request, losses, own=own)
        thinking, thinks = fit_thinking(request, aim, losses)
        if request.output is not None:
            changes |= fit_output(request, aim, losses, own=own)
        sampling = fit_sampling(request.sampling, aim, losses, thinks=thinks)
        thinking, limit = fit_room(request, thinking, sampling.max_tokens, aim, losses)
        if limit != sampling.max_tokens:
            sampling = replace(sampling, max_tokens=limit)
        choice = changes.get("tool_choice", request.tool_choice)
        if isinstance(choice, ToolChoice):
            changes["tool_choice"] = fit_choice(choice, aim, losses, thinks=thinks)
        changes |= fit_rest(request, aim, losses)
        if sampling is not request.sampling:
            changes["sampling"] = sampling
        if thinking is not request.thinking:
            changes["thinking"] = thinking
        fitted = replace(request, **changes) if changes else request
        return self._messages(fitted, losses, fetched, client, calls, own=own, thinks=thinks)

    def _without_thinking(self, request: Request, losses: Losses, *, own: bool) -> Request:
        """Thinking is a knob: it gives way to what the request could not do without it."""
        aim, thinking = self._aim, request.thinking
        bound = aim.format is Format.OPENAI_CHAT and aim.strict_chat and aim.profile.chat_tools == "not_thinking"
        if bound and request.tools and (thinking is None or not is_off(thinking)):
            losses.add("reasoning_effort", aim.why("chat_tools", "no thinking beside tools here"))
            return replace(request, thinking=Thinking(enabled=False, effort="none"))
        if not is_asked(thinking):
            return request
        why = ""
        if not own and by_tool(request, aim) and aim.forced == "not_thinking":
            why = "the answer's schema is kept to by a forced tool, and the model cannot be forced while it thinks"
        elif breaks_history(request, aim):
            why = "the tool calls of this turn have no thinking of this model before them, and it wants that or none"
        if not why:
            return request
        losses.add("thinking", why)
        return replace(request, thinking=None)

    def _messages(
        self,
        request: Request,
        losses: Losses,
        fetched: Mapping[str, Fetched],
        client: Format | None,
        calls: CallFitter | None,
        *,
        own: bool,
        thinks: bool,
    ) -> tuple[Request, list[str]]:
        aim = self._aim
        messages = fit_roles(request.messages, aim, losses)
        messages = fit_end(messages, aim, losses, own=own)
        states, media = StateFitter(aim, losses), MediaFitter(aim, losses, fetched, client)
        rule, valid = aim.id_rule, self._ids
        fitted: list[Message] | None = None
        for place, message in enumerate(messages):
            parts = message.parts
            if len(parts) == 1 and type(parts[0]) is Text and parts[0].opaque is None:
                continue  # words alone: most messages, and nothing of what follows minds them
            path = f"messages[{place}]"
            new = message if calls is None else calls.fit(message)
            new = states.fit(new, path, thinks=thinks)
            new = media.fit(new, path)
            if rule is not None and valid is not None:
                new = fit_ids(new, rule, valid)
            if new is not message and fitted is None:
                fitted = list(messages)
            if fitted is not None:
                fitted[place] = new
        if fitted is not None:
            messages = fitted
        tools = request.tools
        if aim.facts.cache_hints is not None:
            tools, messages = fit_hints(request, messages, aim.facts.cache_hints, losses)
        if messages is not request.messages or tools is not request.tools:
            request = replace(request, messages=messages, tools=tools)
        return request, media.missing
