"""Recorded traffic of six providers through the real gateway: what leaves equals what came, byte for byte.

The recordings stand in `../shared/recordings`; without them these tests fail (they never pass unseen).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.replay import Replayer, Reply
from tests.support.gateway import Gateway, GatewayConfig, Row
from tests.support.raw_http import Answer, exchange, json_request
from trunkline.ir import Usage
from trunkline.wire.openai_chat.usage import later, parse_answer, parse_chunk

RECORDINGS: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings"
PROVIDERS: Final = ("openai", "azure", "groq", "mistral", "deepseek", "openrouter")
SURFACES: Final = ("chat", "completions", "embeddings")
PREFIXES: Final = {"groq": "groq", "mistral": "mistral", "deepseek": "deepseek", "openrouter": "openrouter"}
DIALECTS: Final = {"openai": "openai", "azure": "openai"} | {name: name for name in PREFIXES}
CUTS: Final = (1, 2, 3, 7, 1024)
TAILS: Final = {"chat": "chat/completions", "completions": "completions", "embeddings": "embeddings"}
BASES: Final = {
    "openai": "/v1", "groq": "/openai/v1", "mistral": "/v1", "deepseek": "", "openrouter": "/api/v1", "azure": ""
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """One exchange."""

    name: str
    provider: str
    surface: str
    request: dict[str, Any] | None
    response: dict[str, Any]

    @property
    def asked(self) -> dict[str, Any]:
        """The recorded body; a plausible one for answers without a request."""
        if self.request is not None:
            body = self.request["body"]
            assert isinstance(body, dict), self.name
            return body
        body = {"model": "recorded", "messages": [{"role": "user", "content": "x"}]}
        return body | ({"stream": True, "stream_options": {"include_usage": True}} if "sse" in self.response else {})

    @property
    def model(self) -> str:
        """The upstream model: of the path for Azure's classic face, else of the body."""
        path = str(self.request["path"]) if self.request is not None else ""
        return path.split("/")[3] if "/deployments/" in path else str(self.asked.get("model", "recorded"))

    @property
    def stream(self) -> bytes | None:
        """The recorded stream."""
        text = self.response.get("sse")
        return text.encode() if isinstance(text, str) else None

    @property
    def whole(self) -> bytes:
        """The recorded body (white space is not what it was: recordings were written anew)."""
        return json.dumps(self.response["body"], ensure_ascii=False).encode()

    @property
    def usage(self) -> Usage | None:
        """The usage that the answer reports, read as the provider counts."""
        dialect = DIALECTS[self.provider]
        if self.stream is None:
            facts = parse_answer(self.whole, dialect)
            return facts.usage if facts is not None else None
        found: Usage | None = None
        for line in self.stream.splitlines():
            if line.startswith(b"data: {"):
                chunk = parse_chunk(line[6:], dialect)
                assert chunk is not None
                found = later(found, chunk.usage)
        return found


def recordings() -> list[Recording]:
    """The six providers' chats, completions and embeddings, response-only fixtures included."""
    found = []
    for provider in PROVIDERS:
        for surface in SURFACES:
            for path in sorted((RECORDINGS / provider / f"{provider}.{surface}").glob("*.json")):
                read = json.loads(path.read_text())
                name = f"{provider}.{surface}/{path.stem}"
                found.append(Recording(name, provider, surface, read["request"], read["response"]))
    return found


ALL: Final = recordings()
STREAMED: Final = [one for one in ALL if one.stream is not None]


def test_the_recordings_are_there() -> None:
    """No recordings, no test: this fails and says where to put them."""
    assert RECORDINGS.is_dir(), "the recordings are not there: put them at `../shared/recordings`"
    assert len(ALL) >= 180
    assert {one.provider for one in ALL} == set(PROVIDERS)
    assert len(STREAMED) >= 50


