"""Files."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile

from backend.app.api.deps import Config, CurrentUser, Db
from backend.app.api.schemas.messages import Attachment
from backend.app.services import files

router = APIRouter(prefix="/api/files", tags=["files"])

_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Raster images alone: anything else in a window of this origin could be more than it seems."""


@router.post("", status_code=201)
async def upload_file(
    user: CurrentUser, db: Db, config: Config, file: Annotated[UploadFile, File(description="One file.")]
) -> Attachment:
    """Store a file for a message. Its type is found in its bytes."""
    return await files.store(db, config, user.id, file.filename or "file", file.file)


@router.get(
    "/{file_id}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_file(user: CurrentUser, db: Db, config: Config, file_id: str) -> Response:
    """Send a file back: shown only if it is a raster image, else as a download."""
    attachment, data = await files.load(db, config, user.id, file_id)
    shown = attachment.media_type in _SHOWN
    name = quote(attachment.name, safe="")
    return Response(
        data,
        media_type=attachment.media_type,
        headers={
            "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
            "x-content-type-options": "nosniff",
            "cache-control": "private, max-age=31536000, immutable",
        },
    )
