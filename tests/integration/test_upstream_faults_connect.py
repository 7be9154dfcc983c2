"""U01-U03, U09, U10, U17, U21, U22, U25, U26: a provider that cannot be reached, or breaks before it answers."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.answers import Answer
from tests.support.checker import Told
from tests.support.fixtures import MakeGateway
from tests.support.gateway import SHORT, model
from tests.support.load import at_once, call, closed_loop
from tests.support.provider import FakeProvider
from tests.support.trial import ONCE, Trial
from trunkline.routing.cooldown import retry_after_seconds

pytestmark = pytest.mark.alone

SLACK = 0.25
"""Seconds that a timeout may be late (reliability.md, section 4)."""


def assert_unreachable(told: Told) -> None:
    """The client reads a typed 503 of a call that reached nobody."""
    assert told.answer.status == 503, (told.answer.status, told.answer.body)
    assert str(told.answer.error_body["message"]).startswith("litellm.")
    assert told.answer.error_body["code"] == "503"


@pytest.mark.parametrize("stream", [False, True])
def test_u01_refused_connection_is_a_503_within_100_ms(trial: Trial, *, stream: bool) -> None:
    """U01: with nobody listening the client reads 503 at once, and the row charges nothing."""
    trial.call("plain")
    told = trial.call("closed", stream=stream, headers=ONCE)
    assert_unreachable(told)
    assert told.seconds < 0.1
    row = trial.row(told.marker)
    assert (row["status"], row["outcome"], row["usage_source"], row["total_tokens"]) == (
        "failure", "upstream_error", "none", 0,
    )  # fmt: skip
    assert row["spend"] == 0


def test_u01_refused_connection_moves_on_to_the_next_deployment(trial: Trial) -> None:
    """U01: where another deployment lives the client sees no error, and no wait."""
    for stream in (False, True):
        told = trial.call("over-closed", stream=stream)
        assert told.acknowledged, told.answer
        assert told.seconds < 0.2
        assert trial.row(told.marker)["attempts"] == 2


@pytest.mark.parametrize("port", ["blackhole", "tls_stall"])
def test_u02_u03_connect_ends_at_its_own_timeout(trial: Trial, port: str) -> None:
    """U02, U03: dropped SYNs and an unanswered ClientHello end at `connect_timeout`, not at the total one."""
    limit = SHORT["connect_timeout"]
    told = trial.call(port, headers=ONCE)
    assert_unreachable(told)
    assert limit - 0.05 <= told.seconds <= limit + SLACK
    over = trial.call(f"over-{port}")
    assert over.acknowledged, over.answer
    assert over.seconds <= limit + SLACK + 0.1


@pytest.mark.parametrize("fault", ["rst_head", "rst_first", "fin_head"])
def test_u09_u10_reset_before_the_first_event_is_not_seen(trial: Trial, fault: str) -> None:
    """U09, U10: a reset before any event is answered by another deployment, or by one more attempt."""
    model_names = [f"over/fault:{fault}", f"fault:{fault}:times=1"]
    calls = [call(trial, name, stream=stream) for name in model_names for stream in (False, True) for _ in range(10)]
    for told in at_once(calls):
        assert told.acknowledged, (told.answer.status, told.answer.body, told.answer.error)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["rst_head", "rst_first", "fin_head"])
def test_u09_u10_reset_is_an_error_when_nothing_else_lives(trial: Trial, fault: str, *, stream: bool) -> None:
    """U09, U10: with no other place and no retry left, the client reads a typed error and no half answer."""
    told = trial.call(f"fault:{fault}", stream=stream, headers=ONCE)
    assert told.answer.status in (502, 503)
    assert told.answer.complete
    assert str(told.answer.error_body["message"]).startswith("litellm.")


RETRY_AFTER = ["3600", "-1", "0", "Wed;_21_Oct_2099_07:28:00_GMT", "soon", "1000000000000", "1e9", ""]


def test_u17_retry_after_is_capped_and_never_breaks(trial: Trial) -> None:
    """U17: whatever `Retry-After` says, the call ends inside its total limit and the deployment stays usable."""
    names = [f"fault:status:code={code},times=1,retry_after={value}" for code in (429, 503) for value in RETRY_AFTER]
    for told in at_once(call(trial, name, headers={"x-litellm-timeout": "4"}) for name in names):
        assert told.seconds < 4 + 0.5
        assert told.answer.status in (200, 429, 503), (told.answer.status, told.answer.body)
    after = trial.call("fault:ok")
    assert after.acknowledged
    assert after.seconds < 0.5


@pytest.mark.parametrize("value", RETRY_AFTER)
def test_u17_no_retry_after_asks_for_more_than_30_seconds(value: str) -> None:
    """U17: 3600, 10^12, dates, negatives and garbage all give a wait of at most 30 s, or none."""
    wait = retry_after_seconds(value.translate(str.maketrans("_;", " ,")).encode())
    assert wait is None or 0 <= wait <= 30


def test_u17_a_deployment_is_cooled_but_not_ejected_for_ever(provider: FakeProvider, make_gateway: MakeGateway) -> None:
    """U17: after a 429 with an absurd `Retry-After` the other deployment serves; soon the first is used again."""
    absurd = "fault:status:code=429,retry_after=1000000000000,times=1"
    models = [
        model("two", absurd, provider.base_url, order=1, cooldown_time=1),
        model("two", "second", provider.base_url, order=2),
    ]
    gateway = make_gateway(models=models, router={"num_retries": 1})
    trial = Trial(provider, gateway)
    first = trial.call("two", user="u17")
    trial.markers.add("u17")
    assert first.answer.status == 200
    used: list[str] = []
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        assert trial.call("two", user="u17").answer.status == 200
        used.append(trial.provider.entries("u17", trial.since)[-1].model)
        if used[-1] != "second":
            break
        time.sleep(0.1)
    assert used[0] == "second", "the deployment that said 429 was used again at once"
    assert used[-1] != "second", "the deployment stayed ejected for more than 5 s"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_u21_idle_close_at_the_moment_of_reuse_is_not_seen(trial: Trial, how: str) -> None:
    """U21: a provider that closes 0-5 ms after each answer causes no visible error (300 calls here, 10,000 nightly)."""
    ends = time.monotonic() + 30
    results: list[Told] = []
    for ms in (0, 1, 2, 3, 5):
        before = len(trial.told)

        def enough(before: int = before) -> bool:
            return len(trial.told) - before >= 30 or time.monotonic() > ends

        name = f"fault:close_idle:ms={ms},how={how}"
        # Without a retry: what hides the race is the silent second sending, not another attempt.
        results += asyncio.run(closed_loop(trial, clients=4, until=enough, model=name, headers=ONCE))
    assert len(results) >= 150
    bad = [told.answer for told in results if not told.acknowledged]
    assert not bad, (len(bad), bad[0])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_u22_redirects_are_not_followed(trial: Trial, code: int, *, stream: bool) -> None:
    """U22: a redirect is a malformed answer; nothing, and above all no key, goes to where it points."""
    before = trial.provider.counts().canary
    told = trial.call(f"fault:redirect:code={code}", stream=stream, headers=ONCE)
    assert told.answer.status == 502
    assert told.answer.header("location") is None
    assert trial.provider.counts().canary == before


@pytest.mark.parametrize("port", ["tls_expired", "tls_wrong_name", "tls_self_signed", "tls_old"])
def test_u26_bad_tls_is_refused_before_anything_is_sent(trial: Trial, port: str) -> None:
    """U26: expired, wrong name, self-signed and TLS 1.0 are refused; the good port of the same CA works."""
    good = trial.call("tls", stream=True)
    assert good.acknowledged, good.answer
    told = trial.call(port, headers=ONCE)
    assert_unreachable(told)
    assert trial.entries(told.marker) == []
    assert trial.row(told.marker)["usage_source"] == "none"
    assert trial.call(f"over-{port}").acknowledged


def test_u17_provider_errors_keep_status_and_litellms_form(trial: Trial) -> None:
    """U17: statuses of the provider reach the client as they are, in OpenAI's form, however the body looked."""

    def check(answer: Answer, code: int) -> None:
        assert answer.status == code
        assert answer.error_body["code"] in (str(code), None)  # a body in OpenAI's shape passes as it is (ADR 0007)
        assert b"<html" not in answer.body.lower()

    for body in ("json", "html", "none"):
        for code in (400, 401, 403, 404, 409, 422, 429, 500, 503, 529):
            told = trial.call(f"fault:status:code={code},body={body}", headers=ONCE)
            check(told.answer, code)
            assert trial.row(told.marker)["http_status"] == code
