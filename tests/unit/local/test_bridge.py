"""What the bridge hands to the SDK and makes of what comes back; the processes are in tests/integration."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from trunkline.local import bridge_process
from trunkline.local.bridge import _CALLS, RefusedError, arguments_of
from trunkline.local.bridge_answers import chunk_body, said, whole_body
from trunkline.local.bridge_process import Bridge, BridgeError, command, environment

CHAT = _CALLS["/v1/chat/completions"][1]


class Dumped:
    """As the SDK's objects."""

    def __init__(self, **members: Any) -> None:
        self.members = members

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return self.members


def _headers(params: dict[str, Any], **options: Any) -> dict[bytes, bytes]:
    told = json.dumps({"provider": "sagemaker", "params": params}).encode()
    settings = {"timeout": 9.0, "drop_params": False, "allowed": []} | options
    return {
        b"x-trunkline-bridge-params": base64.b64encode(told),
        b"x-trunkline-bridge-options": json.dumps(settings).encode(),
    }


def _arguments(body: dict[str, Any], params: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return arguments_of(_headers(params or {}, **options), json.dumps(body).encode(), CHAT)


def test_the_client_asks_over_the_entry_and_the_gateway_over_both() -> None:
    """A client's value beats the entry's; model, retries and time limit are the gateway's."""
    found = _arguments(
        {"model": "m", "messages": [], "temperature": 0.5},
        {"api_key": "k", "temperature": 1, "top_p": 0.9, "max_retries": 7},
    )
    assert found == {
        "api_key": "k", "temperature": 0.5, "top_p": 0.9, "messages": [], "model": "sagemaker/m",
        "num_retries": 0, "max_retries": 0, "timeout": 9.0, "drop_params": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "api_base",
        "api_key",
        "base_url",
        "custom_llm_provider",
        "aws_role_name",
        "extra_headers",
        "callbacks",
        "fallbacks",
    ],
)
def test_a_client_cannot_set_what_the_sdk_takes_from_operators(name: str) -> None:
    """A member that would steer the SDK to another host or key is refused by name."""
    with pytest.raises(RefusedError, match=f"`{name}` is not handed to LiteLLM's SDK"):
        _arguments({"model": "m", "messages": [], name: "x"})


def test_with_drop_params_they_are_left_out() -> None:
    """`drop_params: true` leaves such members out; the operator's own value stays."""
    body = {"model": "m", "messages": [], "api_base": "https://evil.example"}
    assert _arguments(body, {"api_base": "https://h"}, drop_params=True)["api_base"] == "https://h"


def test_allowed_openai_params_go_through() -> None:
    """What the operator allows is handed on, and the SDK hears that it is allowed."""
    found = _arguments({"model": "m", "messages": [], "thinking_budget": 5}, allowed=["thinking_budget"])
    assert (found["thinking_budget"], found["allowed_openai_params"]) == (5, ["thinking_budget"])


def test_a_body_that_is_no_object_is_refused() -> None:
    """Not JSON, not an object: the client's mistake."""
    for body in (b"[1]", b"{", b"\xff"):
        with pytest.raises(RefusedError):
            arguments_of(_headers({}), body, CHAT)


def test_errors_have_openais_shape_and_the_sdks_status() -> None:
    """Status and message of the SDK's exception; one without a status is 500, and never a status that is no error."""

    class SdkError(Exception):
        status_code: Any = 429
        message = "slow down"

    answer = said(SdkError())
    assert answer.status == 429
    assert json.loads(answer.body)["error"] == {
        "message": "slow down", "type": "rate_limit_error", "param": None, "code": "429"
    }  # fmt: skip
    SdkError.status_code = 200
    assert said(SdkError()).status == 500
    assert said(ValueError("odd")).status == 500
    assert said(TimeoutError()).status == 504


def test_a_traceback_is_not_told() -> None:
    """What the SDK says of its own faults ends before the stack with the machine's paths."""
    error = ValueError("litellm.APIConnectionError: odd\nTraceback (most recent call last):\n  File x")
    assert json.loads(said(error).body)["error"]["message"] == "litellm.APIConnectionError: odd"


def test_usage_stands_in_a_chunk_without_choices() -> None:
    """The SDK's last chunk has an empty choice beside the usage; OpenAI's has none."""
    last = Dumped(id="c", choices=[{"index": 0, "delta": {"role": "assistant"}}], usage={"prompt_tokens": 1})
    assert json.loads(chunk_body(last))["choices"] == []
    spoken = Dumped(id="c", choices=[{"index": 0, "delta": {"content": "a"}}], usage={"prompt_tokens": 1})
    assert json.loads(chunk_body(spoken))["choices"] == [
        {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
    ]  # fmt: skip


def test_empty_members_of_a_message_go() -> None:
    """No `"tool_calls": null`; `content` stays, as OpenAI has it."""
    body = Dumped(choices=[{"message": {"role": "assistant", "content": None, "tool_calls": None}}])
    assert json.loads(whole_body(body))["choices"][0]["message"] == {"role": "assistant", "content": None}


def test_the_child_gets_providers_variables_and_none_of_the_gateways() -> None:
    """Keys of providers stay; master key, database and data folder go; the token stands on no command line."""
    found = environment({
        "AWS_PROFILE": "p", "LITELLM_MASTER_KEY": "sk-1", "DATABASE_URL": "postgres://", "TRUNKLINE_DATA": "d",
    })  # fmt: skip
    assert found["AWS_PROFILE"] == "p"
    assert not found.keys() & {"LITELLM_MASTER_KEY", "DATABASE_URL", "TRUNKLINE_DATA"}
    assert found["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert command()[1:4] == ["-m", "trunkline.local.bridge", "--parent"]
    assert len(command()) == 5


async def test_without_the_sdk_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what to install; it may have been taken away after the configuration was read."""
    monkeypatch.setattr(bridge_process, "installed", lambda: False)
    bridge = Bridge(dict)
    with pytest.raises(BridgeError, match=r"trunkline\[litellm\]"):
        await bridge.ensure()
    assert bridge.pid is None


async def test_a_child_that_cannot_start_says_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote before it ended is the reason; the next call tries again."""
    import sys

    monkeypatch.setattr(bridge_process, "installed", lambda: True)
    monkeypatch.setattr(bridge_process, "command", lambda: [sys.executable, "-c", "raise SystemExit('no such thing')"])
    bridge = Bridge(dict)
    for _ in range(2):
        with pytest.raises(BridgeError, match="no such thing"):
            await bridge.ensure()
