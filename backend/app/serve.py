"""`python -m backend.app.serve`: the application on one port, or on two: the API's and the one for the browser."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final

GRACE_SECONDS: Final = 5
"""Streams of events are open for long; what a run still writes is ended in order after this."""


class PortError(Exception):
    """A port cannot be listened on; the message says what to do."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """Return a listening socket. Raises `PortError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(2048)
    except OSError as error:
        made.close()
        match error.errno:
            case errno.EADDRINUSE:
                why = f"port {port} is taken. Stop what uses it, or choose another with {option}"
            case errno.EACCES:
                why = f"port {port} may not be used by this user. Choose one above 1023 with {option}"
            case errno.EADDRNOTAVAIL:
                why = f"this machine has no address {host}. Choose another with --host"
            case _:
                why = error.strerror or str(error)
        raise PortError(f"Cannot listen on {host}:{port}: {why}.") from None
    made.set_inheritable(True)
    return made


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; 0, or 1 with a line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m backend.app.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="the API's port (default: %(default)s); 0: a free one")
    parser.add_argument("--web-port", type=int, help="a second port for the same, such as 3000")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--access-log", action="store_true", help="a line for each request")
    chosen = parser.parse_args(arguments)
    try:
        sockets = [listen(chosen.host, chosen.port, "--port")]
        if chosen.web_port is not None:
            sockets.append(listen(chosen.host, chosen.web_port, "--web-port"))
    except PortError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # After the ports: an import takes longer than to find one taken.
    import uvicorn

    from backend.app.core.migrate import MigrationError, upgrade
    from backend.app.main import app

    try:
        # Before the server: of an error at its start uvicorn would show the inside.
        asyncio.run(upgrade(app.state.settings.place))
    except MigrationError as error:
        sys.stderr.write(f"The tables cannot be brought to this version: {error}\n")
        return 1
    app.state.migrated = True
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again when it has stopped in order: that is an end, not a failure.
        signal.signal(number, _end)
    config = uvicorn.Config(
        app,
        log_level=chosen.log_level,
        access_log=chosen.access_log,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.run(sockets=sockets)
    return 0 if server.started else 1


if __name__ == "__main__":
    raise SystemExit(main())
