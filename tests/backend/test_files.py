"""Files: kept by content, typed by their bytes, given back so that nothing in them can run."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.core import tables
from backend.app.core.clock import DAY_US, now_us
from backend.app.services.files import blob_path, clean_name
from backend.app.services.housekeeping import tidy
from backend.app.services.sniff import sniff
from tests.backend import rows
from tests.backend.app_fixtures import Running, Start

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 640, 480, 8, 2, 0, 0, 0) + b"rest"
GIF = b"GIF89a" + struct.pack("<HH", 3, 2) + b"rest"
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 200, 100) + b"more than nine bytes"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + (9).to_bytes(3, "little") + (19).to_bytes(3, "little")


async def _upload(
    client: httpx.AsyncClient, data: bytes, name: str = "a.bin", said: str = "image/png"
) -> dict[str, Any]:
    answer = await client.post("/api/files", files={"file": (name, data, said)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("data", "media_type", "kind", "size"),
    [
        (PNG, "image/png", "image", (640, 480)),
        (GIF, "image/gif", "image", (3, 2)),
        (JPEG, "image/jpeg", "image", (100, 200)),
        (WEBP, "image/webp", "image", (10, 20)),
        (b"%PDF-1.7 ...", "application/pdf", "pdf", (None, None)),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav", "audio", (None, None)),
        (b"<svg onload=alert(1)>", "text/plain", "text", (None, None)),
        ("Grüße\n".encode(), "text/plain", "text", (None, None)),
        (b"PK\x03\x04...", "application/zip", "other", (None, None)),
        (b"\x00\x01\x02", "application/octet-stream", "other", (None, None)),
        (b"MZ\x90\x00", "application/octet-stream", "other", (None, None)),
    ],
)
def test_the_type_is_in_the_bytes(data: bytes, media_type: str, kind: str, size: tuple[int | None, int | None]) -> None:
    """Types, kinds and the size of pictures come from the first bytes."""
    found = sniff(data, whole=True)
    assert (found.media_type, found.kind, (found.width, found.height)) == (media_type, kind, size)


@given(st.binary(max_size=200), st.sampled_from([b"", PNG[:18], GIF[:7], JPEG[:9], WEBP[:20], b"\xff\xd8\xff"]))
def test_no_bytes_break_the_reader(data: bytes, head: bytes) -> None:
    """Cut and broken files get some type, never an error."""
    assert sniff(head + data, whole=True).kind in {"image", "text", "pdf", "audio", "other"}


@given(st.text(min_size=1, max_size=100))
def test_text_cut_in_the_middle_of_a_character_is_still_text(said: str) -> None:
    """The head of a long text may end inside of a character."""
    plain = "".join(char for char in said if char.isprintable()) or "x"
    data = ("é" + plain + "é").encode()
    for cut in range(1, 4):
        assert sniff(data[:-cut], whole=False).kind == "text"


async def test_a_file_comes_back_whole_and_harmless(client: httpx.AsyncClient) -> None:
    """A picture is shown, everything else is a download; nothing is sniffed and nothing runs."""
    image = await _upload(client, PNG, "logo.png")
    answer = await client.get(f"/api/files/{image['id']}")
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline")
    page = await _upload(client, b"<script>alert(1)</script>", "x.html", "text/html")
    answer = await client.get(f"/api/files/{page['id']}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_what_the_client_says_of_the_type_is_ignored(client: httpx.AsyncClient) -> None:
    """HTML that calls itself a PNG is text."""
    made = await _upload(client, b"<html>", "x.png", "image/png")
    assert (made["media_type"], made["kind"], made["bytes"]) == ("text/plain", "text", 6)


async def test_the_same_content_is_stored_once(application: Running, client: httpx.AsyncClient) -> None:
    """Two uploads are two attachments over one content."""
    first, second = await _upload(client, PNG), await _upload(client, PNG, "b.png")
    assert first["id"] != second["id"]
    if application.db.kind == "postgresql":
        assert await rows.count(application.db, "blobs") == 1
    else:
        stored = [path for path in (application.settings.trunkline_data / "files").rglob("*") if path.is_file()]
        assert len(stored) == 1
        assert stored[0].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("data", "status"), [(b"", 422), (b"x" * 1_000_001, 413), (b"x" * 3_000_000, 413), (b"x" * 1_000_000, 201)]
)
async def test_empty_and_too_large_files_are_refused(start: Start, data: bytes, status: int) -> None:
    """The limit is exact, and far over it the body is not even read."""
    async with start(app_max_file_mb=1) as app, app.client() as client:
        answer = await client.post("/api/files", files={"file": ("a", data)})
        assert answer.status_code == status, answer.text
        assert await rows.count(app.db, "attachments") == (1 if status == 201 else 0)


async def test_a_body_that_hides_its_length_is_counted(start: Start) -> None:
    """Chunks without a Content-Length are stopped at the limit with 413."""

    async def chunks() -> Any:
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(30):
            yield b"x" * 100_000

    async with start(app_max_file_mb=1) as app, app.client() as client:
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = await client.post("/api/files", content=chunks(), headers=headers)
        assert answer.status_code == 413, answer.text


async def test_one_person_has_so_much_room(start: Start) -> None:
    """The upload that would go over the sum of all files is refused and leaves nothing."""
    async with start(app_max_file_mb=1, app_max_storage_mb=1) as app, app.client() as client:
        await _upload(client, b"x" * 700_000)
        answer = await client.post("/api/files", files={"file": ("a", b"y" * 700_000)})
        assert answer.status_code == 413
        assert answer.json()["error"]["variable"] == "APP_MAX_STORAGE_MB"
        assert await rows.count(app.db, "attachments") == 1


async def test_a_file_that_no_message_has_goes_after_a_day(application: Running, client: httpx.AsyncClient) -> None:
    """Housekeeping forgets an upload that was never sent; one in a message stays, and so does content that both had."""
    db = application.db
    kept, dropped, twin = [await _upload(client, data) for data in (PNG, GIF, PNG)]
    made = await rows.conversation(db)
    message = await rows.message(db, made)
    async with db.write() as connection:
        await connection.execute(
            tables.message_attachments.insert().values(message_id=message, attachment_id=kept["id"], position=0)
        )
    stored = [path for path in (application.settings.trunkline_data / "files").rglob("*") if path.is_file()]
    for path in stored:
        os.utime(path, (1, 1))  # bytes of the last minute are left alone
    await tidy(db, application.settings, now_us() + 2 * DAY_US)
    assert (await client.get(f"/api/files/{kept['id']}")).content == PNG
    left = await rows.count(db, "blobs") if db.kind == "postgresql" else sum(path.exists() for path in stored)
    assert left == 1
    statuses = [(await client.get(f"/api/files/{each['id']}")).status_code for each in (kept, dropped, twin)]
    assert statuses == [200, 404, 404]
    shown = (await client.get(f"/api/conversations/{made}")).json()
    assert [file["id"] for file in shown["messages"][0]["attachments"]] == [kept["id"]]
    assert shown["attachments_bytes"] == len(PNG)


async def test_a_lost_content_is_a_404(application: Running, client: httpx.AsyncClient) -> None:
    """Where somebody removed the bytes the answer is 404, not a failure."""
    made = await _upload(client, PNG)
    async with application.db.write() as connection:
        await connection.execute(tables.blobs.delete())
        digest = (await connection.execute(tables.attachments.select())).mappings().one()["sha256"]
    blob_path(application.settings, digest).unlink(missing_ok=True)
    assert (await client.get(f"/api/files/{made['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.txt", "b.txt"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\x00\nb.txt", "ab.txt"),
        ("...", "file"),
        ("é" * 300 + ".png", "é" * 180 + ".png"),
    ],
)
def test_names_are_only_names(given_name: str, kept: str) -> None:
    """No folders, no signs that mislead the eye, no endless names."""
    assert clean_name(given_name) == kept


def test_the_place_of_a_file_has_nothing_of_its_name(tmp_path: Path) -> None:
    """Its path is made of the digest alone."""
    from tests.backend.app_fixtures import settings_for

    settings = settings_for(f"sqlite:///{tmp_path}/a.db", tmp_path)
    assert blob_path(settings, "ab" * 32) == tmp_path / "files" / "ab" / ("ab" * 32)
