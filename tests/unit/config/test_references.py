"""`os.environ/X`, `${X}` and what may stand in the variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.written import entry, notes, problems, read
from trunkline.config.redact import Redactor
from trunkline.config.tree import MapNode, parse, plain
from trunkline.config.variables import Environment


def resolve(text: str, environ: dict[str, str]) -> object:
    node = parse(text, "f")
    assert isinstance(node, MapNode)
    return plain(Environment(environ, Redactor()).resolve(node))


def test_references_are_replaced_at_any_depth_and_in_lists() -> None:
    """LiteLLM leaves plain strings in lists alone; here they are resolved like all others."""
    text = "a: os.environ/X\nb: {c: [os.environ/X, {d: 'v-${X}-${X}'}]}\n"
    assert resolve(text, {"X": "1"}) == {"a": "1", "b": {"c": ["1", {"d": "v-1-1"}]}}


@pytest.mark.parametrize(
    ("written", "environ", "expected"),
    [
        ("${X:-d}", {}, "d"),
        ("${X:-d}", {"X": ""}, "d"),
        ("${X:-}", {}, ""),
        ("${X:-http://h:1/v1}", {}, "http://h:1/v1"),
        ("${X:-d}", {"X": "v"}, "v"),
        ("$${X}", {"X": "v"}, "${X}"),
        ("$X and ${1x}", {"X": "v"}, "$X and ${1x}"),
        ("${X}", {"X": "${Y}", "Y": "no"}, None),
        ("see os.environ/X", {"X": "v"}, "see os.environ/X"),
        ("${X}", {}, None),
        ("os.environ/X", {"X": ""}, None),
    ],
)
def test_defaults_escapes_and_what_is_no_reference(written: str, environ: dict[str, str], expected: object) -> None:
    """`:-` gives a default for unset and empty, `$${` is an escape, values are not expanded again."""
    assert resolve(f"a: '{written}'", environ) == {"a": expected}


@pytest.mark.parametrize("value", ["sk-...", "sk-ant-...", "your-project-id", "AIza...", "<your key>", ""])
def test_placeholders_count_as_not_set(tmp_path: Path, value: str) -> None:
    """A copied `.env.example` sends nothing to a provider: the reason names the variable, not its value."""
    found = entry(
        tmp_path, "{model: openai/gpt-5.6-sol, api_key: os.environ/OPENAI_API_KEY}", {"OPENAI_API_KEY": value}
    )
    assert found.target is None
    assert found.unavailable is not None
    assert "`OPENAI_API_KEY`" in found.unavailable


@pytest.mark.parametrize("value", ["sk-abcdefgh123\n", "  sk-abcdefgh123", '"sk-abcdefgh123"', "'sk-abcdefgh123'\r\n"])
@pytest.mark.parametrize("params", ["{model: openai/x, api_key: os.environ/OPENAI_API_KEY}", "{model: openai/x}"])
def test_what_pasting_left_around_a_key_is_trimmed(tmp_path: Path, value: str, params: str) -> None:
    """Blanks, line ends and quotes around a key never reach a header (K03)."""
    found = entry(tmp_path, params, {"OPENAI_API_KEY": value})
    assert found.target is not None
    sent = [str(v) if isinstance(v, str) else v.reveal() for name, v in found.target.headers if name == "authorization"]
    assert sent == ["Bearer sk-abcdefgh123"]


@pytest.mark.parametrize("value", ["sk-abcd\nefgh12345", "sk-abcdéfgh12345", "sk-abcd\x07efgh12345"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_unshown(tmp_path: Path, value: str) -> None:
    """Line breaks, control characters and letters outside ASCII make the entry unavailable; nothing shows the key."""
    for params in ("{model: openai/x, api_key: os.environ/OPENAI_API_KEY}", "{model: openai/x}"):
        found = entry(tmp_path, params, {"OPENAI_API_KEY": value})
        assert found.unavailable is not None
        assert "`OPENAI_API_KEY` holds" in found.unavailable
        assert "abcd" not in found.unavailable
        assert "abcd" not in repr(found)


def test_the_variable_asked_for_is_named_and_no_other_key_taken(tmp_path: Path) -> None:
    """A key asked for by name is never replaced by the provider's own variable."""
    environ = {"OPENAI_API_KEY": "sk-another-account"}
    found = entry(tmp_path, "{model: openai/gpt-5.6-sol, api_key: '${TEAM_KEY}'}", environ)
    assert found.target is None
    assert found.unavailable is not None
    assert "`TEAM_KEY` is not set" in found.unavailable


