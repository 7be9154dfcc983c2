"""`litellm_settings`, `router_settings`, `general_settings`, `trunkline`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.unit.config.written import MODEL, notes, problems, read
from trunkline.config.catalogue import SECTIONS, TRUNKLINE
from trunkline.config.snapshot import EdgeLimits, LedgerSettings, RouterSettings, Snapshot, Timeouts


def test_defaults_without_any_settings(tmp_path: Path) -> None:
    """A file with models alone gets LiteLLM's defaults and the edge's limits."""
    snapshot = read(tmp_path, MODEL)
    assert snapshot.router == RouterSettings()
    assert snapshot.limits == EdgeLimits()
    assert snapshot.ledger == LedgerSettings()
    assert snapshot.deployments[0].timeouts == Timeouts()
    assert (snapshot.master_key, snapshot.database_url, snapshot.notes) == (None, None, ())
    assert snapshot.metrics_need_key
    assert not snapshot.echo_model


@pytest.mark.parametrize(
    ("text", "first_byte"),
    [
        ("router_settings: {timeout: 11}", 11.0),
        ("router_settings: {timeout: 11}\nlitellm_settings: {request_timeout: 12}", 12.0),
        ("litellm_settings: {request_timeout: 12}\ngeneral_settings: {trunkline: {first_byte_timeout: 13}}", 13.0),
    ],
)
def test_timeouts_by_litellms_precedence(tmp_path: Path, text: str, first_byte: float) -> None:
    """Own setting, then `litellm_settings`, then `router_settings`; an entry's own wins over all."""
    assert read(tmp_path, text + MODEL).deployments[0].timeouts.first_byte == first_byte
    entry = MODEL.replace("api_key", "timeout: 3, api_key")
    assert read(tmp_path, text + entry).deployments[0].timeouts.first_byte == 3.0


def test_a_long_timeout_raises_the_total(tmp_path: Path) -> None:
    """The bound of the whole call never undercuts the wait for one answer; streams are not cut by `timeout`."""
    assert read(tmp_path, "litellm_settings: {request_timeout: 9000}" + MODEL).deployments[0].timeouts.total == 9000.0
    short = read(tmp_path, "router_settings: {timeout: 5, stream_timeout: 2}" + MODEL).deployments[0].timeouts
    assert (short.first_byte, short.stream_first_byte, short.idle, short.total) == (5.0, 2.0, 5.0, 6000.0)


def test_every_setting_of_our_own_arrives(tmp_path: Path) -> None:
    """Each key of `general_settings.trunkline` changes the field of its name."""
    written: dict[str, object] = {
        key.name: {
            "durability": "power",
            "on_client_gone": "drain",
            "serve_unmetered": "true",
            "echo_model": "true",
            "egress_allow": "10.1.0.0/16",
            "previous_master_keys": "[{key: sk-a-former-key-0123456789}]",
            "anomaly_detection": "false",
        }.get(key.name, 5000 + number)
        for number, key in enumerate(TRUNKLINE.keys)
    }
    own = "\n".join(f"    {name}: {value}" for name, value in written.items())
    snapshot = read(tmp_path, f"general_settings:\n  trunkline:\n{own}\n{MODEL}")
    assert notes(snapshot, "unknown-key") == []
    timeouts = snapshot.deployments[0].timeouts
    renamed = {
        "connect_timeout": timeouts.connect,
        "first_byte_timeout": timeouts.first_byte,
        "idle_timeout": timeouts.idle,
        "total_timeout": timeouts.total,
        "echo_model": snapshot.echo_model,
        "egress_allow": snapshot.egress_allow[0],
        "log_calls_per_second": snapshot.log_calls_per_second,
        "previous_master_keys": f"[{{key: {snapshot.previous_keys[0].key.reveal()}}}]",
        "anomaly_detection": str(snapshot.observability.anomalies).lower(),
    }
    for name, value in written.items():
        expected = {"true": True}.get(str(value), value)
        places = [p for p in (snapshot.limits, snapshot.ledger, snapshot.observability) if hasattr(p, name)]
        assert renamed.get(name) == expected or any(getattr(place, name) == expected for place in places), name
    assert timeouts.write == written["write_seconds"]


def test_every_limit_can_be_set() -> None:
    """No field of the edge's limits or the ledger's settings is without a key."""
    names = {key.name for key in TRUNKLINE.keys}
    for cls in (EdgeLimits, LedgerSettings):
        assert {field.name for field in fields(cls)} - names <= {"body_bytes"}


