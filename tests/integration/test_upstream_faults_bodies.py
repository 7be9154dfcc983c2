"""U15, U16, U18, U19, U23, U27: answers that are not what they claim, and hostile heads."""

from __future__ import annotations

import pytest

from tests.support.gateway import resident
from tests.support.load import at_once, call
from tests.support.trial import EMBEDDINGS, ONCE, Trial

pytestmark = pytest.mark.alone

MIB = 1 << 20


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["html", "html_as_json", "html_as_sse", "empty", "text", "array", "null"])
def test_u15_a_200_that_is_no_answer_is_a_502(trial: Trial, kind: str, *, stream: bool) -> None:
    """U15: HTML, an empty body or the wrong type with status 200 is a typed 502; nothing of it is relayed."""
    told = trial.call(f"fault:wrong:kind={kind}", stream=stream, headers=ONCE)
    assert told.answer.status == 502, (told.answer.status, told.answer.body)
    assert str(told.answer.error_body["message"]).startswith("litellm.")
    assert b"captive portal" not in told.answer.body
    assert (told.answer.header("content-type") or "").startswith("application/json")
    row = trial.row(told.marker)
    assert row["status"] == "failure"
    assert row["outcome"] in ("upstream_error", "truncated")


def test_u15_another_deployment_answers_instead(trial: Trial) -> None:
    """U15: a captive portal in front of one deployment is not seen where another lives."""
    assert trial.call("over/fault:wrong:kind=html").acknowledged


def test_u16_a_huge_error_body_is_not_read(trial: Trial) -> None:
    """U16: of a 500 with 100 MB of body at most what buffers hold is taken; memory grows by at most 1 MiB."""
    (worker,) = trial.gateway.worker_pids()
    for _ in range(2):
        trial.call("fault:big_error", headers=ONCE)
    before = resident(worker)
    told = trial.call("fault:big_error", headers=ONCE)
    assert told.answer.status == 500
    assert len(told.answer.body) < 65536
    assert resident(worker) - before <= MIB
    entry = trial.ended(told.marker)
    assert entry.ended == "client_closed"
    # What the provider could write went into kernel buffers, which autotuning lets grow to a few MiB.
    assert entry.answer_bytes < 16 * MIB


@pytest.mark.parametrize("stream", [False, True])
def test_u18_a_gzip_bomb_is_never_unpacked(trial: Trial, *, stream: bool) -> None:
    """U18: compression is not asked for; 1 GB of blanks in a gzip body is an error and costs no memory."""
    (worker,) = trial.gateway.worker_pids()
    trial.call("fault:gzip:megabytes=1", stream=stream, headers=ONCE)
    before = resident(worker)
    told = trial.call("fault:gzip:megabytes=1024", stream=stream, headers=ONCE, seconds=30)
    assert told.answer.status == 502, (told.answer.status, told.answer.body[:200])
    assert resident(worker) - before <= 32 * MIB
    sent = dict(trial.entry(told.marker).headers)
    assert {name.lower(): value for name, value in sent.items()}.get("accept-encoding", "identity") == "identity"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["bare_lf", "bare_cr", "nul", "no_colon", "space", "fold", "long"])
def test_u19_malformed_heads_are_not_relayed(trial: Trial, kind: str, *, stream: bool) -> None:
    """U19: a header that is no header is a 502, or is left out; it never splits into one of the client's answer."""
    told = trial.call(f"fault:headers:kind={kind}", stream=stream, headers=ONCE)
    assert told.answer.complete, told.answer.error
    assert told.answer.status in (200, 502)
    names = {name.lower() for name, _ in told.answer.headers}
    assert not names & {"x-injected", "x-a", "x-space", "x-fold", "set-cookie", "x-long"}, names
    if kind not in ("long", "fold"):
        assert told.answer.status == 502