def test_without_a_reference_the_providers_variable_is_named(tmp_path: Path) -> None:
    """An entry that writes no key waits for its provider's own variable."""
    found = entry(tmp_path, "{model: openai/gpt-5.6-sol}")
    assert found.unavailable is not None
    assert "`OPENAI_API_KEY` is not set" in found.unavailable
    (note,) = notes(read(tmp_path, "model_list:\n- model_name: m\n  litellm_params: {model: groq/x}"), "unavailable")
    assert note.startswith("`m` (`groq/x`) is unavailable: `GROQ_API_KEY` is not set")


@pytest.mark.parametrize("key", ["api_base", "api_version", "azure_ad_token", "model"])
def test_other_connection_parameters_are_waited_for_too(tmp_path: Path, key: str) -> None:
    """Calling the default host because the address's variable is missing would send the key to the wrong place."""
    base = {"model": "azure/x", "api_key": "sk-0123456789", "api_base": "https://a.example"}
    params = ", ".join(f"{name}: '{value}'" for name, value in {**base, key: "os.environ/GONE"}.items())
    found = entry(tmp_path, "{" + params + "}")
    assert found.unavailable is not None
    assert "`GONE` is not set" in found.unavailable


def test_a_header_that_refers_to_nothing_makes_the_entry_unavailable(tmp_path: Path) -> None:
    """`extra_headers` may carry the only credential."""
    found = entry(tmp_path, "{model: openai/x, api_key: sk-0123456789, extra_headers: {X-Key: os.environ/GONE}}")
    assert found.unavailable is not None
    assert "`GONE` is not set" in found.unavailable


def test_optional_settings_are_left_out_with_a_warning(tmp_path: Path) -> None:
    """A reference that nothing hangs on costs a note."""
    snapshot = read(tmp_path, "router_settings: {num_retries: os.environ/N}\nmodel_list: []")
    assert snapshot.router.num_retries == 2
    assert notes(snapshot, "warning") == ["`router_settings.num_retries` is left out: `N` is not set"]
    assert read(tmp_path, "router_settings: {num_retries: os.environ/N}", {"N": "4"}).router.num_retries == 4


@pytest.mark.parametrize("key", ["master_key", "database_url"])
def test_the_master_key_and_the_database_must_resolve(tmp_path: Path, key: str) -> None:
    """Falling back in silence would open the door or write into another database."""
    for reference in ("os.environ/GONE", "a${GONE}b"):
        (problem,) = problems(tmp_path, f"\ngeneral_settings:\n  {key}: {reference}\n")
        assert problem.line == 3
        assert f"`general_settings.{key}`: `GONE` is not set" in problem.what


def test_environment_variables_are_set_before_the_rest_is_read(tmp_path: Path) -> None:
    """They win over the process's own, may refer to it, and blocked names are left out with a note."""
    text = """
    environment_variables:
      KEY: ${OUTER}
      NUMBER: 5
      FLAG: true
      PATH: /tmp
      DYLD_X: y
      GONE: os.environ/NOT_THERE
    model_list:
      - model_name: m
        litellm_params: {model: openai/x, api_key: os.environ/KEY}
    """
    snapshot = read(tmp_path, text, {"OUTER": "sk-outer-0123", "KEY": "sk-process-0123"})
    assert dict(snapshot.environment) == {"KEY": "sk-outer-0123", "NUMBER": "5", "FLAG": "true"}
    target = snapshot.deployments[0].target
    assert target is not None
    assert [v.reveal() for _, v in target.headers if not isinstance(v, str)] == ["Bearer sk-outer-0123"]
    said = " ".join(notes(snapshot, "warning"))
    assert "`PATH` is not set" in said
    assert "`DYLD_X` is not set" in said
    assert "`GONE` under `environment_variables` is left out: `NOT_THERE` is not set" in said
    assert "sk-outer" not in repr(snapshot)
