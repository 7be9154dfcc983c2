"""From a request to a run: the message, its empty answers and the run, stored in one transaction.

The same id again finds the run that is there, whichever process and however simultaneous: the primary key decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from backend.app.api.schemas.conversations import Params
from backend.app.api.schemas.errors import ErrorCode
from backend.app.api.schemas.messages import Message
from backend.app.api.schemas.runs import Run, RunAnswer, RunRequest, RunState
from backend.app.core.clock import instant, now_us
from backend.app.core.db import Database
from backend.app.core.errors import AppError, invalid, not_found
from backend.app.core.ids import new_id
from backend.app.core.tables import (
    attachments,
    conversations,
    message_attachments,
    messages,
    run_answers,
    runs,
)
from backend.app.services.titles import title_of

TRIES: Final = 3
"""Two runs that make the same new conversation at the same time: the second finds it there."""

Values = dict[str, Any]

# The first word of an answer waits for these: made once, they are compiled once and their keys are not made anew.
_RUN: Final = select(runs.c.user_id, runs.c.request).where(runs.c.id == bindparam("run_id"))
_CONVERSATION: Final = select(conversations).where(conversations.c.id == bindparam("conversation_id"))
_ADD_CONVERSATION: Final = insert(conversations)
_ADD_MESSAGES: Final = insert(messages)
_ADD_RUN: Final = insert(runs)
_ADD_ANSWERS: Final = insert(run_answers)


@dataclass(frozen=True, slots=True)
class Created:
    """A run and what to say of it."""

    run: Run
    is_new: bool
    title: str | None
    """The conversation's new title."""
    system: str | None
    params: Params
    alone: Message | None = None
    """The question, where there is nothing before it: then nothing need be read to ask it."""


async def create(db: Database, user_id: str, request: RunRequest, owner: str) -> Created:
    """Store the run, or find it. Raises `AppError`: not the caller's, not there, or a parent that does not fit."""
    for remaining in range(TRIES - 1, -1, -1):
        try:
            return await db.run(partial(_create, user_id=user_id, request=request, owner=owner))
        except IntegrityError:
            async with db.read() as connection:
                found = await connection.run_sync(_existing, user_id, request)
            if found is not None:
                return _again(found)
            if not remaining:
                raise
    raise AssertionError("the last try returns or raises")


def _create(connection: Connection, user_id: str, request: RunRequest, owner: str) -> Created:
    found = _existing(connection, user_id, request)
    if found is not None:
        return _again(found)
    now = now_us()
    before = _conversation(connection, user_id, request)
    conversation = _new_conversation(user_id, request, now) if before is None else before
    question, answers_under = _question(connection, request)
    answers = [
        RunAnswer(message_id=new_id(), column=column, model=model)
        for model, column in zip(request.models, _columns(request, conversation["kind"]), strict=True)
    ]
    changed = _changes(connection, conversation, request, answers, now)
    conversation |= changed
    if before is None:
        connection.execute(_ADD_CONVERSATION, conversation)
    else:
        own = conversations.c.id == request.conversation_id
        connection.execute(update(conversations).where(own).values(changed))
    connection.execute(_ADD_MESSAGES, _rows(user_id, request, question, answers_under, answers, now))
    if request.kind == "send":
        _attach(connection, user_id, request, question)
    _store_run(connection, user_id, request, owner, question, answers, now)
    run = Run(
        id=request.id, conversation_id=request.conversation_id, user_message_id=question, answers=answers,
        state="running", created_at=instant(now), last_event_id=0,
    )  # fmt: skip
    return Created(
        run, is_new=True, title=changed.get("title"), system=conversation["system"],
        params=Params.model_validate(conversation["params"]), alone=_alone(request, run) if before is None else None,
    )  # fmt: skip


def _rows(
    user_id: str, request: RunRequest, question: str, answers_under: str, answers: list[RunAnswer], now: int
) -> list[Values]:
    """The question, where it is new, and its empty answers, as rows of `messages`."""
    common: Values = {
        "conversation_id": request.conversation_id, "user_id": user_id, "run_id": None, "column_no": None,
        "content": "", "model": None,
    }  # fmt: skip
    asked = common | {
        "id": question, "parent_id": request.parent_id, "role": "user", "content": request.content, "status": "done",
        "created_us": now,
    }  # fmt: skip
    empty = [
        common | {
            "id": answer.message_id, "run_id": request.id, "parent_id": answers_under, "role": "assistant",
            "column_no": answer.column, "model": answer.model, "status": "waiting", "created_us": now + 1 + position,
        }
        for position, answer in enumerate(answers)
    ]  # fmt: skip
    return [asked, *empty] if request.kind == "send" else empty


