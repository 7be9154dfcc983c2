"""K01, K02: after a run with errors of every kind, no secret stands anywhere but on the one socket it is for."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from pathlib import Path

import pytest

from tests.support.checker import places_of, scan
from tests.support.gateway import Gateway, GatewayConfig, standard_models
from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer, exchange, json_request, request_bytes

CHAT = "/v1/chat/completions"
MODELS = (
    "plain", "fault:status:code=401", "fault:status:code=403,body=html", "fault:status:code=429,retry_after=0",
    "fault:status:code=500,body=none", "fault:silent", "fault:rst_head", "fault:fin_head", "fault:head_only",
    "fault:stall:after=1", "fault:rst_at:after=1", "fault:fin_at:after=1", "fault:fin_event:after=1",
    "fault:error_event:after=1", "fault:wrong", "fault:big_error", "fault:gzip", "fault:headers:kind=nul",
    "fault:headers:kind=hop", "fault:lie", "fault:redirect", "fault:usage:kind=negative", "fault:interim", "fault:line",
    "closed", "blackhole", "tls_stall", "tls_expired", "tls_wrong_name", "tls_self_signed", "tls_old",
    "nothing-of-the-kind",
)  # fmt: skip


@pytest.fixture(scope="module")
def canaries() -> dict[str, str]:
    """A value of its own for every slot that holds a secret."""
    slots = ("the provider key", "the second provider key", "the header key", "the database password")
    return {slot: "canary" + secrets.token_hex(20) for slot in slots}


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_secret_is_anywhere(provider: FakeProvider, tmp_path: Path, canaries: dict[str, str], level: str) -> None:
    """Logs at DEBUG, error bodies, headers, pages, the data folder with its database, and command lines hold none."""
    models = standard_models(provider)
    params = models[0]["litellm_params"]
    assert isinstance(params, dict)
    written = {"model": "openai/x", "api_base": provider.base_url, "api_key": canaries["the second provider key"]}
    models.append({"model_name": "written", "litellm_params": written})
    headed = written | {"extra_headers": {"X-Secret-Token": canaries["the header key"]}}
    models.append({"model_name": "headed", "litellm_params": headed})
    config = GatewayConfig(
        models=models, environment={"TRUNKLINE_LOG": level, "SSL_CERT_FILE": provider.ports.ca_file},
        router={"num_retries": 0}, litellm={"request_timeout": 2},
        trunkline={"first_byte_timeout": 0.6, "idle_timeout": 0.5, "connect_timeout": 0.5},
    )  # fmt: skip
    with Gateway(tmp_path, config) as gateway:
        answers = list(calls(gateway))
        answers += admin(gateway)
        known = canaries | {
            "the master key": gateway.master_key,
            "the environment's provider key": gateway.provider_key,
        }
        del known["the database password"]
        gateway.wait_rows(lambda rows: len(rows) >= len(MODELS))
        while_running = scan(known, places_of(gateway, answers))
        assert gateway.stop() == 0
        places = places_of(gateway, answers)
        places["trunkline check"] = check(gateway)
    assert not while_running
    assert not scan(known, places)
    assert b"Traceback" not in places["the log"]
    seen = {entry.key for entry in provider.ledger()}
    assert seen, "the provider saw no key at all: nothing was tested"


def calls(gateway: Gateway) -> list[Answer]:
    """Each model streaming and not, with the good key; and with bad ones."""
    from concurrent.futures import ThreadPoolExecutor

    def one(job: tuple[str, bool]) -> Answer:
        name, stream = job
        body = {"model": name, "user": f"canary {name[:60]}", "messages": [], "stream": stream}
        with contextlib.suppress(TimeoutError):
            return exchange(gateway.port, json_request(CHAT, body, gateway.master_key), seconds=15)
        return Answer()

    jobs = [(name, stream) for name in (*MODELS, "written", "headed") for stream in (False, True)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, jobs))
    broken = b'{"model": "plain", "messages": [' + gateway.master_key[:3].encode()
    head = {"Authorization": f"Bearer {gateway.master_key}"}
    answers.append(exchange(gateway.port, request_bytes("POST", CHAT, broken, head)))
    wrongs = (gateway.master_key[:-1], gateway.master_key + "x", gateway.master_key.upper())
    answers += [exchange(gateway.port, json_request(CHAT, {"model": "plain"}, wrong)) for wrong in wrongs]
    path = f"/v1/nothing?key={gateway.master_key}"
    answers.append(exchange(gateway.port, request_bytes("POST", path, b"{}")))
    return answers


def admin(gateway: Gateway) -> list[Answer]:
    """Pages that show the configuration."""
    pages = (
        "/model/info", "/v1/model/info", "/v1/models", "/health", "/health?probe=true", "/health/readiness", "/metrics",
        "/openapi.json", "/docs", "/nothing", "/v1/models/nothing",
    )  # fmt: skip
    answers = [gateway.get(page, seconds=20) for page in pages]
    answers.append(exchange(gateway.port, json_request("/config/reload", {}, gateway.master_key)))
    for answer in answers:
        answer.status = answer.status if answer.status != 200 else 299  # the scan reads bodies of all but 200
    return answers


def check(gateway: Gateway) -> bytes:
    """`trunkline check` of the same file."""
    environ = {**os.environ, "LITELLM_MASTER_KEY": gateway.master_key, "CANARY_PROVIDER_KEY": gateway.provider_key}
    done = subprocess.run(
        [*Gateway.command(), "check", "--config", str(gateway.config_file)], env=environ, capture_output=True,
        cwd=gateway.config_file.parent, timeout=30,
    )  # fmt: skip
    assert done.stdout or done.stderr
    return done.stdout + done.stderr


def test_the_databases_password_is_kept(provider: FakeProvider, tmp_path: Path, canaries: dict[str, str]) -> None:
    """A database that is not there: its address with the password stands in no log, page, file or command line."""
    password = canaries["the database password"]
    url = f"postgresql://ledger:{password}@127.0.0.1:{provider.ports.closed}/ledger"
    config = GatewayConfig(
        models=standard_models(provider), environment={"DATABASE_URL": url, "TRUNKLINE_LOG": "DEBUG"}
    )
    with Gateway(tmp_path, config) as gateway:
        answer = exchange(gateway.port, json_request(CHAT, {"model": "plain", "messages": []}, gateway.master_key))
        assert answer.status == 200
        log = ""
        for _ in range(100):
            log = gateway.log()
            if "ship" in log and gateway.get("/health/readiness").status:
                break
        answers = [answer, *admin(gateway)]
        found = scan({"the database password": password}, places_of(gateway, answers))
        gateway.stop()
        found += scan({"the database password": password}, places_of(gateway, answers))
    assert not found
    assert "Traceback" not in gateway.log()
