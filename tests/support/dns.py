"""A DNS server that lies or dawdles, and the way to put a process under its spell without touching the machine's.

A private mount namespace gives the gateway its own `/etc/resolv.conf`; that and port 53 need root on Linux.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ADDRESS: Final = "127.0.0.153"
A, AAAA = 1, 28


def usable() -> bool:
    """Whether this process may make the namespace."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


class StubResolver:
    """Answers on UDP: `nx.*` does not exist, `slow.*` is answered after 10 s, `dual.*` has ::1 and 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "resolv.conf"
        self._file.write_text(f"nameserver {ADDRESS}\noptions timeout:30 attempts:1\n")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ADDRESS, 53))
        self.asked: list[str] = []
        """Names in the order of the questions."""
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def prefix(self) -> tuple[str, ...]:
        """The command to start a program through, so that it asks this server."""
        script = f'mount --bind "{self._file}" /etc/resolv.conf && exec "$@"'
        return ("unshare", "-m", "sh", "-c", script, "sh")

    def _serve(self) -> None:
        while True:
            try:
                data, peer = self._socket.recvfrom(512)
            except OSError:
                return
            threading.Thread(target=self._answer, args=(data, peer), daemon=True).start()

    def _answer(self, data: bytes, peer: tuple[str, int]) -> None:
        labels, at = [], 12
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode())
            at += 1 + length
        (kind,) = struct.unpack_from(">H", data, at + 1)
        question = data[12 : at + 5]
        name = ".".join(labels)
        self.asked.append(name)
        if labels[0] == "slow":
            time.sleep(10)
        records = b""
        if labels[0] in ("dual", "slow"):
            if kind == A:
                records = record(A, socket.inet_pton(socket.AF_INET, "127.0.0.1"))
            elif kind == AAAA and labels[0] == "dual":
                records = record(AAAA, socket.inet_pton(socket.AF_INET6, "::1"))
        code = 3 if labels[0] == "nx" else 0
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if records else 0, 0, 0)
        try:
            self._socket.sendto(head + question + records, peer)
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()


def record(kind: int, data: bytes) -> bytes:
    """One resource record for the question's name, not to be kept."""
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data