def _store_run(
    connection: Connection, user_id: str, request: RunRequest, owner: str, question: str, answers: list[RunAnswer],
    now: int,
) -> None:  # fmt: skip
    connection.execute(
        _ADD_RUN,
        {
            "id": request.id, "user_id": user_id, "conversation_id": request.conversation_id,
            "user_message_id": question, "kind": request.kind, "state": "running", "request": _kept(request),
            "owner": owner, "heartbeat_us": now, "created_us": now,
        },
    )  # fmt: skip
    rows = [
        {
            "run_id": request.id, "message_id": answer.message_id, "column_no": answer.column, "model": answer.model,
            "position": position,
        }
        for position, answer in enumerate(answers)
    ]  # fmt: skip
    connection.execute(_ADD_ANSWERS, rows)


def _kept(request: RunRequest) -> Values:
    """The request as it is kept, to tell a repeat from a clash: as it came, whatever its task means by now."""
    return request.model_dump(mode="json", exclude={"task"} if request.task is None else {"models"})


def _alone(request: RunRequest, run: Run) -> Message | None:
    if request.attachment_ids:
        return None
    return Message(
        id=run.user_message_id, conversation_id=run.conversation_id, parent_id=None, role="user", column=None,
        content=request.content, status="done", created_at=run.created_at,
    )  # fmt: skip


def _again(run: Run) -> Created:
    """A run that is there: nothing is started, so nothing is needed of its conversation."""
    return Created(run, is_new=False, title=None, system=None, params=Params())


# What is there.


def find(connection: Connection, user_id: str, run_id: str) -> Run | None:
    """The run, where it is the person's."""
    row = (connection.execute(select(runs).where(runs.c.id == run_id, runs.c.user_id == user_id))).mappings().first()
    if row is None:
        return None
    question = select(run_answers).where(run_answers.c.run_id == run_id).order_by(run_answers.c.position)
    answers = (connection.execute(question)).mappings().all()
    state: RunState = "running" if row["state"] == "running" else "ended"
    return Run(
        id=row["id"],
        conversation_id=row["conversation_id"],
        user_message_id=row["user_message_id"],
        answers=[RunAnswer(message_id=a["message_id"], column=a["column_no"], model=a["model"]) for a in answers],
        state=state,
        created_at=instant(row["created_us"]),
        last_event_id=row["last_event_id"],
    )


def exists(connection: Connection, run_id: str) -> bool:
    """Whether the id is taken, by whomever."""
    return (connection.execute(select(runs.c.id).where(runs.c.id == run_id))).first() is not None


def _existing(connection: Connection, user_id: str, request: RunRequest) -> Run | None:
    row = connection.execute(_RUN, {"run_id": request.id}).first()
    if row is None:
        return None
    if row.user_id != user_id:
        raise AppError(ErrorCode.CONFLICT, "This run's id is taken.", "Send it with a new id.", field="id")
    if row.request != _kept(request):
        raise AppError(
            ErrorCode.CONFLICT, "This id was used for another request.", "Send it with a new id.", field="id"
        )  # fmt: skip
    return find(connection, user_id, request.id)


def _conversation(connection: Connection, user_id: str, request: RunRequest) -> Values | None:
    question = _CONVERSATION
    if connection.dialect.name == "postgresql":
        question = question.with_for_update()  # two turns of one conversation, one after the other
    row = connection.execute(question, {"conversation_id": request.conversation_id}).mappings().first()
    if row is None:
        return None
    if row["user_id"] != user_id or row["deleted_us"] is not None:
        raise not_found("conversation")
    return dict(row)


def _message(connection: Connection, request: RunRequest, role: str | None) -> Values:
    """The message that the request names as its parent."""
    question = select(messages.c.id, messages.c.role, messages.c.parent_id).where(
        messages.c.id == request.parent_id, messages.c.conversation_id == request.conversation_id
    )
    row = (connection.execute(question)).mappings().first()
    if row is None:
        raise invalid("`parent_id` is no message of this conversation.", "Reload the page.", field="parent_id")
    if role is not None and row["role"] != role:
        raise invalid(f"`parent_id` must be a message of the role `{role}` for this kind of run.", field="parent_id")
    return dict(row)


