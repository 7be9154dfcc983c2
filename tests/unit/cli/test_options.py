"""What `trunkline serve` makes of its arguments and of the environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trunkline.cli.main import run
from trunkline.cli.options import Mistake, ServeOptions, environment, find_config, quick_serve, serve_options


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a config file, as working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOST", "PORT", "NUM_WORKERS", "CONFIG_FILE_PATH", "TRUNKLINE_DATA"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "litellm-config.yaml"
    path.write_text("model_list: []\n")
    return path


def test_defaults_are_those_of_the_guide(config: Path) -> None:
    """Without arguments it is this folder's config on loopback port 4000 with one worker."""
    assert config.is_file()
    expected = ServeOptions(config=Path("litellm-config.yaml"), host="127.0.0.1", port=4000, workers=1)
    assert serve_options({}, {}) == expected


def test_arguments_win_over_variables_and_variables_over_defaults(config: Path) -> None:
    """`--port` beats `PORT`; `HOST` and `NUM_WORKERS` count as in LiteLLM."""
    environ = {"PORT": "5000", "HOST": "0.0.0.0", "NUM_WORKERS": "3", "CONFIG_FILE_PATH": str(config)}
    options = serve_options({"port": "6000"}, environ)
    assert options == ServeOptions(config=config, host="0.0.0.0", port=6000, workers=3)


@pytest.mark.parametrize("text", ["abc", "-1", "65536", "4000.0", "", "٤"])
def test_a_bad_port_is_named_with_what_to_write(config: Path, text: str) -> None:
    """A port that is none is a sentence about `--port`, except that an empty one counts as not given."""
    assert config.is_file()
    if not text:
        assert serve_options({"port": text}, {}).port == 4000
        return
    with pytest.raises(Mistake, match=r"`--port` must be a whole number from 0 to 65535"):
        serve_options({"port": text}, {})


def test_a_bad_variable_is_named_by_its_own_name(config: Path) -> None:
    """The message names `NUM_WORKERS` when that is where the mistake is."""
    assert config.is_file()
    with pytest.raises(Mistake, match="`NUM_WORKERS`"):
        serve_options({}, {"NUM_WORKERS": "many"})


def test_a_missing_config_suggests_its_neighbour(config: Path) -> None:
    """A name that is not there gets the config that lies beside it."""
    with pytest.raises(Mistake, match=r"does not exist \(did you mean `.*litellm-config.yaml`\?\)"):
        find_config(str(config.parent / "litellm_config.yml"))


def test_no_config_at_all_says_what_to_write(tmp_path: Path) -> None:
    """An empty folder gets the smallest config that works."""
    with pytest.raises(Mistake, match="model_list:\n"):
        find_config(None, tmp_path)


def test_plain_arguments_are_read_without_the_parser() -> None:
    """Every documented spelling of an option is read by the quick path."""
    argv = ["-c", "a.yaml", "--host=::1", "--port", "0", "--num_workers=2"]
    assert quick_serve(argv) == {"config": "a.yaml", "host": "::1", "port": "0", "workers": "2"}


@pytest.mark.parametrize("argv", [["--help"], ["--prot", "1"], ["--port"], ["file.yaml"]])
def test_anything_else_is_left_to_the_parser(argv: list[str]) -> None:
    """Help, unknown options and missing values go to the parser, which has the words for them."""
    assert quick_serve(argv) is None


def test_the_parser_and_the_quick_path_agree(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same arguments give the same options, whichever way they are read."""
    seen: list[ServeOptions] = []

    def serve(config: Path, host: str, port: int, workers: int) -> int:
        seen.append(ServeOptions(config=config, host=host, port=port, workers=workers))
        return 0

    monkeypatch.setattr("trunkline.server.run.serve", serve)
    argv = ["serve", "--config", str(config), "--port", "1234", "--workers", "2"]
    assert run(argv) == 0
    from trunkline.cli.app import app

    assert app(argv) == 0
    assert seen[0] == seen[1]


def test_a_mistake_is_one_sentence_without_a_traceback(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command ends with status 2 and the sentence on standard error."""
    assert config.is_file()
    assert run(["serve", "--port", "abc"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("trunkline: `--port`")
    assert "Traceback" not in said


def test_env_file_is_read_below_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` counts where the environment says nothing, and names the data folder for the whole process."""
    (config.parent / ".env").write_text("PORT=4321\nHOST=0.0.0.0\nTRUNKLINE_DATA=elsewhere\n")
    monkeypatch.setenv("HOST", "127.0.0.9")
    monkeypatch.setattr(os, "environ", os.environ.copy())
    options = serve_options({})
    assert (options.port, options.host) == (4321, "127.0.0.9")
    assert os.environ["TRUNKLINE_DATA"] == "elsewhere"
    assert "PORT" not in os.environ


def test_env_file_is_left_alone_in_production_mode(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LITELLM_MODE=PRODUCTION` forgoes `.env`, as in LiteLLM."""
    (config.parent / ".env").write_text("PORT=4321\n")
    monkeypatch.setenv("LITELLM_MODE", "PRODUCTION")
    assert "PORT" not in environment()
