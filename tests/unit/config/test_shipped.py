"""The files a newcomer meets first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trunkline.config import load
from trunkline.config.dotenv import read

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "litellm-config.yaml"
GUIDE = ROOT.parent / "shared" / "guide.md"
NAMES = {
    "gemini-2.5-flash": "gemini-2.5-flash",
    "gemini-2.0-flash": "gemini-3.5-flash-lite",
    "gemini-pro": "gemini-3.8-flash",
    "gpt-4": "gpt-5.6-sol",
    "gpt-4-turbo": "gpt-5.6-sol",
    "gpt-3.5-turbo": "gpt-6-luna",
    "claude-3-5-sonnet": "claude-sonnet-5-5",
    "claude-3-opus": "claude-opus-5-5",
    "claude-3-haiku": "claude-haiku-5-5",
}
"""The guide's names and the maintained model that answers with keys for all three makers."""
KEYS = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"), "sk-0123456789abcdef")


def test_the_nine_names_and_the_embedded_model() -> None:
    """Every name of the guide is there and, with keys, calls its maintained successor first."""
    snapshot = load(CONFIG, KEYS)
    first: dict[str, str] = {}
    for deployment in sorted(snapshot.deployments, key=lambda d: d.order):
        if deployment.unavailable is None:
            first.setdefault(deployment.group, deployment.model)
    assert first == {**NAMES, "local": "smollm2-135m-instruct"}


def test_retired_names_say_so() -> None:
    """Eight names are retired; each has its replacement on the entry that answers."""
    snapshot = load(CONFIG, KEYS)
    gone = {d.group for d in snapshot.deployments if d.unavailable is None and d.replacement is not None}
    assert gone >= set(NAMES) - {"gemini-2.5-flash"}


def test_old_clients_parameters_keep_working() -> None:
    """GPT names think with effort `none`, Claude and newer Gemini names leave sampling parameters out."""
    for deployment in load(CONFIG, KEYS).deployments:
        if deployment.provider == "openai":
            assert deployment.defaults["reasoning_effort"] == "none"
        if deployment.provider == "anthropic" or deployment.model in {"gemini-3.8-flash", "gemini-3.5-flash-lite"}:
            assert deployment.drop == {"temperature", "top_p", "top_k"}


def test_vertex_comes_first_where_it_can_be_called(tmp_path: Path) -> None:
    """With a project and credentials, as the guide has it, Gemini's names call Vertex AI; AI Studio stands behind."""
    key = tmp_path / "key.json"
    key.write_text('{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}')
    vertex = {"GOOGLE_CLOUD_PROJECT": "acme-1", "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    for environ, providers in (
        (vertex, ["vertex_ai"]),
        ({**vertex, **KEYS}, ["vertex_ai", "gemini"]),
        ({"GOOGLE_CLOUD_PROJECT": "acme-1", "HOME": str(tmp_path), **KEYS}, ["gemini"]),
    ):
        deployments = sorted(load(CONFIG, environ).deployments, key=lambda d: d.order)
        for name in ("gemini-2.5-flash", "gemini-2.0-flash", "gemini-pro"):
            ready = [d.provider for d in deployments if d.group == name and d.unavailable is None]
            assert list(dict.fromkeys(ready)) == providers


def test_a_copied_example_starts_and_sends_nothing() -> None:
    """`cp .env.example .env` unchanged: the embedded model is there, placeholders are not taken for keys."""
    snapshot = load(CONFIG, read(ROOT / ".env.example"))
    assert {d.group for d in snapshot.deployments if d.unavailable is None} == {"local"}
    for deployment in snapshot.deployments:
        assert deployment.group == "local" or deployment.target is None
    assert snapshot.master_key is not None
    assert snapshot.master_key.reveal() == "sk-1234"
    assert snapshot.database_url is None
    said = [note.text for note in snapshot.notes if note.kind == "unavailable"]
    assert any("`OPENAI_API_KEY` still holds the placeholder" in text for text in said)


def test_nothing_in_the_shipped_file_is_unknown_or_without_effect() -> None:
    """The example is a good example."""
    assert {note.kind for note in load(CONFIG, {}).notes} <= {"unavailable", "retired"}


@pytest.mark.parametrize("environ", [{"OPENAI_API_KEY": ""}, {}])
def test_unavailable_models_name_their_variable(environ: dict[str, str]) -> None:
    """Calling one can say what to set."""
    for deployment in load(CONFIG, environ).deployments:
        if deployment.provider in {"openai", "anthropic", "gemini"}:
            assert deployment.unavailable is not None
            assert f"`{deployment.provider.upper()}_API_KEY` is not set" in deployment.unavailable


def test_the_guides_own_additions_work(tmp_path: Path) -> None:
    """The guide's `my-new-model` and its observability block, word for word."""
    text = GUIDE.read_text()
    blocks = [part.split("```", maxsplit=1)[0] for part in text.split("```yaml\n")[1:]]
    model = next(block for block in blocks if "my-new-model" in block)
    observe = next(block for block in blocks if "LANGFUSE_PUBLIC_KEY" in block)
    path = tmp_path / "config.yaml"
    path.write_text(model.replace("provider/model-id", "groq/model-id") + observe)
    snapshot = load(path, {"API_KEY_ENV_VAR": "sk-0123456789", "LANGFUSE_SECRET_KEY": "sk-lf-0123456789"})
    assert snapshot.deployments[0].unavailable is None
    assert dict(snapshot.environment) == {"LANGFUSE_SECRET_KEY": "sk-lf-0123456789"}
    said = " ".join(note.text for note in snapshot.notes)
    assert "the callback `langfuse` is off: `LANGFUSE_PUBLIC_KEY` is not set;" in said
    assert "the callback `sentry` is off: `SENTRY_DSN` is not set;" in said
    assert "prometheus" not in said
    variables = {
        "LANGFUSE_PUBLIC_KEY": "pk-lf-0123456789",
        "LANGFUSE_SECRET_KEY": "sk-lf-0123456789",
        "SENTRY_DSN": "https://0123456789abcdef@sentry.example.com/7",
    }
    whole = load(path, {"API_KEY_ENV_VAR": "sk-0123456789"} | variables)
    assert (whole.observability.success, whole.observability.failure) == (("langfuse",), ("sentry",))
    assert whole.notes == ()


def test_loading_brings_nothing_heavy() -> None:
    """The start is timed: no pydantic, no framework, no price data and no event loop for reading the file."""
    code = (
        "import sys; from pathlib import Path; from trunkline.config import load; load(Path(sys.argv[1]), {});"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(CONFIG)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {
        "pydantic",
        "fastapi",
        "starlette",
        "asyncio",
        "ssl",
        "dotenv",
        "genai_prices",
        "sqlalchemy",
        "httpx",
        "rich",
    }
    assert heavy.isdisjoint(done.stdout.split())