# What is made.


def _new_conversation(user_id: str, request: RunRequest, now: int) -> Values:
    """What its row begins with."""
    if request.kind != "send" or request.parent_id is not None:
        raise not_found("conversation")
    return {
        "id": request.conversation_id, "user_id": user_id, "kind": request.chat_kind, "title": "", "titled": False,
        "model": request.models[0], "system": request.system, "params": (request.params or Params()).model_dump(),
        "columns": [], "pinned": False, "created_us": now, "updated_us": now,
    }  # fmt: skip


def _question(connection: Connection, request: RunRequest) -> tuple[str, str]:
    """The ids of the question, made here for a new one, and of the message that the answers hang under."""
    match request.kind:
        case "retry":
            question = _message(connection, request, "user")
            return question["id"], question["id"]
        case "continue":
            cut = _message(connection, request, "assistant")
            return _asked(connection, request.conversation_id, cut), cut["id"]
        case "send":
            if request.parent_id is not None:
                _message(connection, request, None)
    if not request.content.strip() and not request.attachment_ids:
        raise invalid("There is nothing to send.", "Write something or attach a file.", field="content")
    made = new_id()
    return made, made


def _asked(connection: Connection, conversation_id: str, message: Values) -> str:
    """The question above an answer, over earlier parts of it."""
    while message["role"] != "user":
        question = select(messages.c.id, messages.c.role, messages.c.parent_id).where(
            messages.c.id == message["parent_id"], messages.c.conversation_id == conversation_id
        )
        row = (connection.execute(question)).mappings().first()
        if row is None:
            raise invalid("There is no question above this answer.", field="parent_id")
        message = dict(row)
    return str(message["id"])


def _attach(connection: Connection, user_id: str, request: RunRequest, message_id: str) -> None:
    wanted = list(dict.fromkeys(request.attachment_ids))
    if not wanted:
        return
    question = select(attachments.c.id).where(attachments.c.id.in_(wanted), attachments.c.user_id == user_id)
    own = set((connection.execute(question)).scalars())
    if len(own) != len(wanted):
        raise invalid("A file is no longer there.", "Attach it again.", field="attachment_ids")
    rows = [{"message_id": message_id, "attachment_id": each, "position": at} for at, each in enumerate(wanted)]
    connection.execute(insert(message_attachments), rows)


def _columns(request: RunRequest, kind: str) -> list[int | None]:
    if kind == "chat":
        if len(request.models) != 1:
            raise invalid("A chat is answered by one model.", field="models")
        return [None]
    columns = list(range(len(request.models))) if request.columns is None else request.columns
    if len(columns) != len(request.models) or len(set(columns)) != len(columns):
        raise invalid("`columns` must name one column a model, each once.", field="columns")
    if any(not 0 <= column <= 3 for column in columns):
        raise invalid("A column is a number from 0 to 3.", field="columns")
    return [*columns]


def _changes(
    connection: Connection, conversation: Values, request: RunRequest, answers: list[RunAnswer], now: int
) -> Values:
    """What changes of the conversation: the shown path, model, prompt, parameters, and a title where there is none."""
    changed: Values = {"leaf_id": answers[0].message_id, "updated_us": now}
    if conversation["kind"] == "chat":
        changed["model"] = request.models[0]
    else:
        changed["columns"] = _with_columns(conversation["columns"], answers)
    if "system" in request.model_fields_set:
        changed["system"] = request.system
    if request.params is not None:
        changed["params"] = request.params.model_dump()
    if request.kind == "send" and not conversation["titled"] and not conversation["title"]:
        names = _file_names(connection, request) if not request.content.strip() else []
        changed["title"] = title_of(request.content, names)
    return changed


def _file_names(connection: Connection, request: RunRequest) -> list[str]:
    question = select(attachments.c.name).where(attachments.c.id.in_(request.attachment_ids[:1]))
    return [*(connection.execute(question)).scalars()]


def _with_columns(before: list[Values], answers: list[RunAnswer]) -> list[Values]:
    """The comparison's columns with the models that answer now."""
    found = [dict(column) for column in before]
    for answer in answers:
        at = answer.column or 0
        while len(found) <= at:
            found.append({"model": answer.model})
        found[at] = {"model": answer.model}
    return found
