"""Server-sent events, as every SSE format frames them."""

from __future__ import annotations

from trunkline.wire.openai_chat.sse import EventTooLong, SseSplitter, event_data, has_data

__all__ = ["EventTooLong", "SseSplitter", "event_data", "has_data"]
