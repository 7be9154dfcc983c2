"""What a container may do, and who can reach it."""

from __future__ import annotations

import re
import socket

import pytest

from tests.compose.project import Project

PROGRAMS = ("litellm-proxy", "api", "frontend")


@pytest.mark.parametrize("service", PROGRAMS)
def test_no_root_no_rights_no_writing(running: Project, service: str) -> None:
    """The first process is not root, has no capability and can get none, and cannot write outside of /tmp."""
    status = running.inside(service, "cat", "/proc/1/status").text
    assert re.search(r"^Uid:\s+[1-9]", status, re.MULTILINE), status
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE), status
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), status
    for folder in ("/", "/app", "/opt", "/etc"):
        assert running.inside(service, "touch", f"{folder}/x").status != 0
    assert running.inside(service, "touch", "/tmp/x").status == 0


def test_postgresql_is_not_root(running: Project) -> None:
    """The server runs as `postgres`, and its files are the only ones it can write."""
    owners = running.inside(
        "postgres", "sh", "-c", "stat -c %U /var/lib/postgresql/data; touch /x || echo refused"
    ).text
    assert "postgres" in owners
    assert "refused" in owners


@pytest.mark.parametrize("port", [3000, 4000, 8000])
def test_ports_are_published_on_loopback_only(running: Project, port: int) -> None:
    """The machine's other address refuses the connection."""
    socket.create_connection(("127.0.0.1", port), 3).close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address the machine goes out with
        own = probe.getsockname()[0]
    with pytest.raises(OSError, match=r"refused|timed out"):
        socket.create_connection((own, port), 3)
    assert running.default_model() is not None


def test_published_elsewhere_a_key_of_ones_own_is_needed(running: Project) -> None:
    """`TRUNKLINE_PUBLISHED_ON=0.0.0.0` with sk-1234: the gateway refuses to start and says which line to write."""
    env = {"TRUNKLINE_PUBLISHED_ON": "0.0.0.0"}
    running.run("docker-compose up -d --no-deps litellm-proxy", env=env)
    running.until(
        "the gateway refuses",
        lambda: "Refused to listen on 0.0.0.0" in running.run("docker-compose logs litellm-proxy").text,
    )
    running.run("docker-compose down -t 5", check=True)


def test_each_program_has_its_own_database(running: Project) -> None:
    """The roles `app` and `litellm` enter their own database only; the superuser does not come in over the network."""

    def enter(user: str, password: str, database: str) -> str:
        url = f"postgresql://{user}:{password}@127.0.0.1/{database}"
        return running.inside("postgres", "psql", "-At", url, "-c", "SELECT 'inside'").text

    assert "inside" in enter("app", "app", "app")
    assert "inside" in enter("litellm", "litellm", "litellm")
    assert "permission denied" in enter("app", "app", "litellm")
    assert "permission denied" in enter("litellm", "litellm", "app")
    assert "pg_hba.conf rejects" in enter("postgres", "postgres", "postgres")


def test_the_front_end_cannot_reach_the_database(running: Project) -> None:
    """It shares no network with PostgreSQL or the gateway."""
    assert running.inside("frontend", "getent", "hosts", "api").status == 0
    assert running.inside("frontend", "getent", "hosts", "postgres").status != 0
    assert running.inside("frontend", "getent", "hosts", "litellm-proxy").status != 0


def test_without_dotenv_it_says_so(running: Project) -> None:
    """No `.env`: an error that names it, and no empty folder in its place."""
    dotenv = running.folder / ".env"
    aside = dotenv.rename(running.folder / "env.aside")
    try:
        ran = running.run("docker-compose up -d --force-recreate --no-deps api")
        assert ran.status != 0
        assert ".env" in ran.text
        assert not dotenv.exists()
    finally:
        aside.rename(dotenv)
        running.run("docker-compose down -t 5")
