"""Alerts as HTTP posts: Slack's incoming webhooks, and JSON in LiteLLM's shape for anybody else."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from trunkline import __version__
from trunkline.ir import Secret
from trunkline.telemetry.callbacks.lane import Item
from trunkline.telemetry.callbacks.parcel import Alert

if TYPE_CHECKING:
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's

    def override(method: object) -> object:
        return method


TIMEOUT_SECONDS: Final = 5.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where it was told to, or nowhere."""

    @override
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


class WebhookSink:
    """See `lane.Sink`."""

    batch = 1

    def __init__(self, url: Secret, body: Callable[[Alert], dict[str, object]]) -> None:
        self._url = url
        self._body = body
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, items: Sequence[Item]) -> str:
        """Post one alert."""
        for item in items:
            if isinstance(item, Alert):
                reason = self._post(msgspec.json.encode(self._body(item)))
                if reason:
                    return reason
        return ""

    def _post(self, body: bytes) -> str:
        headers = {"content-type": "application/json", "user-agent": f"trunkline/{__version__}"}
        request = urllib.request.Request(self._url.reveal(), body, headers)  # noqa: S310 - config takes http and https only
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                answer.read(4096)
        except urllib.error.HTTPError as error:
            return f"HTTP {error.code}"
        except OSError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Nothing is kept open."""


def slack(alert: Alert) -> dict[str, object]:
    """Slack's message."""
    return {"text": f":warning: Trunkline: {alert.text}"}


def webhook(alert: Alert) -> dict[str, object]:
    """The members that LiteLLM's webhooks have (`event`, `event_group`, `event_message`, `spend`), and the band."""
    return {
        "event": "spend_anomaly",
        "event_group": alert.scope,
        "event_message": alert.text,
        "spend": float(alert.spend),
        **{name: value for name, value in msgspec.structs.asdict(alert).items() if name != "spend"},
        "spend_usd": alert.spend,
    }
