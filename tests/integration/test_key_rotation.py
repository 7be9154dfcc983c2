"""The master key is changed while clients still have the former one, and keys of providers change in `.env`."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import ROOT, Gateway, model
from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer, RawConnection, exchange, json_request

CHAT = "/v1/chat/completions"
GUIDE = ROOT / "docs" / "guides" / "security.md"
NEW = "sk-the-new-master-key-0123456789abcdef"
EXPIRES = "x-trunkline-key-expires"


def until(ready: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Poll until it is so."""
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def ask(gateway: Gateway, key: str, *, stream: bool = False, name: str = "plain") -> Answer:
    """A call on a connection of its own."""
    body = {"model": name, "messages": [{"role": "user", "content": "x"}], "stream": stream, "user": "rotation"}
    return exchange(gateway.port, json_request(CHAT, body, key, {"Connection": "close"}))


def rotate(gateway: Gateway, **entry: str) -> str:
    """Write the new key and the former one into the configuration; returns the former one when both are let in."""
    former = gateway.master_key
    config = json.loads(gateway.config_file.read_text())
    config["general_settings"]["master_key"] = NEW
    config["general_settings"]["trunkline"]["previous_master_keys"] = [{"key": "os.environ/LITELLM_MASTER_KEY"} | entry]
    gateway.config_file.write_text(json.dumps(config))
    assert until(lambda: ask(gateway, NEW).status == 200)
    return former


def ends(answer: Answer) -> float:
    """When the key of this answer ends, wall clock seconds."""
    return parsedate_to_datetime(answer.header(EXPIRES) or "").timestamp()


def uses(gateway: Gateway, key: str) -> int:
    """What `/metrics` counts."""
    text = gateway.get("/metrics", key=key).body.decode()
    line = next(line for line in text.splitlines() if line.startswith("trunkline_former_key_uses_total "))
    return int(line.split()[1])


def test_both_keys_work_for_a_day_after_the_change(make_gateway: MakeGateway) -> None:
    """The former key is let in, told on every kind of answer when it ends, counted, and named nowhere."""
    gateway = make_gateway()
    former = rotate(gateway)
    for answer in (
        ask(gateway, former),
        ask(gateway, former, stream=True),
        ask(gateway, former, name="no-such-model"),
        gateway.get("/v1/models", key=former),
        gateway.get("/model/info", key=former),
        gateway.get("/metrics", key=former),
    ):
        assert answer.status in (200, 400), answer.body
        assert abs(ends(answer) - time.time() - 24 * 3600) < 30
    assert ask(gateway, NEW).header(EXPIRES) is None
    assert uses(gateway, NEW) >= 6
    assert ask(gateway, former[:-1] + "x").status == 401
    log = gateway.log()
    assert log.count("a former master key is still in use") == 1
    assert former not in log
    assert NEW not in log
    rows = gateway.wait_rows(lambda rows: len({row["api_key"] for row in rows}) == 2)
    assert {row["api_key"] for row in rows} == {hashlib.sha256(key.encode()).hexdigest() for key in (former, NEW)}


def test_it_is_refused_from_its_instant_on(make_gateway: MakeGateway) -> None:
    """A kept connection that the former key came in on is refused too once the stated time has come."""
    gateway = make_gateway(trunkline={"keepalive_seconds": 20.0})
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=8)
    former = rotate(gateway, until=end.isoformat())
    request = json_request(CHAT, {"model": "plain", "messages": [{"role": "user", "content": "x"}]}, former)
    with RawConnection(gateway.port) as connection:

        def status() -> int:
            connection.send(request)
            return connection.answer().status

        assert status() == 200
        assert until(lambda: status() == 401, 30.0)
        assert time.time() >= end.timestamp()
    assert ask(gateway, former).status == 401
    assert ask(gateway, NEW).status == 200


