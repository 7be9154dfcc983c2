"""Former master keys: `general_settings.trunkline.previous_master_keys` and `LITELLM_MASTER_KEY_PREVIOUS`."""

from __future__ import annotations

import datetime as dt
from typing import Final

from trunkline.config.catalogue import PREVIOUS_MASTER_KEY
from trunkline.config.reader import Reader
from trunkline.config.snapshot import PreviousKey
from trunkline.config.tree import MapNode, Mark
from trunkline.config.variables import Environment, tidy
from trunkline.config.well_known import MIN_KEY_LENGTH, WELL_KNOWN
from trunkline.ir import Secret
from trunkline.providers.credentials import header_problem

VARIABLE: Final = "LITELLM_MASTER_KEY_PREVIOUS"
UNTIL: Final = "LITELLM_MASTER_KEY_PREVIOUS_UNTIL"


def previous_keys(own: Reader, env: Environment, present: Secret | None) -> tuple[PreviousKey, ...]:
    """Former keys that are let in for a while longer; what cannot be let in is noted with the reason."""
    found = [entry for node in own.items("previous_master_keys") if (entry := _entry(own, node)) is not None]
    value = env.get(VARIABLE)
    if value is not None:
        at = Mark("environment", 0)
        own.log.redactor.learn(value)
        found.append((at, PreviousKey(key=Secret(tidy(value)), until=_until(own, env.get(UNTIL), UNTIL, at))))
    kept: dict[str, PreviousKey] = {}
    for at, previous in found:
        problem = _problem(previous, present)
        if problem is not None:
            own.log.note("warning", at, f"a former master key is not let in: {problem}")
        else:
            kept[previous.key.reveal()] = previous
    return tuple(kept.values())


def _entry(own: Reader, node: object) -> tuple[Mark, PreviousKey] | None:
    if not isinstance(node, MapNode):
        at = own.at("previous_master_keys")
        own.log.problem(at, "an entry of `previous_master_keys` is no mapping", "write `- key: os.environ/NAME`")
        return None
    reader = Reader(node, "previous_master_keys[]", own.log, own.env)
    reader.check_keys(PREVIOUS_MASTER_KEY)
    value = reader.text("key")
    if value is None:
        return None  # `text` has said that its variable is not set, or what it is instead of a text
    own.log.redactor.learn(value)
    until = _until(own, reader.text("until"), "previous_master_keys[].until", reader.at("until"))
    return node.at, PreviousKey(key=Secret(tidy(value)), until=until)


def _problem(previous: PreviousKey, present: Secret | None) -> str | None:
    text = previous.key.reveal()
    if text in WELL_KNOWN:
        return "everybody knows it, so there is nothing to be gained by letting it in longer"
    if len(text) < MIN_KEY_LENGTH:
        return f"it is shorter than {MIN_KEY_LENGTH} characters"
    if present is not None and text == present.reveal():
        return "it is the present one; write the former one, or remove the setting"
    return header_problem(text)


def _until(own: Reader, text: str | None, name: str, at: Mark) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        own.log.problem(at, f"`{name}` is no time", "write `2026-12-01T18:00:00Z`")
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
