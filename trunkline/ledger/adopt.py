"""What a dead worker leaves: open intents become rows, then its folder goes.

Every step can be cut by a kill and begun again: the rows and the mark `closed` come in one transaction, and only
after it files are removed, the last segment at the end, which says whose journal this was.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from trunkline.ledger.reader import HEADER, JournalFolder, Stop
from trunkline.ledger.record import Attempt, CallRecord, Intent

_STEP_BYTES = 1024 * 1024

DIED = "the gateway died during this call: its end is not known, tokens and cost are estimates"
LOST = "the gateway died before it wrote down how this attempt ended"


def open_intents(folder: JournalFolder) -> list[list[Intent]]:
    """Return the intents of calls that have no record, one list a call, by attempt."""
    found: dict[str, dict[int, Intent]] = {}
    done: set[str] = set()
    for number in folder.numbers():
        segment = folder.segment(number)
        if segment is None:
            continue
        position = HEADER.size
        while True:
            frames = segment.read(position, max_calls=2_000, max_bytes=_STEP_BYTES, intents=True)
            done.update(call.request_id for call in frames.calls)
            for intent in frames.intents:
                found.setdefault(intent.request_id, {})[intent.attempt] = intent
            if frames.stop is not Stop.MORE or frames.position == position:
                break
            position = frames.position
    folder.forget()
    left = [by_attempt for request_id, by_attempt in found.items() if request_id not in done]
    return [[by_attempt[number] for number in sorted(by_attempt)] for by_attempt in left]


def unknown(intents: Sequence[Intent], last_sign_of_life: int) -> CallRecord:
    """Return the record of a call whose end nobody saw, from its intents (at least one) by attempt."""
    last = intents[-1]
    started = min(each.started_us for each in intents)
    return CallRecord(
        request_id=last.request_id,
        started_us=started,
        duration_us=max(0, last_sign_of_life - started),
        first_byte_us=-1,
        call_type=last.call_type,
        model_group=last.model_group,
        model=last.model,
        model_id=last.model_id,
        provider=last.provider,
        api_base=last.api_base,
        stream=last.stream,
        status="failure",
        outcome="unknown",
        http_status=0,
        error=DIED,
        api_key=last.api_key,
        end_user=last.end_user,
        requester_ip="",
        usage_source="estimated",
        input_total=last.estimated_input,
        output_total=last.estimated_output,
        cache_read=0,
        cache_write=0,
        reasoning=0,
        audio_in=0,
        audio_out=0,
        cost_input=0,
        cost_output=0,
        cost_cache_read=0,
        cost_cache_write=0,
        cost_other=last.estimated_cost,
        cost=last.estimated_cost,
        price_version=last.price_version,
        attempts=last.attempt,
        provider_request_id="",
        config_version="",
        client_call_id="",
        user_agent="",
        finish_reason="",
        earlier=tuple(_lost(each, after) for each, after in pairwise(intents)),
    )


def _lost(intent: Intent, after: Intent) -> Attempt:
    """An attempt that was given up for the next one: it reached the provider, and no byte of it the client."""
    return Attempt(
        number=intent.attempt,
        started_us=intent.started_us,
        duration_us=max(0, after.started_us - intent.started_us),
        model=intent.model,
        model_id=intent.model_id,
        provider=intent.provider,
        api_base=intent.api_base,
        status=0,
        error=LOST,
        usage_source="none",
        input_total=0,
        output_total=0,
        cost=0,
        price_version=intent.price_version,
    )


def remove(folder: JournalFolder) -> None:
    """Delete the folder: segments ascending, so that the last one goes when everything else is gone."""
    numbers = folder.numbers()
    last = [folder.file(number) for number in numbers[-1:]]
    for path in [*(folder.file(number) for number in numbers[:-1]), *_others(folder.path, last), *last]:
        path.unlink(missing_ok=True)
    (folder.path / "lock").unlink(missing_ok=True)
    folder.release()
    folder.path.rmdir()


def _others(path: Path, keep: list[Path]) -> list[Path]:
    return [each for each in path.iterdir() if each not in keep and each.name != "lock" and each.suffix != ".tlj"]