def test_a_restart_does_not_begin_the_day_anew(make_gateway: MakeGateway) -> None:
    """The variable alone is enough, and the end stays where it was over a restart of two workers."""
    gateway = make_gateway(workers=2)
    former = gateway.master_key
    gateway.stop()
    gateway.master_key = NEW
    gateway.config.environment = {"LITELLM_MASTER_KEY_PREVIOUS": former}
    gateway.start()
    first = ends(ask(gateway, former))
    gateway.stop()
    seen = json.loads((gateway.data / "former-keys.json").read_text())
    (gateway.data / "former-keys.json").write_text(json.dumps({name: at - 3600 for name, at in seen.items()}))
    gateway.start()
    assert ends(ask(gateway, former)) == first - 3600
    assert former not in (gateway.data / "former-keys.json").read_text()


def test_the_commands_of_the_guide_refuse_nobody(make_gateway: MakeGateway) -> None:
    """The block of docs/guides/security.md as it stands there: the former key is let in before, while and after it runs."""
    gateway = make_gateway(general={"master_key": None}, prefix=("env", "-u", "LITELLM_MASTER_KEY"))
    folder = gateway.config_file.parent
    former = gateway.master_key
    (folder / ".env").write_text(f"LITELLM_MASTER_KEY={former}\n")
    assert until(lambda: ask(gateway, "sk-no-key-at-all-0000").status == 401)
    block = GUIDE.read_text().split("```bash\nold=", 1)[1].split("```", 1)[0]
    seen: list[int] = []

    def change() -> None:
        subprocess.run(["bash", "-ec", "old=" + block], cwd=folder, check=True)

    thread = threading.Thread(target=change)
    thread.start()
    written = ""
    while not (written and EXPIRES in str(ask(gateway, former).headers).lower()):
        seen.append(ask(gateway, former).status)
        assert len(seen) < 2000
        if not thread.is_alive():
            written = dict(line.split("=", 1) for line in (folder / ".env").read_text().split())["LITELLM_MASTER_KEY"]
    thread.join()
    assert set(seen) == {200}
    assert written != former
    assert ask(gateway, written).status == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_a_key_written_into_the_env_file_brings_the_model(
    make_gateway: MakeGateway, provider: FakeProvider, workers: int
) -> None:
    """`.env` that appears or changes is read without a restart by every worker; the next call goes out with its key."""
    late = model("late", "plain", provider.base_url, api_key="os.environ/LATE_PROVIDER_KEY")
    gateway = make_gateway(models=[model("plain", "plain", provider.base_url), late], workers=workers)
    env = gateway.config_file.with_name(".env")
    key = gateway.master_key
    assert ask(gateway, key, name="late").status != 200

    def sent(value: str) -> bool:
        """Twelve calls in a row go out with this key: with two workers, from both."""
        since = len(provider.ledger())
        if any(ask(gateway, key, name="late").status != 200 for _ in range(12)):
            return False
        digest = hashlib.sha256(value.encode()).hexdigest()[:12]
        return all(entry.key == digest for entry in provider.ledger(since))

    for value in ("sk-first-provider-key-000001", "sk-second-provider-key-00002"):
        env.write_text(f"LATE_PROVIDER_KEY={value}\n")
        assert until(lambda value=value: sent(value))  # type: ignore[misc]  # mypy cannot infer a bound default
    env.unlink()
    assert until(lambda: all(ask(gateway, key, name="late").status != 200 for _ in range(12)))


def test_the_environment_wins_over_the_env_file(make_gateway: MakeGateway, provider: FakeProvider) -> None:
    """A variable of the real environment stays what it is, whatever `.env` says."""
    gateway = make_gateway()
    gateway.config_file.with_name(".env").write_text("CANARY_PROVIDER_KEY=sk-from-the-file-0123456\nOTHER=1\n")
    assert until(lambda: "is in force" in gateway.log())
    since = len(provider.ledger())
    assert ask(gateway, gateway.master_key).status == 200
    assert provider.ledger(since)[-1].key == hashlib.sha256(gateway.provider_key.encode()).hexdigest()[:12]
