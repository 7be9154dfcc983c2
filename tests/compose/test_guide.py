"""The commands of the guide that have to do with Compose, in its order."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.compose.project import KEY, SERVICES, Project, answers, fetch, model_names

GUIDE_MODELS = {
    "gemini-2.5-flash", "gemini-2.0-flash", "gemini-pro", "gpt-4", "gpt-4-turbo", "gpt-3.5-turbo",
    "claude-3-5-sonnet", "claude-3-opus", "claude-3-haiku",
}  # fmt: skip


def stop(process: subprocess.Popen[str]) -> None:
    """Ctrl-C, as a person ends a command in the foreground."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """The output up to the first line with `word`; the test's own time limit ends a wait in vain."""
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if word in line:
            return "".join(said)
    raise AssertionError(f"`{word}` was not said:\n{''.join(said)}")


def model_info() -> set[str]:
    """The names that `/model/info` lists with the guide's key."""
    found = fetch("http://localhost:4000/model/info", key=KEY).json["data"]
    assert isinstance(found, list)
    return model_names(found)


def test_up_starts_four_services_that_answer(project: Project) -> None:
    """`docker-compose up -d` after `cp .env.example .env`: ports 4000, 8000 and 3000 answer, and nothing is missing."""
    project.run("docker-compose up -d", check=True)
    project.until_answers("http://localhost:3000/")
    names = project.run("docker-compose ps", check=True).text
    assert [service for service in SERVICES if service not in names] == []
    health = fetch("http://localhost:8000/health").json
    assert health["status"] == "ok", health


def test_verify_setup(running: Project) -> None:
    """The guide's three curl commands: the gateway's health, its models with sk-1234, the application's health."""
    assert '"healthy_count"' in running.run("curl -sS http://localhost:4000/health", check=True).text
    listed = running.run(
        'curl -sS http://localhost:4000/model/info \\\n  -H "Authorization: Bearer sk-1234"', check=True
    ).text
    assert [name for name in GUIDE_MODELS if f'"{name}"' not in listed] == []
    assert '"dependencies"' in running.run("curl -sS http://localhost:8000/health", check=True).text


def test_method_1_edit_and_restart(running: Project) -> None:
    """A new MODEL in `.env` counts after `docker-compose restart api`, whichever way an editor writes the file."""
    running.until_default_model("gemini-2.5-flash")
    running.set_env("MODEL", "claude-3-5-sonnet")
    running.run("docker-compose restart api", check=True)
    running.until_default_model("claude-3-5-sonnet")
    running.write(".env", (running.folder / ".env").read_text().replace("MODEL=claude-3-5-sonnet", "MODEL=gpt-4"))
    running.run("docker-compose restart api", check=True)
    running.until_default_model("gpt-4")


def test_method_2_the_shell_wins(running: Project) -> None:
    """`MODEL=gpt-4 docker-compose up api` counts over `.env`, in the foreground and through a restart."""
    process = running.start("MODEL=gpt-4 docker-compose up api")
    try:
        running.until_default_model("gpt-4")
        running.set_env("MODEL", "claude-3-haiku")
        running.run("docker-compose restart api", check=True)
        running.until("the API is back", lambda: running.default_model() is not None)
        assert running.default_model() == "gpt-4"
    finally:
        stop(process)
    running.run("docker-compose down", check=True)
    running.run("docker-compose up -d", check=True)
    running.until_default_model("claude-3-haiku")


def test_method_2_in_a_running_container(running: Project) -> None:
    """`docker-compose exec api sh -c "MODEL=gpt-4-turbo uvicorn ..."` runs a second API with another default model."""
    process = running.start(
        'docker-compose exec -T api sh -c "MODEL=gpt-4-turbo uvicorn backend.app.main:app --port 8001"'
    )
    try:
        read_until(process, "8001")
        ask = "import urllib.request as r; print(r.urlopen('http://localhost:8001/health').read().decode())"
        running.until(
            "the second API says gpt-4-turbo",
            lambda: '"model":"gpt-4-turbo"' in running.inside("api", "python", "-c", ask).text.replace(" ", ""),
        )
        assert running.default_model() == "gemini-2.5-flash"
    finally:
        stop(process)
        # The client ends, the program in the container need not: end it by its own number.
        find = "for p in /proc/[0-9]*; do grep -qz 8001 $p/cmdline 2>/dev/null && kill ${p#/proc/}; done; true"
        running.inside("api", "sh", "-c", find)


