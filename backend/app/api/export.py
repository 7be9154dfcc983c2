"""Export and import."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from backend.app.api.deps import CurrentUser, Db
from backend.app.api.schemas.transfer import ExportDocument, ImportReport
from backend.app.services import exports
from backend.app.services.conversations import detail
from backend.app.services.imports.storing import take
from backend.app.services.markdown import render

router = APIRouter(prefix="/api", tags=["export"])


class Document(StreamingResponse):
    """JSON that is written while it is made."""

    media_type = "application/json"


_DOCUMENT: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/ExportDocument"}}}


@router.get(
    "/conversations/{conversation_id}/export",
    response_class=Response,
    responses={
        200: {
            "content": {
                **_DOCUMENT,
                "text/markdown": {"schema": {"type": "string"}},
            }
        }
    },
)
async def export_conversation(
    user: CurrentUser,
    db: Db,
    conversation_id: str,
    format: Literal["json", "markdown"] = "json",  # noqa: A002 the parameter's name in URLs
) -> Response:
    """Download one conversation: JSON with everything, or the shown path as Markdown."""
    async with db.read() as connection:
        found = await detail(connection, user.id, conversation_id)
    name = download_name(found.title, found.created_at)
    match format:
        case "json":
            document = exports.empty().model_copy(update={"conversations": [found]})
            return Response(
                document.model_dump_json(), media_type="application/json", headers=_download(f"{name}.json")
            )
        case "markdown":
            return Response(render(found), media_type="text/markdown; charset=utf-8", headers=_download(f"{name}.md"))


@router.get("/export", response_class=Document, responses={200: {"model": ExportDocument}})
async def export_all(user: CurrentUser, db: Db) -> Document:
    """Download all conversations."""
    name = download_name("conversations", datetime.now(UTC))
    return Document(exports.everything(db, user.id), headers=_download(f"{name}.json"))


@router.post("/import")
async def import_conversations(
    request: Request,
    user: CurrentUser,
    db: Db,
    file: Annotated[UploadFile, File(description="Ours, Open WebUI's, LibreChat's, ChatGPT's.")],
) -> ImportReport:
    """Take over conversations. What cannot be taken is named; importing twice makes no second copy."""
    return await take(db, user.id, file.file, request.app.state.environment.model)


def download_name(title: str, at: datetime) -> str:
    """Return a name for a file, good on every system."""
    words = re.findall(r"\w+", title)
    return f"{at:%Y-%m-%d} {' '.join(words)[:80] or 'conversation'}"


def _download(name: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
