"""The worker's journal: an append-only file that a `kill -9` cannot take a record from.

`write()` hands the bytes to the kernel's page cache, which outlives the process. Space is taken in advance, a
segment at a time and always one ahead, so that a record of a call that was admitted always finds room: a full
disk shows when the next segment cannot be had, while the present one still holds what is under way.

On disk: `<folder>/lock` (held by `flock` while the worker lives), `<folder>/000001.tlj`, ... Each segment has a
header (`TLJ1`, number, created), then frames (length, CRC-32, payload), then zeros. See `ledger/record.py`.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

MAGIC: Final = b"TLJ1"
HEADER: Final = struct.Struct("<4sIQ")
FRAME: Final = struct.Struct("<II")
pack_head = struct.Struct("<IIs").pack
"""Length, CRC-32 and kind byte of a frame: `frame` without gluing the kind byte to its content first."""
_log = logging.getLogger(__name__)


def frame(payload: bytes) -> bytes:
    """Wrap one payload (kind byte and MessagePack) for the journal."""
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


class JournalBroken(OSError):
    """The journal could not be written: the disk fails or is full beyond what was reserved."""


class Journal:
    """The journal of one worker.

    `carry` is asked at each rotation for the frames of calls still under way; they are written at the head of the
    new segment, so that a shipped segment can be deleted.
    """

    def __init__(self, folder: Path, *, segment_bytes: int, carry: Callable[[], Iterable[bytes]] = tuple) -> None:
        self.folder = folder
        self.full = False
        """No room could be had ahead: admit no new call."""
        self.written = 0
        """Bytes appended since the start."""
        self._segment_bytes = segment_bytes
        self._carry = carry
        self._number = 0
        self._fd = -1
        self._offset = 0
        self._room = segment_bytes
        self._next_fd = -1
        self._synced = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self._next_fd = self._reserve()
        except OSError as error:
            raise JournalBroken(error.errno, f"no room for the ledger in `{folder}`: {error.strerror}") from error
        self._rotate()

    def append(self, data: bytes) -> None:
        """Write whole frames.

        Raises:
            JournalBroken: they could not be written; the file holds none of them.
        """
        size = len(data)
        if self._offset + size > self._room:
            self._rotate()
        try:
            done = os.pwrite(self._fd, data, self._offset)
            while done < size:
                done += os.pwrite(self._fd, data[done:], self._offset + done)
        except OSError as error:
            self.full = True
            raise JournalBroken(error.errno, f"cannot write `{self.folder}`: {error.strerror}") from error
        self._offset += size
        self.written += size
        if self._next_fd < 0 and not self.full and self._offset > self._room // 2:
            self.make_room()

    def make_room(self) -> None:
        """Reserve the next segment if there is none; `full` tells whether that failed. Called again each second."""
        if self._next_fd >= 0:
            self.full = False
            return
        try:
            self._next_fd = self._reserve()
        except OSError as error:
            if not self.full:
                _log.error("no room for the ledger in `%s` (%s): new calls are refused", self.folder, error.strerror)
            self.full = True
        else:
            if self.full:
                _log.warning(  # lint: hot-path (once, when a full disk has room again)
                    "room for the ledger in `%s` again: new calls are taken", self.folder
                )
            self.full = False

    @property
    def unsynced(self) -> bool:
        """Something was written that `sync` has not forced to the disk yet."""
        return self.written != self._synced

    def sync(self) -> None:
        """Force what was written to the disk (`fdatasync`), if there is anything new."""
        if self.written != self._synced:
            self._synced = self.written
            os.fdatasync(self._fd) if hasattr(os, "fdatasync") else os.fsync(self._fd)

    def report_load(self, busy: float) -> None:
        """Tell the shipper which share of the last second this worker was busy, 0 to 1."""
        try:
            self.folder.joinpath("load").write_text(f"{busy:.3f}", encoding="ascii")
        except OSError:
            pass  # only a hint: on a full disk the shipper goes by its absence

    def close(self) -> None:
        """Let go of the files and the lock; the shipper takes over what is left."""
        for fd in (self._fd, self._next_fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._next_fd = self._lock = -1

    def _reserve(self) -> int:
        fd = os.open(self.folder / "next.tmp", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _allocate(fd, self._segment_bytes)
        except OSError:
            os.ftruncate(fd, 0)
            os.close(fd)
            raise
        return fd

    def _rotate(self) -> None:
        if self._next_fd < 0:
            try:
                self._next_fd = self._reserve()
            except OSError as error:
                self.full = True
                raise JournalBroken(error.errno, f"no room in `{self.folder}`: {error.strerror}") from error
        number = self._number + 1
        head = HEADER.pack(MAGIC, number, time.time_ns() // 1000) + (b"".join(self._carry()) if number > 1 else b"")
        self._room = self._segment_bytes
        if len(head) > self._room // 2:
            # So many calls are open that their intents alone would fill the segment: it must not rotate at once again.
            self._room = 4 * len(head)
            _allocate(self._next_fd, self._room)
        os.pwrite(self._next_fd, head, 0)
        self.folder.joinpath("next.tmp").rename(self.folder / f"{number:06d}.tlj")
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._next_fd = self._next_fd, -1
        self._offset, self._number = len(head), number


def _allocate(fd: int, size: int) -> None:
    """Take `size` bytes of disk for a file, so that writing into it later cannot meet a full disk."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
        else:
            return
    zeros = bytes(1024 * 1024)
    for at in range(0, size, len(zeros)):
        os.pwrite(fd, zeros[: size - at], at)
