"""Sentry, through its own SDK: each call that failed is an event. Nothing else of the SDK is switched on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport

from trunkline import __version__
from trunkline.config.snapshot import Observability
from trunkline.ledger.record import CallRecord
from trunkline.telemetry.callbacks.lane import Item

if TYPE_CHECKING:
    from sentry_sdk.types import Event
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's

    def override(method: object) -> object:
        return method


TIMEOUT_SECONDS: Final = 5


class _Transport(HttpTransport):
    """Sends in the caller's thread, which is the lane's own, and remembers why an event was not taken."""

    TIMEOUT = TIMEOUT_SECONDS
    lost = ""

    @override
    def capture_envelope(self, envelope: Envelope) -> None:
        # The SDK's own thread would take it from here, with a queue that drops in silence.
        self._send_envelope(envelope)

    @override
    def on_dropped_event(self, _reason: str) -> None:
        self.lost = _reason


class SentrySink:
    """See `lane.Sink`."""

    batch = 1
    """Each event has its own answer."""

    def __init__(self, settings: Observability, redact: Callable[[str], str]) -> None:
        assert settings.sentry_dsn is not None
        self._redact = redact
        self._client = sentry_sdk.Client(
            dsn=settings.sentry_dsn.reveal(),
            transport=_Transport,
            release=f"trunkline@{__version__}",
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            send_client_reports=False,
            include_local_variables=False,
            shutdown_timeout=0,
        )

    def send(self, items: Sequence[Item]) -> str:
        """Send one event and wait for its answer."""
        transport = self._client.transport
        assert isinstance(transport, _Transport)
        for call in items:
            if isinstance(call, CallRecord):
                transport.lost = ""
                # `Event` is a TypedDict of the SDK's with more members than we fill.
                self._client.capture_event(cast("Event", event(call, self._redact)))
                if transport.lost:
                    return f"Sentry did not take the event: {transport.lost}"
        return ""

    def close(self) -> None:
        """Stop the SDK's thread."""
        self._client.close(timeout=0)


def event(call: CallRecord, redact: Callable[[str], str]) -> dict[str, Any]:
    """What Sentry is told of a call that failed. Events of one cause at one model are one issue there."""
    error = redact(call.error) or f"answered with {call.http_status}"
    return {
        "event_id": hashlib.sha256(call.request_id.encode("utf-8", "replace")).hexdigest()[:32],
        "timestamp": datetime.fromtimestamp((call.started_us + call.duration_us) / 1e6, UTC),
        "level": "error" if call.http_status >= 500 else "warning",
        "logger": "trunkline",
        "platform": "python",
        "transaction": call.call_type,
        "exception": {"values": [{"type": call.outcome or "failure", "value": error}]},
        "fingerprint": ["trunkline", call.outcome, str(call.http_status), call.provider, call.model_group],
        "tags": {
            "call_id": call.request_id,
            "model_group": call.model_group,
            "model": call.model,
            "provider": call.provider,
            "model_id": call.model_id,
            "http_status": str(call.http_status),
            "outcome": call.outcome,
        },
        "extra": {
            "attempts": call.attempts,
            "duration_ms": call.duration_us // 1000,
            "stream": call.stream,
            "api_base": call.api_base,
            "api_key_hash": call.api_key,
            "provider_request_id": call.provider_request_id,
            "client_call_id": call.client_call_id,
            "config_version": call.config_version,
            "earlier": [
                {"number": each.number, "model_id": each.model_id, "status": each.status, "error": redact(each.error)}
                for each in call.earlier
            ],
        },
        "user": {"id": call.end_user} if call.end_user else {},
    }