@pytest.mark.parametrize("stream", [False, True])
def test_u19_no_cookie_and_no_hop_by_hop_header_comes_through(trial: Trial, *, stream: bool) -> None:
    """U19: 1,000 cookies, hop-by-hop headers and forged gateway headers stay behind."""
    cookies = trial.call("fault:headers:kind=cookies", stream=stream)
    assert cookies.answer.status in (200, 502)
    hop = trial.call("fault:headers:kind=hop", stream=stream)
    assert hop.acknowledged
    for told in (cookies, hop):
        names = [name.lower() for name, _ in told.answer.headers]
        assert len(names) == len(set(names)), names
        forbidden = {"set-cookie", "x-private", "keep-alive", "proxy-authenticate", "upgrade", "trailer", "alt-svc"}
        forbidden |= {"access-control-allow-origin", "strict-transport-security"}
        assert not {name.removeprefix("llm_provider-") for name in names} & forbidden, names
        assert not [value for _, value in told.answer.headers if "stolen" in value or value == "secret"]
        assert told.answer.header("x-litellm-call-id") != "forged"
        assert told.answer.header("server") != "fake"
    assert hop.answer.header("x-litellm-call-id") == trial.row(hop.marker)["request_id"]


LIES = ["missing", "twice", "negative", "huge", "nan", "string", "words", "null", "list", "float", "half", "nested",
        "decreasing"]  # fmt: skip


@pytest.mark.parametrize("kind", LIES)
def test_u23_lies_about_usage_never_break_or_pay_back(trial: Trial, kind: str) -> None:
    """U23: usage that is missing, doubled, negative, absurd or no number: no crash, no negative charge, a flag."""
    calls = [
        call(trial, f"fault:usage:kind={kind}", headers=ONCE),
        call(trial, f"fault:usage:kind={kind}", stream=True, headers=ONCE),
        call(trial, f"fault:usage:kind={kind}", stream=True, headers=ONCE, stream_options={"include_usage": True}),
        call(trial, f"fault:usage:kind={kind}", path=EMBEDDINGS, headers=ONCE),
    ]
    for told in at_once(calls):
        assert told.answer.status == 200 or kind == "nan", (told.answer.status, told.answer.body)
        row = trial.row(told.marker)
        prompt, completion, spend = row["prompt_tokens"], row["completion_tokens"], row["spend"]
        assert isinstance(prompt, int)
        assert isinstance(completion, int)
        assert 0 <= prompt < 10**6
        assert 0 <= completion < 10**6
        assert 0 <= float(str(spend)) < 10
        if told.answer.status == 200 and kind in ("missing", "negative", "huge", "words", "null", "list"):
            if kind in ("null", "missing") or told.stream or b"usage" in told.answer.body:
                assert row["usage_source"] == "estimated", (kind, row["usage_source"])
            assert prompt >= 1


def test_u23_of_two_usages_the_last_true_one_counts(trial: Trial) -> None:
    """U23: where usage comes twice in a stream, the last one is the provider's word."""
    told = trial.call("fault:usage:kind=twice", stream=True)
    entry, row = trial.ended(told.marker), trial.row(told.marker)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (entry.prompt_tokens, entry.completion_tokens)


@pytest.mark.parametrize("code", [102, 103])
@pytest.mark.parametrize("stream", [False, True])
def test_u27_a_few_interim_answers_are_read_and_a_flood_is_refused(trial: Trial, code: int, *, stream: bool) -> None:
    """U27: up to 8 interim answers are skipped; 1,000 of them are an error, at once."""
    few = trial.call(f"fault:interim:code={code},count=8", stream=stream, headers=ONCE)
    assert few.acknowledged, few.answer
    assert few.answer.interim == []
    flood = trial.call(f"fault:interim:code={code},count=1000", stream=stream, headers=ONCE)
    assert flood.answer.status == 502, flood.answer
    assert flood.seconds < 1


def test_u27_a_provider_that_wants_to_switch_protocols_is_refused(trial: Trial) -> None:
    """U27: 101 is no answer to a request that asked for no upgrade."""
    told = trial.call("fault:interim:code=101,count=1", headers=ONCE)
    assert told.answer.status == 502
