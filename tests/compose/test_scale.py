"""Three APIs and two gateways behind nginx."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.compose.project import KEY, Project, fetch

FILES = "docker-compose -f docker-compose.yml -f deploy/compose.scale.yml"
BODY = {"model": "local", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


@pytest.fixture
def scaled(project: Project) -> Iterator[Project]:
    """The scaled system, made anew."""
    project.run("docker-compose down -t 5")
    project.run(f"{FILES} up -d", check=True)
    project.until_answers("http://localhost:3000/api/health")
    yield project
    project.run(f"{FILES} down -t 5")


def test_replicas_share_the_work(scaled: Project) -> None:
    """Ports stay, each gateway has a data folder of its own, and calls go on while one of them stops."""
    assert len(re.findall(r"[-_]api[-_]\d", scaled.run(f"{FILES} ps", check=True).text)) == 3
    assert {"1", "2"} <= set(scaled.inside("litellm-proxy", "ls", "/data").text.split())
    assert fetch("http://localhost:8000/health").json["status"] == "ok"
    for _ in range(8):
        assert fetch("http://localhost:4000/chat/completions", key=KEY, body=BODY).status == 200

    scaled.inside("litellm-proxy", "kill", "-TERM", "1")
    statuses = [fetch("http://localhost:4000/chat/completions", key=KEY, body=BODY).status for _ in range(8)]
    assert statuses == [200] * 8