@pytest.fixture(scope="module")
def replayer() -> Iterator[Replayer]:
    """The provider behind the gateway."""
    with Replayer() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(replayer: Replayer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose groups are `<provider>` for each provider and model, and one group a classic Azure deployment."""
    models: list[dict[str, object]] = []
    for provider in PROVIDERS:
        for name in sorted({one.model for one in ALL if one.provider == provider}):
            params: dict[str, object] = {
                "api_key": "os.environ/CANARY_PROVIDER_KEY",
                "input_cost_per_token": 1e-6,
                "output_cost_per_token": 2e-6,
            }
            params |= {"model": f"{provider}/{name}", "api_base": replayer.url + BASES[provider]}
            if provider == "azure":
                classic = any(
                    "/deployments/" in str((one.request or {}).get("path")) for one in ALL if one.model == name
                )
                params |= {"api_version": "2024-02-01" if classic else "v1"}
            models.append({"model_name": f"{provider}:{name}", "litellm_params": params})
    config = GatewayConfig(models=models, router={"num_retries": 0})
    with Gateway(tmp_path_factory.mktemp("recordings"), config) as running:
        yield running


def play(gateway: Gateway, replayer: Replayer, one: Recording, marker: str, cut: int = 0) -> Answer:
    """Send the recorded request with the gateway's name of the model; the provider answers as it did."""
    if one.stream is not None:
        replayer.reply = Reply(one.response["status"], "text/event-stream; charset=utf-8", one.stream, cut or 1024)
    else:
        replayer.reply = Reply(one.response["status"], "application/json", one.whole, cut)
    replayer.seen.clear()
    body = {**one.asked, "model": f"{one.provider}:{one.model}", "user": marker}
    return exchange(gateway.port, json_request(f"/v1/{TAILS[one.surface]}", body, gateway.master_key))


def expected_stream(one: Recording) -> bytes:
    """What the client must see: all of it, less the usage chunk where only the gateway asked for it."""
    assert one.stream is not None
    end = one.stream.find(b"data: [DONE]")
    return one.stream[: end + len(b"data: [DONE]\n\n")] if end >= 0 else one.stream


def wants_usage(one: Recording) -> bool:
    """The client itself asked for usage."""
    return bool((one.asked.get("stream_options") or {}).get("include_usage"))


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_what_leaves_equals_what_came(gateway: Gateway, replayer: Replayer, one: Recording) -> None:
    """The request leaves with its own values but for model and asked-for usage; the answer comes back byte for byte."""
    answer = play(gateway, replayer, one, f"rec:{one.name}"[:200])
    assert answer.complete, answer.error
    (seen,) = replayer.seen
    sent, asked = json.loads(seen.body), dict(one.asked)
    assert sent.pop("user") == f"rec:{one.name}"[:200]
    asked.pop("user", None)
    added = sent.get("stream_options") != asked.get("stream_options")
    if added:
        assert one.asked.get("stream")
        assert not wants_usage(one)
        assert sent.pop("stream_options") == {**(asked.pop("stream_options", None) or {}), "include_usage": True}
    if one.provider == "azure" and "/deployments/" in seen.path:
        assert seen.path.partition("?")[0] == f"/openai/deployments/{one.model}/{TAILS[one.surface]}"
        assert "api-version=" in seen.path
    else:
        assert sent["model"] == one.model
    sent.pop("model")
    asked.pop("model", None)
    assert sent == asked, one.name
    if one.request is not None and one.provider != "azure":
        assert seen.path == one.request["path"].replace(
            "/openai/chat", "/v1/chat" if one.provider == "openai" else "/openai/chat"
        )
    check_answer(one, answer, hidden=added)


def check_answer(one: Recording, answer: Answer, *, hidden: bool) -> None:
    """Status and bytes."""
    if one.stream is None:
        shaped = isinstance(one.response["body"], dict) and isinstance(one.response["body"].get("error"), dict)
        status = one.response["status"]
        if shaped and status == 200:  # Azure's content filter of 2024: its status stands in the error
            status = one.response["body"]["error"]["status"]
        assert answer.status == status
        if answer.status == 200 or shaped:
            assert answer.body == one.whole
        else:
            assert answer.error_body["code"] == str(answer.status)
        return
    expected = expected_stream(one)
    if b'"error"' in expected and answer.status != 200:
        assert "error" in answer.json
        return
    assert answer.status == 200
    if hidden:
        expected = without_usage(expected)
    elif b'"error":{' in expected and b'"error":{' in answer.body:
        expected = expected[: len(answer.body)]
    got, wanted = (hashlib.sha256(data.strip()).hexdigest() for data in (answer.body, expected))
    assert got == wanted, f"{one.name}: {answer.body[-300:]!r} instead of {expected[-300:]!r}"


def without_usage(stream: bytes) -> bytes:
    """The stream less its usage chunk and `"usage":null`, as OpenAI sends it where nobody asked."""
    kept = []
    for event in stream.split(b"\n\n"):
        data = event.removeprefix(b"data: ")
        if data.startswith(b"{"):
            chunk = json.loads(data)
            if chunk.get("usage") and not chunk.get("choices"):
                continue
        kept.append(event.replace(b',"usage":null', b""))
    return b"\n\n".join(kept)


@pytest.mark.parametrize("cut", CUTS)
def test_streams_cut_anywhere(gateway: Gateway, replayer: Replayer, cut: int) -> None:
    """Every recorded stream in chunks of this many bytes gives the client the same bytes."""
    for at, one in enumerate(STREAMED):
        assert one.stream is not None
        if cut < 7 and len(one.stream) > 60_000:
            continue  # the long ones have nothing that the short ones lack
        answer = play(gateway, replayer, one, f"cut{cut}:{at}", cut)
        added = "stream_options" in json.loads(replayer.seen[0].body) and not wants_usage(one)
        check_answer(one, answer, hidden=added)


def test_the_ledger_has_what_the_provider_counted(gateway: Gateway, replayer: Replayer) -> None:
    """One row a call; usage in the row is the recorded usage as the provider counts; errors cost nothing."""
    told: dict[str, tuple[Recording, Answer]] = {}
    for at, one in enumerate(ALL):
        told[f"row:{at}"] = (one, play(gateway, replayer, one, f"row:{at}"))
    rows = gateway.wait_rows(lambda all_: len({r["end_user"] for r in all_} & told.keys()) == len(told), 15)
    by_marker: dict[str, list[Row]] = {}
    for row in rows:
        by_marker.setdefault(str(row["end_user"]), []).append(row)
    reported = 0
    for marker, (one, answer) in told.items():
        (row,) = by_marker[marker]
        usage = one.usage if answer.status == 200 and b'"error":{' not in answer.body else None
        assert row["http_status"] == answer.status, one.name
        if usage is not None:
            reported += 1
            assert row["usage_source"] == "provider", one.name
            assert (row["prompt_tokens"], row["completion_tokens"]) == (usage.input_total, usage.output_total), one.name
        elif answer.status != 200:
            assert row["status"] == "failure", one.name
            assert row["spend"] in (0, "0", None), one.name
    assert reported > 130
