"""Port in use: the message says by whom."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from trunkline.server.holder import holders
from trunkline.server.listen import PortTaken, listen


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_that_listens_is_named() -> None:
    """Command and process id of the listener, so that the user knows what to stop."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        named = list(holders(taken.getsockname()[1]))
    assert any(f"(process {os.getpid()})" in name for name in named)


def test_nobody_is_named_for_a_free_port() -> None:
    """A port without a listener has no holder."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert not list(holders(port))


def test_a_taken_port_says_what_to_write() -> None:
    """The error names the port that is taken and another one to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port} .*is taken by .*`--port {port + 1}`"):
            listen("127.0.0.1", port)
