"""One running system for the whole folder, in a copy of the checkout that `scripts/test_compose.sh` made.

Without that script (in `make test`) nothing here is collected.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.project import Project

FOLDER = os.environ.get("TRUNKLINE_COMPOSE_FOLDER")
collect_ignore_glob = [] if FOLDER else ["test_*.py"]


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """The copy, with `.env` as the guide's first step leaves it, and the images built; nothing runs yet."""
    if FOLDER is None:
        pytest.fail("run this by scripts/test_compose.sh")
    project = Project(Path(FOLDER))
    yield project
    project.run("docker-compose down -v --remove-orphans -t 5")


@pytest.fixture
def running(project: Project) -> Project:
    """The same, with the four services up and `.env` as it was at the start."""
    project.write(".env", project.original(".env"))
    project.write("litellm-config.yaml", project.original("litellm-config.yaml"))
    project.run("docker-compose up -d", check=True)
    project.until_answers("http://localhost:3000/api/health")
    return project