def test_general_settings(tmp_path: Path) -> None:
    """Body size in MiB, key header in lower case, metrics without a key, callers' own addresses."""
    text = """
    general_settings:
      max_request_size_mb: 1.5
      litellm_key_header_name: X-My-Key
    litellm_settings: {require_auth_for_metrics_endpoint: false}
    """
    snapshot = read(tmp_path, text)
    assert snapshot.limits.body_bytes == 1_572_864
    assert snapshot.master_key_header == "x-my-key"
    assert not snapshot.metrics_need_key


def test_master_key_and_database_from_config_then_environment(tmp_path: Path) -> None:
    """The file wins; both are secrets; pasted quotes are trimmed."""
    environ = {"LITELLM_MASTER_KEY": ' "sk-env-0123456" \n', "DATABASE_URL": "postgres://u:p@h/d"}
    snapshot = read(tmp_path, MODEL, environ)
    assert snapshot.master_key is not None
    assert snapshot.master_key.reveal() == "sk-env-0123456"
    assert snapshot.database_url is not None
    assert snapshot.database_url.reveal() == "postgres://u:p@h/d"
    text = "general_settings: {master_key: sk-file-0123456, database_url: 'sqlite:///x.db'}"
    snapshot = read(tmp_path, text, environ)
    assert snapshot.master_key is not None
    assert snapshot.master_key.reveal() == "sk-file-0123456"
    assert snapshot.database_url is not None
    assert snapshot.database_url.reveal() == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ("general_settings: {master_key: 'sk-é12345678'}", {}, "`master_key` holds"),
        (MODEL, {"LITELLM_MASTER_KEY": "sk-é12345678"}, "`LITELLM_MASTER_KEY` holds"),
        ("general_settings: {master_key: 1234}", {}, "is a number"),
        ("general_settings: {database_url: 'mysql://u:pass@h/d'}", {}, "no database that is spoken here"),
        ("general_settings: {litellm_key_header_name: 'a b'}", {}, "no header name"),
        ("general_settings: {trunkline: {durability: pwoer}}", {}, "is `pwoer`"),
        ("general_settings: {trunkline: {header_seconds: -1}}", {}, "below 0"),
        ("general_settings: {trunkline: {header_count: 1.5}}", {}, "no whole number"),
        ("general_settings: {trunkline: {idle_timeout: .inf}}", {}, "no number"),
        ("general_settings: {trunkline: {serve_unmetered: perhaps}}", {}, "is a text"),
        ("general_settings: [a]", {}, "is a list"),
    ],
)
def test_wrong_values_are_said(tmp_path: Path, text: str, environ: dict[str, str], said: str) -> None:
    """Types and ranges are errors that name the setting and show no secret."""
    (problem,) = problems(tmp_path, text, environ)
    assert said in problem.what
    assert problem.instead
    for secret in ("12345678", "mysql", "pass@"):
        assert secret not in str(problem)


def test_router_settings_win_over_litellm_settings(tmp_path: Path) -> None:
    """The same name in both sections: `router_settings` decides."""
    text = """
    litellm_settings: {num_retries: 1, allowed_fails: 2, max_fallbacks: 3}
    router_settings: {num_retries: 7, cooldown_time: 8.5}
    """
    router = read(tmp_path, text).router
    assert (router.num_retries, router.allowed_fails, router.max_fallbacks, router.cooldown_seconds) == (7, 2, 3, 8.5)
    assert read(tmp_path, "router_settings: {disable_cooldowns: true}").router.cooldown_seconds == 0.0


def test_networks_that_media_may_come_from(tmp_path: Path) -> None:
    """As they are written; one may stand alone."""
    text = "general_settings: {trunkline: {egress_allow: %s}}"
    assert read(tmp_path, text % "[10.1.0.0/16, 'fd00::/8']").egress_allow == ("10.1.0.0/16", "fd00::/8")
    assert read(tmp_path, text % "10.0.0.1").egress_allow == ("10.0.0.1",)
    assert read(tmp_path, MODEL).egress_allow == ()


@pytest.mark.parametrize("bad", ["10.1.0.0/40", "10.1.0.1/16", "example.com", "''"])
def test_a_network_that_is_none(tmp_path: Path, bad: str) -> None:
    """Refused with the line of the entry and what to write instead."""
    text = f"general_settings:\n  trunkline:\n    egress_allow:\n      - 10.1.0.0/16\n      - {bad}\n"
    (problem,) = problems(tmp_path, text)
    assert "is no network" in problem.what
    assert "10.1.0.0/16" in problem.instead
    assert (Path(problem.file).name, problem.line) == ("config.yaml", 5)


