"""The application's tables, the same on SQLite and PostgreSQL; `backend/migrations` makes them.

Times end in `_us` (`core/clock.py`), money in `_nano` (nano-dollars). Every row that belongs to a person has `user_id`,
and every query names it. The search tables are made in the migration and kept by triggers: a message is found once its
status is final, whoever writes it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

UNFINISHED: Final = ("queued", "waiting", "streaming")
"""Statuses of an answer that somebody still writes."""


class Json(TypeDecorator[Any]):
    """A JSON value as ASCII text: PostgreSQL refuses NUL in text and in `jsonb`, and models do write it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 SQLAlchemy's signature
        """Encode; None is NULL."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 SQLAlchemy's signature
        """Decode."""
        return None if value is None else json.loads(value)


class Words(TypeDecorator[str]):
    """Text that people or models wrote: NUL and lone surrogates, which PostgreSQL refuses, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 SQLAlchemy's signature
        """Make it storable."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return the text without what UTF-8 or PostgreSQL cannot hold."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number() -> Column[int]:
    """An ascending number: SQLite's full-text index needs an integer key that stays."""
    return Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _owner() -> Column[str]:
    return Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


def _conversation() -> Column[str]:
    return Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False)


users: Final = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True, comment="`local` is the one user while sign-in is off."),
    Column("name", Words, nullable=False),
    Column("email", Text, unique=True, comment="Lower case."),
    Column("role", Text, nullable=False, comment="`user` or `admin`."),
    Column("password_hash", Text, comment="Argon2id, in PHC form."),
    Column("oidc_issuer", Text),
    Column("oidc_subject", Text),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("oidc_issuer", "oidc_subject"),
)

sessions: Final = Table(
    "sessions",
    METADATA,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the cookie; the cookie itself is kept nowhere."),
    _owner(),
    Column("mode", Text, nullable=False, comment="The AUTH_MODE it was made under; another mode does not honour it."),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False, index=True),
)

sign_in_flows: Final = Table(
    "sign_in_flows",
    METADATA,
    Column("state_hash", Text, primary_key=True),
    Column("nonce", Text, nullable=False),
    Column("verifier", Text, nullable=False, comment="PKCE."),
    Column("next", Text, nullable=False, comment="The path to go on to."),
    Column("expires_us", BigInteger, nullable=False, index=True),
)

sign_in_failures: Final = Table(
    "sign_in_failures",
    METADATA,
    Column("who", Text, primary_key=True, comment="SHA-256 of the address or of the e-mail."),
    Column("count", Integer, nullable=False),
    Column("since_us", BigInteger, nullable=False, index=True),
)

conversations: Final = Table(
    "conversations",
    METADATA,
    _number(),
    Column("id", Text, nullable=False, unique=True),
    _owner(),
    Column("kind", Text, nullable=False, comment="`chat` or `compare`."),
    Column("title", Words, nullable=False, comment="Empty until there is one."),
    Column("titled", Boolean, nullable=False, default=False, comment="By the person: never overwritten by us."),
    Column("model", Text, nullable=False),
    Column("system", Words),
    Column("params", Json, nullable=False, comment="schemas.conversations.Params"),
    Column("columns", Json, nullable=False, comment="List of schemas.conversations.Column; empty for a chat."),
    Column("pinned", Boolean, nullable=False, default=False),
    Column("leaf_id", Text),
    Column("continued_conversation_id", Text),
    Column("continued_message_id", Text),
    Column("source", Text, comment="Where it was imported from, `chatgpt:<id>`: importing again makes no second copy."),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("deleted_us", BigInteger, index=True, comment="Deleted then; gone 30 days later."),
    UniqueConstraint("user_id", "source"),
    Index("ix_conversations_page", "user_id", "updated_us", "id"),
)

