"""The entry of the `trunkline` command: chooses what to import, because that is most of the time a start takes.

`serve` with ordinary arguments never loads typer (130 ms here); help, mistakes in the arguments and every other command
do. No user's mistake ends in a traceback: `Mistake` carries a sentence for people.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from trunkline.cli.options import Mistake, quick_serve, serve_options


def main() -> None:
    """Run the command on the process's arguments and exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """The exit status of `trunkline` with these arguments: 0 done, 1 failed, 2 a mistake in what was asked."""
    try:
        if argv and argv[0] == "serve" and (raw := quick_serve(argv[1:])) is not None:
            options = serve_options(raw)
            from trunkline.server.run import serve

            return serve(options.config, options.host, options.port, options.workers)
        from trunkline.cli.app import app

        return app(argv)
    except Mistake as mistake:
        print(f"trunkline: {mistake}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `trunkline check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