def test_known_settings_without_effect_are_named(tmp_path: Path) -> None:
    """Once each; not when they are switched off; Prometheus as a callback is no news."""
    text = """
    litellm_settings:
      {json_logs: true, cache: false, success_callback: [prometheus, datadog], callbacks: [prometheus]}
    router_settings: {routing_strategy: least-busy, redis_host: ''}
    general_settings: {store_model_in_db: true}
    guardrails: [{guardrail_name: x}]
    """
    said = notes(read(tmp_path, text), "unimplemented")
    assert len(said) == 5
    for name in ("json_logs", "datadog", "least-busy", "store_model_in_db", "guardrails"):
        assert any(name in text for text in said), name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("modle_list: []\nmodel_list: []", "`model_list`"),
        ("litellm_settings: {num_retires: 1}", "`num_retries`"),
        ("router_settings: {cooldown-time: 1}", "`cooldown_time`"),
        ("general_settings: {masterkey: x}", "`master_key`"),
        ("general_settings: {trunkline: {durabilty: power}}", "`durability`"),
        ("router_settings: {routing_strategy: simple-shufle}", "`simple-shuffle`"),
    ],
)
def test_misspelt_settings_get_a_suggestion(tmp_path: Path, text: str, hint: str) -> None:
    """In every section; the note says the line."""
    snapshot = read(tmp_path, text)
    (note,) = [note for note in snapshot.notes if note.kind == "unknown-key"]
    assert f"did you mean {hint}?" in note.text
    assert note.line == 1


def test_a_price_file_is_a_path(tmp_path: Path) -> None:
    """Relative to the config; an address is not fetched; a missing file is said."""
    (tmp_path / "prices.json").write_text("{}")
    assert read(tmp_path, "litellm_settings: {model_cost_map_url: prices.json}").price_file == str(
        tmp_path / "prices.json"
    )
    given = {"TRUNKLINE_PRICE_FILE": str(tmp_path / "prices.json")}
    assert read(tmp_path, MODEL, given).price_file == str(tmp_path / "prices.json")
    fetched = read(tmp_path, "litellm_settings: {model_cost_map_url: 'https://h.example/p.json'}")
    assert fetched.price_file is None
    assert "not fetched" in notes(fetched, "unimplemented")[0]
    assert (
        "names no file"
        in notes(read(tmp_path, "litellm_settings: {model_cost_map_url: gone.json}" + MODEL), "warning")[0]
    )


def test_the_catalogue_is_complete_and_documented() -> None:
    """Every key has a line of documentation and stands in its section once."""
    for section in SECTIONS:
        names = [key.name for key in section.keys]
        assert len(names) == len(set(names)), section.name
        assert all(key.doc.strip() for key in section.keys), section.name


def test_the_version_hangs_on_files_and_set_variables(tmp_path: Path) -> None:
    """Another text or a variable that appears make another version; a variable's value does not."""
    text = "model_list: [{model_name: m, litellm_params: {model: openai/x, api_key: os.environ/K}}]"
    first = read(tmp_path, text, {"K": "sk-one-0123456789"}).version
    assert len(first) == 12
    assert read(tmp_path, text, {"K": "sk-two-0123456789"}).version == first
    assert read(tmp_path, text, {}).version != first
    assert read(tmp_path, text + "\n", {"K": "sk-one-0123456789"}).version != first


def test_loading_twice_gives_equal_settings(tmp_path: Path) -> None:
    """Nothing of one load is left in the next."""
    first, second = read(tmp_path, MODEL), read(tmp_path, MODEL)
    assert isinstance(first, Snapshot)
    assert (first.version, first.notes, first.router) == (second.version, second.notes, second.router)


@pytest.mark.parametrize("key", ["connect_timeout", "first_byte_timeout", "idle_timeout", "header_seconds"])
def test_our_own_limits_cannot_be_nothing(tmp_path: Path, key: str) -> None:
    """A limit of 0 seconds would refuse everything; where 0 has a meaning it is taken."""
    (problem,) = problems(tmp_path, f"general_settings: {{trunkline: {{{key}: 0}}}}")
    assert f"`trunkline.{key}`" in problem.what
    assert read(tmp_path, "general_settings: {trunkline: {shutdown_seconds: 0}}").limits.shutdown_seconds == 0.0


def test_a_master_key_that_was_never_filled_in(tmp_path: Path) -> None:
    """A placeholder is no key, and is said."""
    snapshot = read(tmp_path, MODEL, {"LITELLM_MASTER_KEY": "sk-..."})
    assert snapshot.master_key is None
    assert notes(snapshot, "warning") == [
        "`LITELLM_MASTER_KEY` still holds the placeholder of the example file: there is no master key"
    ]
