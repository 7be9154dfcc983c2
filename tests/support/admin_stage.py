"""A real gateway with a past, for browsers: `python -m tests.support.admin_stage` prints where it is, as one line of JSON.

The past (thirty days of calls to several providers, failures of every kind, and names that try to run or to hide) is
written by a worker's own journal and shipped before the gateway starts. Ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.support.gateway import Gateway, GatewayConfig, model, standard_models
from tests.support.journals import Writer, attempt, call
from tests.support.ledger import Database, migrate, ship_all
from tests.support.provider import FakeProvider
from trunkline.ledger.record import CallRecord

SCRIPT: Final = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
HIDDEN: Final = "gpt\u202e4\u200bo"
DAYS: Final = 30
_KEYS: Final = tuple(hashlib.sha256(name.encode()).hexdigest() for name in ("web", "ci", "batch"))
_DAY_US: Final = 86_400 * 1_000_000
# Name asked for, model that answered, provider, micro-USD of a usual call, weight.
_MODELS: Final = (
    ("smart", "claude-sonnet-4-5", "anthropic", 9_000, 6),
    ("fast", "gpt-5-mini", "openai", 600, 14),
    ("fast", "gemini-2.5-flash", "vertex_ai", 450, 7),
    ("cheap", "command-r", "cohere", 250, 4),
    ("code", "codestral-latest", "mistral", 800, 3),
    ("local", "smollm2", "embedded", 0, 5),
)
_FAILURES: Final = (
    ("upstream_error", 429, "litellm.RateLimitError: CohereException - Rate limit of 40 calls a minute", "cohere"),
    ("upstream_error", 401, "litellm.AuthenticationError: MistralException - invalid api key ending 4f2", "mistral"),
    ("upstream_error", 503, "litellm.ServiceUnavailableError: OpenaiException - connection refused", "openai"),
    ("timeout", 408, "litellm.Timeout: AnthropicException - no first byte within 60 s", "anthropic"),
    ("upstream_error", 400, "litellm.ContextWindowExceededError: OpenaiException - 163000 tokens", "openai"),
    ("client_gone", 499, "", "openai"),
)


def _record(chance: random.Random, started_us: int, **changes: Any) -> CallRecord:
    group, name, provider, usual, _ = chance.choices(_MODELS, [weight for *_, weight in _MODELS])[0]
    cost_input = round(usual * chance.uniform(0.2, 1.5)) * 1_000_000
    cost_output = round(usual * chance.uniform(0.3, 2.5)) * 1_000_000
    first = chance.randrange(180_000, 1_400_000)
    number = (started_us // 1000) << 80 | 7 << 76 | 2 << 62 | chance.getrandbits(62)
    fields: dict[str, Any] = {
        "request_id": str(uuid.UUID(int=number)), "started_us": started_us, "model_group": group, "model": name,
        "provider": provider, "model_id": f"{provider}-{name}", "api_key": chance.choice(_KEYS), "cost_input": cost_input,
        "cost_output": cost_output, "cost": cost_input + cost_output, "first_byte_us": first, "stream": True,
        "duration_us": first + chance.randrange(400_000, 9_000_000), "input_total": chance.randrange(60, 9_000),
        "output_total": chance.randrange(20, 1_500), "end_user": chance.choice(["", "anna", "ben"]),
        "user_agent": "OpenAI/Python 3.49.0",
    }  # fmt: skip
    return call(**fields | changes)


def _failed(chance: random.Random, started_us: int, which: int) -> CallRecord:
    outcome, status, error, provider = _FAILURES[which]
    found = next(each for each in _MODELS if each[2] == provider)
    return _record(
        chance, started_us, status="failure", outcome=outcome, http_status=status, error=error, provider=provider,
        model_group=found[0], model=found[1], cost=0, cost_input=0, cost_output=0, output_total=0, input_total=0,
        first_byte_us=-1, usage_source="none", finish_reason="",
    )  # fmt: skip


def past(count: int, now_us: int) -> Iterator[CallRecord]:
    """Calls of thirty days, more of them lately; the last hour has some of everything, also of what tries to run."""
    chance = random.Random(7)
    for _ in range(count):
        started = now_us - int(chance.random() ** 2 * DAYS * _DAY_US) - 60_000_000
        if chance.random() < 0.04:
            yield _failed(chance, started, chance.randrange(len(_FAILURES)))
        else:
            yield _record(chance, started)
    for which in range(len(_FAILURES)):
        yield _failed(chance, now_us - (which + 2) * 60_000_000, which)
    minute = now_us - 120_000_000
    first = attempt(
        1,
        started_us=minute,
        duration_us=180_000,
        status=429,
        provider="cohere",
        model="command-r",
        error=_FAILURES[0][2],
    )
    yield _record(chance, minute, attempts=2, earlier=(first,), end_user="retried")
    yield _record(
        chance, minute + 1, model_group=SCRIPT, model=SCRIPT, provider=SCRIPT, status="failure", outcome="upstream_error",
        http_status=502, error=f"javascript:alert(1) {SCRIPT}", end_user=SCRIPT, user_agent=SCRIPT,
    )  # fmt: skip
    yield _record(chance, minute + 2, model_group=HIDDEN, model=HIDDEN, end_user="hidden")
    yield _record(chance, minute + 3, model="unpriced", price_version="", cost=0, cost_input=0, cost_output=0)


def _note_anomaly(database: Database) -> None:
    """An hour of this day in which a model cost twelve times the usual, as the shipper would have written it."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    first, last = (moment.isoformat(" ", "microseconds") for moment in (hour, hour + timedelta(hours=1)))
    database.query(
        "INSERT INTO trunkline_anomalies VALUES"
        f" ('model', 'smart', '{first}', 'high', '{first}', '{last}', 12000000000, 1000000000, 0, 3000000000)"
    )


def stage(folder: Path, provider: FakeProvider, count: int) -> Gateway:
    """Write the past and start the gateway over it."""
    root = folder / "data" / "journal"
    root.mkdir(parents=True)
    database: Database = migrate(f"sqlite:///{folder / 'data' / 'trunkline.db'}")
    writer = Writer(root, segment_bytes=64 * 1024 * 1024)
    writer.price()
    writer.end(*past(count, time.time_ns() // 1000))
    writer.die()
    ship_all(root, database)
    _note_anomaly(database)
    dark: dict[str, object] = {
        "model_name": "mistral-large",
        "litellm_params": {"model": "mistral/mistral-large-latest"},
    }
    models = [*standard_models(provider), model("local-demo", "plain", provider.base_url), dark]
    environment = {"SSL_CERT_FILE": provider.ports.ca_file, "MISTRAL_API_KEY": ""}
    return Gateway(folder, GatewayConfig(models=models, environment=environment))


def main() -> None:
    """Run until standard input ends."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with tempfile.TemporaryDirectory(prefix="trunkline-stage-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "provider").mkdir()
        provider = stack.enter_context(FakeProvider(folder / "provider"))
        gateway = stack.enter_context(stage(folder, provider, count))
        print(json.dumps({"url": gateway.base_url, "key": gateway.master_key}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
