"""Opaque state: kept where this target made it and can read it, dropped everywhere else (fidelity.md).

Words and tool calls never vanish with their signature. Reasoning does: without its state it is another model's words.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Message, Opaque, Part, Reasoning, ToolCall
from trunkline.profiles.aim import Aim, provider_group

STATE: Final = "state that only the provider and model which made it can read"
REASONING: Final = "reasoning of another model; it is not sent on as words"
PLAIN: Final = "openai_chat.reasoning"
"""Kind of words alone; the data is the member they stood in (`wire.openai_chat.reasoning`)."""
ACCOUNT_BOUND: Final = frozenset({"openai.encrypted"})
"""Only the account that made it can decrypt it: 400 `invalid_encrypted_content` elsewhere (fidelity.md failure 5)."""
PLACEHOLDER: Final = Opaque("gemini.signature", b64encode(b"skip_thought_signature_validator").decode())
"""Google's documented stand-in for calls that another model made (ai.google.dev, thought signatures)."""


def readable(opaque: Opaque, aim: Aim) -> bool:
    """Whether the target can read it. State without a name on it came without an envelope: then its kind decides."""
    if opaque.kind not in aim.facts.state:
        return False
    if opaque.provider and provider_group(opaque.provider) != provider_group(aim.provider):
        return False
    return not (
        opaque.kind in ACCOUNT_BOUND and opaque.deployment and aim.deployment and opaque.deployment != aim.deployment
    )


class StateFitter:
    """Goes through the messages of one request."""

    __slots__ = ("_aim", "_losses", "_reasoning_lost", "_state_lost")

    def __init__(self, aim: Aim, losses: Losses) -> None:
        self._aim = aim
        self._losses = losses
        self._reasoning_lost = False
        self._state_lost = False

    def fit(self, message: Message, path: str, *, thinks: bool) -> Message:
        """The message with what this target can read."""
        aim, parts = self._aim, message.parts
        for place, part in enumerate(parts):
            if isinstance(part, Reasoning) or (not isinstance(part, Foreign) and part.opaque is not None):
                kept = [*parts[:place], *self._fitted(parts[place:], path, place)]
                break
        else:
            kept = parts
        if message.role == "assistant" and (aim.profile.needs_signatures or aim.profile.needs_reasoning):
            kept = self._filled(kept, thinks=thinks)
        return message if kept is parts else replace(message, parts=kept)

    def _fitted(self, parts: list[Part], path: str, start: int) -> list[Part]:
        kept: list[Part] = []
        for place, part in enumerate(parts, start):
            match part:
                case Foreign():
                    kept.append(part)
                case Reasoning():
                    fitted = self._reasoning(part)
                    if fitted is not None:
                        kept.append(fitted)
                    elif not self._reasoning_lost:
                        self._reasoning_lost = True
                        self._losses.add(f"{path}.content[{place}]", REASONING)
                case _:
                    if part.opaque is None or readable(part.opaque, self._aim):
                        kept.append(part)
                        continue
                    kept.append(replace(part, opaque=None))
                    if not self._state_lost:
                        self._state_lost = True
                        self._losses.add(f"{path}.content[{place}]", STATE)
        return kept

    def _reasoning(self, part: Reasoning) -> Reasoning | None:
        aim, opaque, field = self._aim, part.opaque, self._aim.plain_reasoning
        if opaque is None or opaque.kind == PLAIN:
            if aim.format is Format.OPENAI_CHAT:
                if opaque is not None and not _elsewhere(opaque, aim):
                    return None if aim.strict_chat else part  # in the words of this format, which OpenAI has not
                # an unsigned thought that came by another format
                return replace(part, opaque=Opaque(PLAIN, field), native=None) if field and part.text else None
            own = part.native is not None and part.native.format is aim.format
            return part if opaque is None and own else None
        return part if readable(opaque, aim) else None

    def _filled(self, parts: list[Part], *, thinks: bool) -> list[Part]:
        aim = self._aim
        first = next((place for place, part in enumerate(parts) if isinstance(part, ToolCall)), None)
        if first is None:
            return parts
        call = parts[first]
        assert isinstance(call, ToolCall)
        if aim.profile.needs_signatures and aim.format is Format.GEMINI and call.opaque is None:
            signed = any(not isinstance(part, Foreign) and part.opaque is not None for part in parts[:first])
            if not signed:  # a signature may stand on the thought before the call (fidelity.md failure 4)
                parts = [*parts[:first], replace(call, opaque=PLACEHOLDER), *parts[first + 1 :]]
        wanted = aim.profile.needs_reasoning and aim.plain_reasoning and thinks
        if wanted and not any(isinstance(part, Reasoning) for part in parts):
            return [Reasoning(text=" ", opaque=Opaque(PLAIN, aim.plain_reasoning)), *parts]
        return parts


def _elsewhere(opaque: Opaque, aim: Aim) -> bool:
    return bool(opaque.provider) and provider_group(opaque.provider) != provider_group(aim.provider)
