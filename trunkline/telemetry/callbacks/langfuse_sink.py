"""Langfuse, through its own SDK: each call is a trace with one generation in it.

The SDK is built on OpenTelemetry; a generation is a span with Langfuse's attributes, which is how its times can be
those of the call. Trace and span ids come from the call's id, so that a call that is sent twice is there once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from langfuse import Langfuse, LangfuseOtelSpanAttributes
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

from trunkline import __version__
from trunkline.config.snapshot import Observability
from trunkline.ledger.record import COUNTERS, CallRecord
from trunkline.profiles.price import PICO_PER_USD
from trunkline.telemetry.callbacks.lane import Item

if TYPE_CHECKING:
    from typing_extensions import override
else:  # `typing.override` is Python 3.12's

    def override(method: object) -> object:
        return method


TIMEOUT_SECONDS: Final = 5
Names: Final = LangfuseOtelSpanAttributes


class _Ids(IdGenerator):
    """Ids made of the id of the call that is being written."""

    def __init__(self) -> None:
        self.call_id = ""

    def _digest(self) -> bytes:
        return hashlib.sha256(self.call_id.encode("utf-8", "replace")).digest()

    @override
    def generate_trace_id(self) -> int:
        return int.from_bytes(self._digest()[:16], "big") or 1

    @override
    def generate_span_id(self) -> int:
        return int.from_bytes(self._digest()[16:24], "big") or 1


class _Provider(TracerProvider):
    """Gives us the exporter that Langfuse makes: the only place where an answer to what was sent is seen."""

    exporter: SpanExporter | None = None

    @override
    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        self.exporter = getattr(span_processor, "span_exporter", None)
        super().add_span_processor(span_processor)


class LangfuseSink:
    """See `lane.Sink`."""

    batch = 100

    def __init__(self, settings: Observability, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._ids = _Ids()
        self._refused = 0
        self._exported = 0
        resource = Resource.create({"service.name": "trunkline", "service.version": __version__})
        provider = _Provider(id_generator=self._ids, resource=resource, shutdown_on_exit=False)
        assert settings.langfuse_secret_key is not None
        Langfuse(
            public_key=settings.langfuse_public_key,
            secret_key=settings.langfuse_secret_key.reveal(),
            base_url=settings.langfuse_url,
            timeout=TIMEOUT_SECONDS,
            tracer_provider=provider,
            should_export_span=lambda _: True,
        )
        assert provider.exporter is not None
        self._watch(provider.exporter)
        self._provider = provider
        self._tracer = provider.get_tracer("trunkline", __version__)

    def _watch(self, exporter: SpanExporter) -> None:
        export = exporter.export

        def counted(spans: Any) -> SpanExportResult:
            result = export(spans)
            self._exported += len(spans)
            self._refused += result is not SpanExportResult.SUCCESS
            return result

        exporter.export = counted  # type: ignore[method-assign]  # see `_Provider`

    def send(self, items: Sequence[Item]) -> str:
        """Send calls."""
        self._exported = self._refused = 0
        calls = [item for item in items if isinstance(item, CallRecord)]
        for call in calls:
            self._write(call)
        self._provider.force_flush()
        if self._refused:
            return "Langfuse did not accept the spans (address, keys, or the network)"
        return "" if self._exported == len(calls) else "the SDK left spans out"

    def close(self) -> None:
        """Stop the SDK's threads, and let it forget this client: it keeps one for each public key."""
        LangfuseResourceManager.reset()

    def _write(self, call: CallRecord) -> None:
        self._ids.call_id = call.request_id
        span = self._tracer.start_span(
            call.call_type or "call", start_time=call.started_us * 1000, attributes=attributes(call, self._redact)
        )
        span.end(end_time=(call.started_us + call.duration_us) * 1000)


def attributes(call: CallRecord, redact: Callable[[str], str]) -> dict[str, str]:
    """What Langfuse is told of a call."""
    found = {
        Names.OBSERVATION_TYPE: "generation",
        Names.OBSERVATION_MODEL: call.model,
        Names.OBSERVATION_LEVEL: "DEFAULT" if call.status == "success" else "ERROR",
        Names.OBSERVATION_USAGE_DETAILS: json.dumps(usage(call)),
        Names.TRACE_NAME: call.model_group or call.model,
    }
    if call.price_version:
        found[Names.OBSERVATION_COST_DETAILS] = json.dumps(cost(call))
    if call.error:
        found[Names.OBSERVATION_STATUS_MESSAGE] = redact(call.error)
    if call.end_user:
        found[Names.TRACE_USER_ID] = call.end_user
    if call.first_byte_us >= 0:
        first = datetime.fromtimestamp((call.started_us + call.first_byte_us) / 1e6, UTC)
        found[Names.OBSERVATION_COMPLETION_START_TIME] = json.dumps(first.isoformat())
    for name, value in metadata(call).items():
        found[f"{Names.OBSERVATION_METADATA}.{name}"] = json.dumps(value)
    return found


def usage(call: CallRecord) -> dict[str, int]:
    """Tokens by kind; the kinds add up to the total."""
    kinds = {
        "input": call.input_total - call.cache_read - call.cache_write,
        "output": call.output_total - call.reasoning,
        "cache_read_input_tokens": call.cache_read,
        "cache_creation_input_tokens": call.cache_write,
        "output_reasoning_tokens": call.reasoning,
    }
    found = {name: count for name, count in kinds.items() if count or name in ("input", "output")}
    return found | {"total": call.input_total + call.output_total}


def cost(call: CallRecord) -> dict[str, float]:
    """USD by kind. Floating point, because that is what Langfuse takes; the ledger has the exact sums."""
    kinds = {
        "input": call.cost_input,
        "output": call.cost_output,
        "cache_read_input_tokens": call.cost_cache_read,
        "cache_creation_input_tokens": call.cost_cache_write,
        "other": call.cost_other,
    }
    found = {name: pico / PICO_PER_USD for name, pico in kinds.items() if pico or name in ("input", "output")}
    return found | {"total": call.cost / PICO_PER_USD}


def metadata(call: CallRecord) -> dict[str, object]:
    """Everything else that the row has, but the client's address."""
    found: dict[str, object] = {
        "litellm_call_id": call.request_id,
        "model_group": call.model_group,
        "provider": call.provider,
        "model_id": call.model_id,
        "api_base": call.api_base,
        "api_key_hash": call.api_key,
        "stream": call.stream,
        "status": call.status,
        "outcome": call.outcome,
        "http_status": call.http_status,
        "attempts": call.attempts,
        "usage_source": call.usage_source,
        "finish_reason": call.finish_reason,
        "provider_request_id": call.provider_request_id,
        "client_call_id": call.client_call_id,
        "user_agent": call.user_agent,
        "config_version": call.config_version,
    }
    found |= {name: count for name, count in zip(COUNTERS, call.counters, strict=False) if count}
    return {name: value for name, value in found.items() if value != ""}