def test_a_new_model_after_a_restart(running: Project) -> None:
    """The guide's entry in `litellm-config.yaml`, then `docker-compose restart litellm-proxy`: the model is listed."""
    entry = (
        "model_list:\n  - model_name: my-new-model\n    litellm_params:\n"
        "      model: openai/model-id\n      api_key: ${API_KEY_ENV_VAR}\n"
    )
    running.replace("litellm-config.yaml", running.original("litellm-config.yaml").replace("model_list:\n", entry))
    running.run("docker-compose restart litellm-proxy", check=True)
    running.until_answers("http://localhost:4000/health/readiness")
    assert "my-new-model" in model_info()


def test_a_new_model_without_a_restart(running: Project) -> None:
    """Saved in place, the file is read within seconds."""
    assert "my-own" not in model_info()
    entry = "model_list:\n  - model_name: my-own\n    litellm_params: {model: local/smollm2-135m-instruct}\n"
    running.write("litellm-config.yaml", running.original("litellm-config.yaml").replace("model_list:\n", entry))
    running.until("`my-own` is listed", lambda: "my-own" in model_info())


def available(model: str) -> bool:
    """Whether the application offers a model of the gateway's as one that can be called; false while none answers."""
    try:
        listed = fetch("http://localhost:3000/api/models").json["models"]
    except (OSError, ValueError):
        return False
    assert isinstance(listed, list)
    return any(entry["id"] == model and entry["state"] == "ready" for entry in listed)


def test_a_key_without_a_restart(running: Project) -> None:
    """A provider's key written into `.env` makes its models available to the running gateway and in the chat."""
    assert not available("gpt-4")
    example = running.original(".env")
    changed = example.replace("OPENAI_API_KEY=sk-...", "OPENAI_API_KEY=sk-from-env")
    assert changed != example
    running.write(".env", changed)
    running.until("gpt-4 is available", lambda: available("gpt-4"))
    assert not available("claude-3-haiku")


def test_a_key_and_up_again(running: Project) -> None:
    """Another `docker-compose up -d` does it too, where the editor puts a new `.env` in the place of the mounted one."""
    assert not available("claude-3-haiku")
    running.set_env("ANTHROPIC_API_KEY", "sk-ant-from-env")
    running.run("docker-compose up -d", check=True)
    running.until("claude-3-haiku is available", lambda: available("claude-3-haiku"))
    assert not available("gpt-4")


def test_logs(running: Project) -> None:
    """`docker-compose logs -f` of the gateway and of the API shows what they said, and goes on."""
    for service, word in (("litellm-proxy", "serves on"), ("api", "/health")):
        process = running.start(f"docker-compose logs -f {service}")
        try:
            assert word in read_until(process, word)
            assert process.poll() is None
        finally:
            stop(process)


def test_usage_in_postgresql(running: Project) -> None:
    """Calls are in `litellm_request_logs`: psql as the guide starts it, and the guide's query."""
    body = {"model": "local", "messages": [{"role": "user", "content": "test"}], "max_tokens": 8}
    assert fetch("http://localhost:4000/chat/completions", key=KEY, body=body).status == 200
    query = "SELECT model, count(*), avg(total_tokens)\nFROM litellm_request_logs\nGROUP BY model;\n"
    running.until(
        "the call is in the table",
        lambda: (
            "smollm2" in running.run("docker-compose exec -T postgres psql -U postgres -d litellm", typed=query).text
        ),
    )


def test_troubleshooting(running: Project) -> None:
    """Logs of the gateway, its config as mounted, PostgreSQL ready, provider keys in the API's environment."""
    assert "Trunkline" in running.run("docker-compose logs litellm-proxy", check=True).text
    shown = running.run("docker-compose exec -T litellm-proxy cat /app/config.yaml", check=True).text
    assert running.original("litellm-config.yaml").strip() in shown.replace("\r\n", "\n")
    assert "accepting connections" in running.run("docker-compose exec -T postgres pg_isready", check=True).text

    running.set_env("ANTHROPIC_API_KEY", "sk-ant-1")
    running.run("docker-compose down", check=True)
    running.run("docker-compose up -d", check=True)
    keys = running.run("docker-compose exec -T api env | grep API_KEY", check=True).text
    assert "ANTHROPIC_API_KEY=sk-ant-1" in keys.split()


def test_direct_call(running: Project) -> None:
    """The guide's call to the gateway: without a key for the model it names the variable; the embedded model answers."""
    message = {"messages": [{"role": "user", "content": "test"}], "max_tokens": 8}
    refused = fetch(
        "http://localhost:4000/chat/completions", key=KEY, body={"model": "gemini-2.5-flash", **message}
    ).text
    assert "GEMINI_API_KEY" in refused
    answer = fetch("http://localhost:4000/chat/completions", key=KEY, body={"model": "local", **message})
    assert answer.status == 200
    assert answer.json["usage"]
    assert answers("http://localhost:4000/ui") or answers("http://localhost:4000/ui/")
    assert running.default_model() is not None
