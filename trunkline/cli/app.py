"""The command as people read it: help texts with examples, and the parser for everything but a plain `serve`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from trunkline.cli.options import ServeOptions, environment, find_config, serve_options
from trunkline.cli.services import API_PORT, WEB_PORT, AppOptions

Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The config, as for LiteLLM. Default: $CONFIG_FILE_PATH, else litellm-config.yaml in this folder.",
    ),
]
Host = Annotated[
    str | None,
    typer.Option(metavar="HOST", help="Address to listen on. Default: $HOST, else 127.0.0.1; 0.0.0.0 is every one."),
]
Port = Annotated[str | None, typer.Option(metavar="PORT", help="Default: $PORT, else 4000; 0 lets the system choose.")]
Workers = Annotated[
    str | None,
    typer.Option(
        "--workers", "--num_workers", metavar="N", help="Processes; one per core. Default: $NUM_WORKERS, else 1."
    ),
]
AppHost = Annotated[str, typer.Option("--app-host", metavar="HOST", help="Address of the API and the front end.")]
ApiPort = Annotated[int, typer.Option("--api-port", metavar="PORT", min=0, max=65535, help="Port of the API.")]
WebPort = Annotated[int, typer.Option("--web-port", metavar="PORT", min=0, max=65535, help="Port of the front end.")]

typer_app = typer.Typer(
    name="trunkline",
    help="One line to every model: an LLM gateway that speaks LiteLLM's language.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def app(argv: Sequence[str]) -> int:
    """The exit status of the command with these arguments."""
    try:
        typer_app(list(argv), prog_name="trunkline")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0


def _options(config: str | None, host: str | None, port: str | None, workers: str | None) -> ServeOptions:
    return serve_options({"config": config, "host": host, "port": port, "workers": workers})


@typer_app.command(short_help="Start the gateway and nothing else.")
def serve(config: Config = None, host: Host = None, port: Port = None, workers: Workers = None) -> None:
    r"""Start the gateway and nothing else.

    Reads .env, checks the config, listens, and prints its address when it is ready. SIGTERM or Ctrl-C finishes the
    running calls first; SIGHUP reads the config again. TRUNKLINE_DATA names the data folder (default ./data),
    DATABASE_URL the database (default: SQLite in the data folder).

    \b
    Examples:
      trunkline serve
      trunkline serve --config my-config.yaml --port 8080
      LITELLM_MASTER_KEY=sk-... trunkline serve --host 0.0.0.0 --workers 4
    """
    options = _options(config, host, port, workers)
    from trunkline.server.run import serve as start

    raise typer.Exit(start(options.config, options.host, options.port, options.workers))


@typer_app.command(short_help="Start every service, here in the foreground.")
def up(
    config: Config = None,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    app_host: AppHost = "127.0.0.1",
    api_port: ApiPort = API_PORT,
    web_port: WebPort = WEB_PORT,
) -> None:
    r"""Start every service in the foreground, say where each one is, and show their logs.

    The gateway, the application's API and the chat (the last two from a checkout only). Ends with a curl to paste.
    Ctrl-C stops everything.

    \b
    Examples:
      trunkline up
      trunkline up --config my-config.yaml
      trunkline up --port 4001 --api-port 8001 --web-port 3001
    """
    from trunkline.cli.up import run

    app = AppOptions(host=app_host, port=api_port, web_port=web_port)
    raise typer.Exit(run(_options(config, host, port, workers), app))


@typer_app.command(short_help="Check the config without starting.")
def check(config: Config = None) -> None:
    r"""Read the config as a start would, and say everything that is wrong or worth knowing, without starting.

    The status is 0 when the gateway would start, and 1 when it would not.

    \b
    Examples:
      trunkline check
      trunkline check --config my-config.yaml
    """
    from trunkline.cli.check import run

    raise typer.Exit(run(find_config(config or environment().get("CONFIG_FILE_PATH"))))


@typer_app.command(short_help="Say which Trunkline this is.")
def version() -> None:
    r"""Say which Trunkline this is, on which Python and system.

    \b
    Example:
      trunkline version
    """
    from trunkline.cli.version import run

    raise typer.Exit(run())