messages: Final = Table(
    "messages",
    METADATA,
    _number(),
    Column("id", Text, nullable=False, unique=True),
    _conversation(),
    _owner(),
    Column("parent_id", Text, comment="Versions of one turn have the same parent."),
    Column("role", Text, nullable=False),
    Column("column_no", Integer, comment="In a comparison, from 0."),
    Column("content", Words, nullable=False),
    Column("reasoning", Words),
    Column("reasoning_ms", Float),
    Column("model", Text),
    Column("provider", Text),
    Column("status", Text, nullable=False, comment="schemas.messages.MessageStatus"),
    Column("error", Json, comment="schemas.errors.ErrorBody"),
    Column("finish_reason", Text),
    Column("receipt", Json, comment="schemas.messages.Receipt; the columns below repeat it for sums."),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("total_tokens", BigInteger),
    Column("cost_nano", BigInteger),
    Column("settled", Boolean, nullable=False, default=False),
    Column("first_word_ms", Float),
    Column("call_id", Text),
    Column("route", Json, comment="schemas.messages.Route"),
    Column("losses", Json, comment="List of schemas.messages.Loss."),
    Column("run_id", Text, comment="Null: imported or branched, so its cost was counted elsewhere."),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_messages_totals", "conversation_id", "cost_nano", "total_tokens"),
    Index("ix_messages_usage", "user_id", "created_us"),
    Index("ix_messages_run", "run_id"),
)
"""`services/messages.py` turns rows into `Message` and back."""

past_calls: Final = Table(
    "past_calls",
    METADATA,
    Column("message_id", Text, primary_key=True),
    _owner(),
    Column("model", Text),
    Column("provider", Text),
    Column("status", Text, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("total_tokens", BigInteger),
    Column("cost_nano", BigInteger),
    Column("first_word_ms", Float),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_past_calls_usage", "user_id", "created_us"),
    comment="What calls of purged conversations took: the money stays spent.",
)

attachments: Final = Table(
    "attachments",
    METADATA,
    Column("id", Text, primary_key=True),
    _owner(),
    Column("name", Words, nullable=False),
    Column("media_type", Text, nullable=False, comment="Of the bytes, not what the client said."),
    Column("kind", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("sha256", Text, nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_attachments_owner", "user_id", "created_us"),
)

message_attachments: Final = Table(
    "message_attachments",
    METADATA,
    Column("message_id", Text, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", Text, ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

blobs: Final = Table(
    "blobs",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    comment="Bytes of files on PostgreSQL, where replicas share them; with SQLite they are in the data folder.",
)

runs: Final = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    _owner(),
    _conversation(),
    Column("user_message_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="`running` or `ended`."),
    Column("request", Json, nullable=False, comment="schemas.runs.RunRequest, to tell a repeat from a clash."),
    Column("owner", Text, comment="The process that writes it."),
    Column("heartbeat_us", BigInteger, nullable=False, comment="Its last sign of life."),
    Column("stop_us", BigInteger, comment="Asked to stop, by whichever process the request came to."),
    Column("last_event_id", BigInteger, nullable=False, default=0),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Index("ix_runs_state", "state", "heartbeat_us"),
)

run_answers: Final = Table(
    "run_answers",
    METADATA,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("column_no", Integer),
    Column("model", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("stop_us", BigInteger),
)

run_events: Final = Table(
    "run_events",
    METADATA,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="Dense, from 1."),
    Column("type", Text, nullable=False),
    Column("data", Text, nullable=False, comment="JSON, as it is sent."),
    Column("created_us", BigInteger, nullable=False, index=True),
)

votes: Final = Table(
    "votes",
    METADATA,
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", Text, primary_key=True, comment="The question."),
    _owner(),
    Column("choice", Text, nullable=False, comment="A column's number, `tie` or `bad`."),
    Column("blind", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

settings: Final = Table(
    "settings",
    METADATA,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("value", Json, nullable=False, comment="The fields of schemas.settings.AppSettings that were set."),
    Column("updated_us", BigInteger, nullable=False),
)

catalogue: Final = Table(
    "catalogue",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("value", Json, nullable=False, comment="The last copy of what the gateway said."),
    Column("version", Text, nullable=False),
    Column("as_of_us", BigInteger, nullable=False),
)
