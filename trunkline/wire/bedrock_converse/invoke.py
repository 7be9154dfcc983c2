"""InvokeModelWithResponseStream: another format's events, each in a frame of an event stream."""

from __future__ import annotations

import binascii
from base64 import b64decode

from trunkline.ir.failure import Failure
from trunkline.wire.bedrock_converse.failure import malformed, stream_failure
from trunkline.wire.bedrock_converse.shape import parsed
from trunkline.wire.event_stream import Message


def unwrap_invoke(message: Message) -> bytes | Failure:
    """The JSON of one event in the model's own format (`chunk` events hold it as `{"bytes": base64}`).

    Other events are empty; an exception is a failure.
    """
    if message.headers.get(":message-type", "event") != "event":
        return stream_failure(message)
    if message.text(":event-type") != "chunk":
        return b""
    try:
        payload = parsed(message.payload)
        held = payload.get("bytes") if isinstance(payload, dict) else None
        if isinstance(held, str):
            return b64decode(held, validate=True)
    except (binascii.Error, ValueError):
        pass
    return malformed("a chunk holds no base64")
