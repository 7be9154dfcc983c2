"""Twelve bad configurations (reliability G06): each is refused with its line, and shows no value of a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.written import problems
from trunkline.cli.check import run
from trunkline.config.tree import MAX_NODES

GOOD = """\
model_list:
  - model_name: a
    litellm_params:
      model: openai/gpt-5.6-sol
      api_key: sk-canary-0123456789
  - model_name: b
    litellm_params:
      model: openai/gpt-6-luna
      api_key: sk-canary-0123456789
"""

# fmt: off
BAD = {
    "syntax": (GOOD.replace("  - model_name: b", "   - model_name: b"), 6, "not valid YAML", "beside it"),
    "unknown field": (
        GOOD.replace("litellm_params:", "litellm_parms:", 1), 3, "`litellm_parms` is no key", "`litellm_params:`",
    ),
    "missing variable": (GOOD + "general_settings:\n  master_key: os.environ/GONE\n", 11, "`GONE` is not set", ".env"),
    "bad URL": (GOOD.replace("      api_key", "      api_base: htp://h\n      api_key", 1), 5, "`api_base`", ""),
    "metadata host": (
        GOOD.replace("      api_key", "      api_base: http://169.254.169.254/v1\n      api_key", 1),
        5, "link-local or cloud metadata", "the model's host",
    ),
    "duplicate name": (
        GOOD.replace("    litellm_params:", "    model_name: c\n    litellm_params:", 1), 3, "twice", "keep one",
    ),
    "duplicate id": (
        GOOD.replace("\n  - model_name: b", "\n    model_info: {id: x}\n  - model_name: b")
        + "    model_info: {id: x}\n",
        7, "`x` is taken by the entry in line 2", "its own id",
    ),
    "cycle in fallbacks": (
        GOOD + "router_settings:\n  fallbacks:\n    - a: [b]\n    - b: [a]\n",
        12, "in a circle: `a` -> `b` -> `a`", "take one",
    ),
    "negative price": (GOOD + "      input_cost_per_token: -1\n", 10, "`input_cost_per_token`", "0 or more"),
    "negative timeout": (GOOD + "      timeout: -5\n", 10, "`litellm_params.timeout` is below 0", "0 or more"),
    "empty": ("", 0, "empty", "model_list"),
    "huge": (
        GOOD + "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(f"a{n}: &a{n or ''} [{'*a,' * 100}]\n" for n in range(60))
        + f"x: [{', '.join(['*a9'] * (MAX_NODES // 100))}]\n",
        None, "unfolds to more than", "fewer aliases",
    ),
    "half-written": (GOOD[: GOOD.rindex("openai/gpt-6-luna")], 8, "`model` is empty", "model: openai/"),
    "half-written string": (GOOD.replace("sk-canary-0123456789", '"sk-canary-01234567', 1), None, "not valid YAML", ""),
    "wrong type": (
        GOOD.replace("model: openai/gpt-5.6-sol", "model: [openai/gpt-5.6-sol]"), 4, "is a list", "`model: text`",
    ),
    "wrong type of section": (GOOD + "router_settings: [a]\n", 10, "`router_settings` is a list", "indented below it"),
    "no model": (GOOD.replace("      model: openai/gpt-6-luna\n", ""), 8, "`model` is missing", "model: "),
    "no name": (GOOD.replace("  - model_name: b\n    lit", "  - lit"), 6, "`model_name` is missing", "model_name"),
}
# fmt: on


@pytest.mark.parametrize("name", BAD)
def test_a_bad_configuration_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    """Syntax, unknown field, missing variable, bad URL, duplicates, cycles, prices, empty, huge, half, wrong type."""
    text, line, what, instead = BAD[name]
    found = problems(tmp_path, text)
    problem = next((one for one in found if what in one.what), None)
    assert problem is not None, found
    if line is not None:
        assert problem.line == line
    assert instead in problem.instead
    assert "canary" not in " ".join(map(str, found))


@pytest.mark.parametrize("name", BAD)
def test_check_says_no_without_a_traceback(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`trunkline check` prints file and line on standard error and returns 1."""
    path = tmp_path / "config.yaml"
    path.write_text(BAD[name][0])
    assert run(path) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert str(path) in err
    assert "Traceback" not in err
    assert "canary" not in err


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    """Three mistakes make three problems, in one go."""
    text = GOOD + "      timeout: -5\nrouter_settings: {fallbacks: [{a: [gone]}], num_retries: many}\n"
    assert len(problems(tmp_path, text)) == 3
