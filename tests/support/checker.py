"""What every fault test ends with: the books agree (M02), and no secret is anywhere (K01)."""

from __future__ import annotations

import base64
import binascii
import contextlib
import urllib.parse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from tests.support.gateway import INPUT_PRICE, OUTPUT_PRICE, Gateway, Row
from tests.support.provider_ledger import Entry
from tests.support.raw_http import Answer

PROVIDER_COUNTS: Final = ("provider", "drained")


@dataclass(slots=True, kw_only=True)
class Told:
    """What one client was told."""

    marker: str
    answer: Answer
    stream: bool
    seconds: float
    gone: bool = False
    """The client left before the end, on purpose."""

    @property
    def acknowledged(self) -> bool:
        """The whole good answer arrived."""
        whole = self.answer.complete and self.answer.status == 200
        return whole and (not self.stream or (self.answer.stream.done == 1 and not self.answer.stream.errors))


def reconcile(entries: Sequence[Entry], rows: Sequence[Row], told: Sequence[Told]) -> list[str]:
    """Compare provider, database and clients by marker; one sentence per disagreement (M02)."""
    by_marker: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_marker[entry.marker].append(entry)
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        rows_of[str(row["end_user"])].append(row)
    wrong = [
        f"request_id {name} is in {count} rows"
        for name, count in Counter(row["request_id"] for row in rows).items()
        if count > 1
    ]
    for marker, requests in by_marker.items():
        found = rows_of[marker]
        if len(found) != 1:
            wrong.append(f"`{marker}`: the provider saw it, {len(found)} rows")
        else:
            wrong += _check_row(found[0], requests)
    for one in told:
        wrong += _check_told(one, rows_of[one.marker])
    return wrong


def _check_row(row: Row, entries: Sequence[Entry]) -> Iterable[str]:
    marker, last = row["end_user"], entries[-1]
    # A request on a kept connection that died before any byte is sent once more within the same attempt (DESIGN 4).
    entries = [entry for entry in entries if entry.fault not in ("rst_head", "fin_head")]
    attempts = row["attempts"]
    assert isinstance(attempts, int)
    if attempts < len(entries) and row["outcome"] != "unknown":
        yield f"`{marker}`: {len(entries)} requests at the provider, the row says {attempts} attempts"
    if row["outcome"] == "ok" and last.usage_sent and row["usage_source"] in PROVIDER_COUNTS:
        said = (row["prompt_tokens"], row["completion_tokens"])
        if said != (last.prompt_tokens, last.completion_tokens):
            yield f"`{marker}`: row says {said}, provider {(last.prompt_tokens, last.completion_tokens)}"
    if row["outcome"] == "ok" and last.usage_sent and row["usage_source"] not in PROVIDER_COUNTS:
        yield f"`{marker}`: the provider sent its usage, the row says `{row['usage_source']}`"
    yield from _check_money(row)


def _check_money(row: Row) -> Iterable[str]:
    prompt, completion = row["prompt_tokens"], row["completion_tokens"]
    assert isinstance(prompt, int)
    assert isinstance(completion, int)
    if prompt < 0 or completion < 0 or row["total_tokens"] != prompt + completion:
        yield f"`{row['end_user']}`: tokens {prompt} + {completion} = {row['total_tokens']}"
    exact = prompt * Decimal(INPUT_PRICE) + completion * Decimal(OUTPUT_PRICE)
    if row["usage_source"] in PROVIDER_COUNTS and abs(Decimal(str(row["spend"])) - exact) > Decimal("1e-12"):
        yield f"`{row['end_user']}`: spend {row['spend']}, {prompt} + {completion} tokens cost {exact}"


def _check_told(one: Told, rows: Sequence[Row]) -> Iterable[str]:
    if len(rows) > 1:
        yield f"`{one.marker}`: {len(rows)} rows for one call"
    row = rows[0] if rows else None
    if one.acknowledged and row is None:
        yield f"`{one.marker}`: acknowledged to the client, no row"
    if row is None:
        return
    if one.acknowledged and (row["status"], row["outcome"]) != ("success", "ok"):
        yield f"`{one.marker}`: acknowledged to the client, the row says {row['status']}, {row['outcome']}"
    if one.answer.complete and one.answer.header("x-litellm-call-id") not in (row["request_id"], None):
        yield f"`{one.marker}`: call id {one.answer.header('x-litellm-call-id')}, row {row['request_id']}"
    failed = one.answer.status >= 400 or (one.stream and one.answer.status == 200 and bool(one.answer.stream.errors))
    if failed and row["status"] != "failure":
        yield f"`{one.marker}`: the client was told of a failure, the row says {row['status']}"
    if one.acknowledged and not one.stream:
        usage = one.answer.json.get("usage")
        if isinstance(usage, dict) and row["usage_source"] == "provider":
            said = (usage.get("prompt_tokens"), usage.get("completion_tokens", 0))
            if said != (row["prompt_tokens"], row["completion_tokens"]):
                yield f"`{one.marker}`: the client read usage {said}, the row has {row['prompt_tokens']}, ..."


def spellings(secret: str) -> dict[bytes, str]:
    """A secret as it might show: plain, both halves, reversed, base64 at each alignment, URL-encoded, hex."""
    raw = secret.encode()
    tail = secret.rpartition("-")[2]
    half = len(tail) // 2
    found = {raw: "plain", raw[::-1]: "reversed", binascii.hexlify(raw): "hex", binascii.hexlify(raw).upper(): "HEX"}
    found[urllib.parse.quote(secret, safe="").replace("-", "%2D").encode()] = "URL-encoded"
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        # The first and last group depend on the neighbours: only the middle is sure to show.
        found[encoded[4 if shift else 0 : -4]] = f"base64, shift {shift}"
        found[base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]] = f"base64url, shift {shift}"
    if half >= 12:
        found[tail[:half].encode()] = "first half"
        found[tail[half:].encode()] = "second half"
    return found


def scan(secrets: dict[str, str], places: dict[str, bytes]) -> list[str]:
    """One sentence for each secret found in each place (K01)."""
    hits: list[str] = []
    for name, secret in secrets.items():
        forms = spellings(secret)
        for place, content in places.items():
            hits += [f"{name} stands in {place} ({how})" for form, how in forms.items() if form in content]
    return hits


def places_of(gateway: Gateway, answers: Sequence[Answer]) -> dict[str, bytes]:
    """Everything a secret could have leaked to: log, data folder, answers, pages, command lines."""
    places = {"the log": gateway.log_file.read_bytes() if gateway.log_file.exists() else b""}
    for path in sorted(gateway.data.rglob("*")):
        if path.is_file():
            with contextlib.suppress(OSError):
                places[f"data/{path.relative_to(gateway.data)}"] = path.read_bytes()
    if gateway.process.poll() is None:
        for page in ("/model/info", "/v1/models", "/metrics", "/health", "/health/readiness", "/openapi.json"):
            with contextlib.suppress(OSError):
                places[page] = gateway.get(page).body
        for pid in gateway.pids():
            with contextlib.suppress(OSError):
                places[f"/proc/{pid}/cmdline"] = Path(f"/proc/{pid}/cmdline").read_bytes()
    places["answers"] = b"\n".join(
        repr(one.headers).encode() + one.reason.encode() + (one.body if one.status != 200 else b"") for one in answers
    )
    return places


def scan_gateway(gateway: Gateway, answers: Sequence[Answer]) -> list[str]:
    """K01 on a gateway and the answers it gave."""
    secrets = {"the master key": gateway.master_key, "the provider key": gateway.provider_key}
    return scan(secrets, places_of(gateway, answers))
