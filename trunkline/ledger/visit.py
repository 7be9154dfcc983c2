"""One journal, seen again and again: what is new in it goes to the database, what is done with is deleted."""

from __future__ import annotations

import logging
import os
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trunkline.ledger import adopt
from trunkline.ledger.deliver import Batch, Delivered, Fenced, deliver, position
from trunkline.ledger.journal import frame
from trunkline.ledger.onlooker import Nobody, Onlooker
from trunkline.ledger.reader import HEADER, Frames, JournalFolder, Mark, Segment, Stop
from trunkline.ledger.status import ShipperStatus
from trunkline.store.errors import StoreError
from trunkline.store.session import Session

MAX_CALLS: Final = 2_000
MAX_BYTES: Final = 2 * 1024 * 1024
UNREADABLE_FILE: Final = "unreadable.tlj"
"""Records that this version cannot read are kept here as frames, beside the journals."""
TROUBLE_SECONDS: Final = 5.0
_UNKNOWN: Final = Mark(segment=0, position=0, created=0)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _End:
    """Where a journal's data ends, as far as it was looked for."""

    segment: int = 0
    position: int = 0


class Visitor:
    """The shipper's memory of one journal. The database has the truth; `forget` after any error reads it again."""

    def __init__(self, folder: JournalFolder, status: ShipperStatus, onlooker: Onlooker | None = None) -> None:
        self.folder = folder
        self._onlooker: Onlooker = onlooker or Nobody()
        self.gone = False
        """The folder was removed: this visitor is done."""
        self._status = status
        self._mark: Mark | None = None
        self._sure = False
        self._closed = False
        self._end = _End()
        self._wait_until = 0.0
        self.caught_up = False
        """Nothing was left at the last visit."""

    def forget(self) -> None:
        """The position in the database may have changed; what is known of it still serves to measure."""
        self._sure = False

    async def visit(self, session: Session) -> bool:
        """Bring the next batch; returns whether anything moved. Raises `StoreError`.

        Anything else that goes wrong is this journal's alone: it is said once and tried again later.
        """
        if time.monotonic() < self._wait_until:
            return False
        try:
            if not self._sure and self.folder.unborn():
                self.caught_up = True
                return False
            return await self._visit(session, dead=self.folder.take_if_dead())
        except Fenced:
            _log.info("journal `%s` was moved on by another shipper", self.folder.worker_id)
            self.forget()
            return True
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 one journal must not keep the others waiting
            self._trouble(error)
            return False

    def _trouble(self, error: Exception) -> None:
        """Say where it failed and with what kind of error; its text may hold a row."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        text = f"journal `{self.folder.worker_id}`: {reason} ({Path(place.filename).name}:{place.lineno})"
        if self._status.last_error != text:
            _log.error("%s", text)
        self._status.last_error = text
        self._wait_until = time.monotonic() + TROUBLE_SECONDS
        self.forget()

    async def _visit(self, session: Session, *, dead: bool) -> bool:
        mark = self._mark if self._sure and self._mark is not None else await self._locate(session)
        if self._closed and dead:
            return self._remove()
        complete = dead or self.folder.succeeded(mark.segment)
        segment = self.folder.segment(mark.segment)
        if segment is None:
            return self._lost_segment(dead=dead)
        if not complete and segment.idle(mark.position):
            self.caught_up = True
            return False
        frames = segment.read(mark.position, max_calls=MAX_CALLS, max_bytes=MAX_BYTES)
        return await self._bring(session, mark, segment, frames, complete=complete, dead=dead)

    async def _bring(
        self, session: Session, mark: Mark, segment: Segment, frames: Frames, *, complete: bool, dead: bool
    ) -> bool:
        ended = complete and frames.stop is not Stop.MORE
        later = [number for number in self.folder.numbers() if number > mark.segment] if ended else []
        after = Mark(segment=mark.segment, position=frames.position, created=segment.created)
        if later:
            following = self.folder.segment(later[0])
            if following is None:
                return False
            after = Mark(segment=later[0], position=HEADER.size, created=following.created)
        self.caught_up = not ended and frames.stop is not Stop.MORE
        if after != mark:
            self._keep_unreadable(frames)
            batch = Batch(
                worker_id=self.folder.worker_id, before=mark, after=after, calls=frames.calls, prices=frames.prices,
                durable=after.segment != mark.segment,
            )  # fmt: skip
            self._count(await deliver(session, batch), frames)
            self._mark = after
        if ended:
            self._status.torn_frames += frames.stop is Stop.TORN
        if later:
            self._delete_before(after.segment)
            return True
        if ended and dead:
            await self._close(session, after)
            return True
        return after != mark

    async def _close(self, session: Session, mark: Mark) -> None:
        last = self.folder.last_sign_of_life()
        calls = [adopt.unknown(intents, last) for intents in adopt.open_intents(self.folder)]
        batch = Batch(worker_id=self.folder.worker_id, before=mark, after=mark, calls=calls, close=True, durable=True)
        done = await deliver(session, batch)
        self._status.rows_shipped += done.rows
        self._status.closed_unknown += done.rows
        self._onlooker.delivered(done.calls)
        self._closed = True
        self._remove()

    def _remove(self) -> bool:
        adopt.remove(self.folder)
        self.gone = self.caught_up = True
        return True

    def _count(self, done: Delivered, frames: Frames) -> None:
        status = self._status
        status.rows_shipped += done.rows
        status.duplicates += done.duplicates
        self._onlooker.delivered(done.calls)
        status.poisoned += max(done.mended, frames.salvaged) + len(frames.unreadable)

    def _delete_before(self, number: int) -> None:
        for each in self.folder.numbers():
            if each < number:
                self.folder.file(each).unlink(missing_ok=True)

    def _keep_unreadable(self, frames: Frames) -> None:
        if not frames.unreadable:
            return
        path = self.folder.path.parent / UNREADABLE_FILE
        _log.error("%d records cannot be read by this version; kept in `%s`", len(frames.unreadable), path)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, b"".join(map(frame, frames.unreadable)))
        finally:
            os.close(fd)

    def _lost_segment(self, *, dead: bool) -> bool:
        """The segment went away under us: look again, or remove what a removal left."""
        self.forget()
        if dead and not self.folder.numbers():
            return self._remove()
        return False

    async def _locate(self, session: Session) -> Mark:
        """Read the position from the database and find it among the files."""
        numbers = self.folder.numbers()
        if not numbers:
            return _UNKNOWN
        first = self._start(numbers[0])
        stored, self._closed = await position(session, self.folder.worker_id, first)
        found = self._among(numbers, stored)
        if found != stored:
            self._closed = False
            batch = Batch(worker_id=self.folder.worker_id, before=stored, after=found)
            await deliver(session, batch)
        self._mark, self._sure = found, True
        return found

    def _among(self, numbers: list[int], stored: Mark) -> Mark:
        if stored.segment in numbers:
            here = self._start(stored.segment)
            if stored.created == here.created:
                return stored
        else:
            later = [number for number in numbers if number > stored.segment]
            if later and not self._closed:
                return self._start(later[0])
        # Another journal under a name that was used before.
        return self._start(numbers[0])

    def _start(self, number: int) -> Mark:
        segment = self.folder.segment(number)
        return Mark(segment=number, position=HEADER.size, created=segment.created if segment else 0)

    def backlog(self) -> int:
        """Return the bytes of records that wait, counting on from where the last count ended."""
        try:
            return 0 if self.caught_up else self._backlog()
        except OSError:
            return 0  # removed meanwhile

    def _backlog(self) -> int:
        numbers = self.folder.numbers()
        if not numbers:
            return 0
        mark = self._mark or self._start(numbers[0])
        waiting = [number for number in numbers if number >= mark.segment]
        total = 0
        for number in waiting[:-1]:
            size = self.folder.file(number).stat().st_size
            total += size - (mark.position if number == mark.segment else HEADER.size)
        for last in waiting[-1:]:
            begin = mark.position if last == mark.segment else HEADER.size
            total += self._find_end(last, begin) - begin
        return total

    def _find_end(self, number: int, begin: int) -> int:
        if self._end.segment != number or self._end.position < begin:
            self._end = _End(number, begin)
        segment = Segment(self.folder.file(number))
        try:
            while (further := segment.skip(self._end.position, 1024 * 1024)) > self._end.position:
                self._end.position = further
        finally:
            segment.close()
        return self._end.position

    def oldest_waiting(self) -> int | None:
        """Return when the next record was written, microseconds since 1970 UTC; `None` where none waits."""
        if self.caught_up:
            return None
        numbers = self.folder.numbers()
        mark = self._mark or (self._start(numbers[0]) if numbers else _UNKNOWN)
        segment = self.folder.segment(mark.segment)
        if segment is None:
            return None
        frames = segment.read(mark.position, max_calls=1, max_bytes=4096, intents=True)
        times = [intent.started_us for intent in frames.intents[:1]]
        times += [call.started_us + call.duration_us for call in frames.calls]
        return min(times, default=None)
