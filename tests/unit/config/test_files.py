"""Includes, and files that are no configuration."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.config.written import notes, write
from trunkline.config import ConfigError, load
from trunkline.config.tree import MAX_BYTES

ONE = "model_list: [{model_name: %s, litellm_params: {model: openai/x, api_key: sk-0123456789}}]\n"


def test_lists_are_appended_and_the_rest_replaced(tmp_path: Path) -> None:
    """As LiteLLM merges: `model_list` grows, a mapping of the included file takes the place of ours, and is said."""
    write(tmp_path, ONE % "b" + "router_settings: {num_retries: 9}\n", "more.yaml")
    path = write(
        tmp_path, "include: [more.yaml]\n" + ONE % "a" + "router_settings: {num_retries: 1, cooldown_time: 3}\n"
    )
    snapshot = load(path, {})
    assert [deployment.group for deployment in snapshot.deployments] == ["a", "b"]
    assert (snapshot.router.num_retries, snapshot.router.cooldown_seconds) == (9, 5.0)
    assert snapshot.files == (str(path), str(tmp_path / "more.yaml"))
    assert "replaces the one of" in notes(snapshot, "warning")[0]


def test_includes_are_relative_to_the_file_that_declares_them(tmp_path: Path) -> None:
    """Nested folders work; the main file's folder is the second place, with a note."""
    (tmp_path / "sub").mkdir()
    write(tmp_path, "include: [inner.yaml, top.yaml]\n" + ONE % "b", "sub/more.yaml")
    write(tmp_path, ONE % "c", "sub/inner.yaml")
    write(tmp_path, ONE % "d", "top.yaml")
    snapshot = load(write(tmp_path, "include: sub/more.yaml\n" + ONE % "a"), {})
    assert [deployment.group for deployment in snapshot.deployments] == ["a", "b", "c", "d"]
    assert "taken from the folder of the main file" in notes(snapshot, "warning")[0]


def test_a_problem_names_the_included_file(tmp_path: Path) -> None:
    """File and line are those of the file that holds the mistake."""
    other = write(tmp_path, "# one\nmodel_list:\n- model_name: b\n", "more.yaml")
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, "include: [more.yaml]\n" + ONE % "a"), {})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(other), 3)


@pytest.mark.parametrize("chain", [("config.yaml",), ("b.yaml", "config.yaml"), ("b.yaml", "c.yaml", "b.yaml")])
def test_include_cycles_are_refused(tmp_path: Path, chain: tuple[str, ...]) -> None:
    """Directly, through another file, and away from the main file."""
    names = ("config.yaml", *chain)
    for name, following in pairwise(names):
        write(tmp_path, f"include: [{following}]\n" + ONE % "a", name)
    with pytest.raises(ConfigError, match="includes itself"):
        load(tmp_path / "config.yaml", {})


def test_a_missing_include_is_said_where_it_stands(tmp_path: Path) -> None:
    """With the line of the `include`."""
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, ONE % "a" + "include:\n  - gone.yaml\n"), {})
    (problem,) = caught.value.problems
    assert (problem.line, "`gone.yaml` does not exist" in problem.what) == (3, True)


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 0, "empty"),
        (b"# nothing yet\n", 0, "empty"),
        (b"- a\n- b\n", 1, "no mapping"),
        (b"model_list\n", 1, "no mapping"),
        (b"a: 1\nb: \xff\xfe\n", 2, "not UTF-8"),
        (b"a: 1\nb: \x00\n", 1, "characters that YAML does not allow"),
        (b"a: " + b"x" * MAX_BYTES, 0, "larger than 8 MiB"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, data: bytes, line: int, said: str) -> None:
    """Empty, huge, binary and shapeless files are refused in one sentence."""
    path = tmp_path / "config.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    (problem,) = caught.value.problems
    assert said in problem.what
    assert problem.line == line


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    """The message says which file and how to name one."""
    with pytest.raises(ConfigError, match="does not exist; name one: `--config"):
        load(tmp_path / "gone.yaml", {})
    with pytest.raises(ConfigError, match="this is a folder"):
        load(tmp_path, {})


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Windows editors write one."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (ONE % "a").encode())
    assert load(path, {}).deployments[0].group == "a"
