"""Every client format to every provider format, in every case: what arrives is what was meant, or its loss is named.

Who asks is written by hand (`openai_clients.py`, `other_clients.py`), and who answers too (`tests/support/stand_in*`):
the gateway's codecs stand between, and no test reads with the codec that wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.matrix import compare
from tests.matrix.hearing import Client
from tests.matrix.other_clients import CLIENTS
from tests.matrix.refused import REASONS, REFUSED
from tests.matrix.scenarios import ASKS, CASES
from tests.matrix.wire import MODELS, Wire, failed, place, whole
from trunkline.ir.answer import Finish

CELLS: Final = [
    pytest.param(
        client, upstream, case, stream, id=f"{client.name}-{upstream}-{case}-{'stream' if stream else 'whole'}"
    )
    for client in CLIENTS
    for upstream in MODELS
    for case, row in CASES.items()
    for stream in row.streams
    if not row.needs or row.needs in ASKS[client.name].split()
]
KINDS: Final = {"pdf": "document", "audio": "audio"}
STATUS: Final = {"context": (400, 422), "filter": (400, 422), "rate_limit": (429,), "auth": (401, 403)}
ERRORS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "messages": {
        "context": ("invalid_request_error",), "filter": ("invalid_request_error",), "rate_limit": ("rate_limit_error",),
        "auth": ("authentication_error", "permission_error"), "overloaded": ("overloaded_error", "api_error"),
    },
    "gemini": {
        "context": ("INVALID_ARGUMENT",), "filter": ("INVALID_ARGUMENT",), "rate_limit": ("RESOURCE_EXHAUSTED",),
        "auth": ("UNAUTHENTICATED", "PERMISSION_DENIED"), "overloaded": ("UNAVAILABLE", "INTERNAL"),
    },
    "chat": {"rate_limit": ("rate_limit_error", "requests"), "context": ("invalid_request_error",)},
}  # fmt: skip
"""What each client's format calls the error."""


@pytest.mark.parametrize(("client", "upstream", "case", "stream"), CELLS)
def test_a_call_across(wire: Wire, client: Client, upstream: str, case: str, stream: bool) -> None:
    """One cell: the provider gets what the client meant, and the client what the provider said."""
    row = CASES[case]
    at = place(client.name, upstream, case)
    wire.play(at, row.scenario)
    answer, _ = wire.ask(client, at, row.request, stream=stream)
    reason = REFUSED.get((case, upstream))
    if (
        reason is not None and client.name != upstream
    ):  # of the same format the client's bytes pass, the provider judges
        status, _, message = failed(client, answer)
        assert status == 400, answer.body
        assert any(one in message for one in (reason, f"takes no media of the kind `{KINDS.get(case)}`")), message
        assert reason in REASONS
        assert not wire.stand_in.calls, "something was sent, although it was refused"
        return
    if not wire.stand_in.calls:
        pytest.fail(f"nothing reached the provider: {answer.status} {answer.body.decode()[:500]}")
    called = wire.stand_in.calls[0]
    own = client.name == upstream and case == "bare_error"  # the client's own mistake, in the client's own bytes
    assert called.complaints == [] or own, (called.complaints, called.body)
    if called.complaints:
        return
    assert called.format == upstream
    compare.no_leak(called.body)
    losses = compare.losses_of(answer.header("x-trunkline-losses"))
    compare.sent(client.name, upstream, row.request, called.asked, losses)
    assert called.asked.stream == (stream and upstream != "replicate")
    if row.scenario.fault is not None or row.scenario.end != "whole":
        _check_failure(client, upstream, case, answer)
        return
    told = whole(client, answer, stream=stream)
    compare.heard(client.name, wire.stand_in.face(upstream), row.scenario.answer, client.hear(told), losses)


def _check_failure(client: Client, upstream: str, case: str, answer: Any) -> None:
    """The provider's error in the client's words."""
    if (case, upstream) == ("filter", "gemini") and answer.status == 200:  # an answer that a filter held back
        told = client.assemble(answer.body) if b"data: " in answer.body else json.loads(answer.body)
        if client.name == "gemini":
            assert told["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"
        else:
            assert client.hear(told).finish == compare.FINISHES[client.name][Finish.CONTENT_FILTER]
        return
    status, kind, message = failed(client, answer)
    assert message
    if case in STATUS:
        assert status in STATUS[case], (status, kind, message)
    else:
        assert status == 0 or status >= 500, (status, kind, message)
    if status:
        kinds = ERRORS.get(client.name, {}).get(case)
        assert kinds is None or kind in kinds, (kind, message)
        if client.name == "gemini":
            assert json.loads(answer.body)["error"]["code"] == status
    if case == "context" and client.name in ("chat", "responses", "completions") and upstream != "replicate":
        code = json.loads(answer.body)["error"]["code"]
        assert code == "context_length_exceeded" or "ContextWindowExceededError" in message
