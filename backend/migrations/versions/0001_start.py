"""The application's tables, and the indexes of its search.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything."""
    _people()
    _conversations()
    _messages()
    _files()
    _runs()
    for statement in SEARCH[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False, comment="`local` is the one user while sign-in is off."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True, comment="Lower case."),
        sa.Column("role", sa.Text(), nullable=False, comment="`user` or `admin`."),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="Argon2id, in PHC form."),
        sa.Column("oidc_issuer", sa.Text(), nullable=True),
        sa.Column("oidc_subject", sa.Text(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject", name="uq_users_oidc_issuer_oidc_subject"),
    )
    op.create_table(
        "sessions",
        sa.Column(
            "token_hash", sa.Text(), nullable=False, comment="SHA-256 of the cookie; the cookie itself is kept nowhere."
        ),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "mode",
            sa.Text(),
            nullable=False,
            comment="The AUTH_MODE it was made under; another mode does not honour it.",
        ),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_us", "sessions", ["expires_us"], unique=False)
    op.create_table(
        "sign_in_flows",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False, comment="PKCE."),
        sa.Column("next", sa.Text(), nullable=False, comment="The path to go on to."),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_sign_in_flows"),
    )
    op.create_index("ix_sign_in_flows_expires_us", "sign_in_flows", ["expires_us"], unique=False)
    op.create_table(
        "sign_in_failures",
        sa.Column("who", sa.Text(), nullable=False, comment="SHA-256 of the address or of the e-mail."),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_since_us", "sign_in_failures", ["since_us"], unique=False)
    op.create_table(
        "settings",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "value", sa.Text(), nullable=False, comment="The fields of schemas.settings.AppSettings that were set."
        ),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_settings_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_settings"),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="`chat` or `compare`."),
        sa.Column("title", sa.Text(), nullable=False, comment="Empty until there is one."),
        sa.Column("titled", sa.Boolean(), nullable=False, comment="By the person: never overwritten by us."),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("params", sa.Text(), nullable=False, comment="schemas.conversations.Params"),
        sa.Column(
            "columns", sa.Text(), nullable=False, comment="List of schemas.conversations.Column; empty for a chat."
        ),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("leaf_id", sa.Text(), nullable=True),
        sa.Column("continued_conversation_id", sa.Text(), nullable=True),
        sa.Column("continued_message_id", sa.Text(), nullable=True),
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="Where it was imported from, `chatgpt:<id>`: importing again makes no second copy.",
        ),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.Column("deleted_us", sa.BigInteger(), nullable=True, comment="Deleted then; gone 30 days later."),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_conversations_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_conversations"),
        sa.UniqueConstraint("id", name="uq_conversations_id"),
        sa.UniqueConstraint("user_id", "source", name="uq_conversations_user_id_source"),
    )
    op.create_index("ix_conversations_deleted_us", "conversations", ["deleted_us"], unique=False)
    op.create_index("ix_conversations_page", "conversations", ["user_id", "updated_us", "id"], unique=False)
    op.create_table(
        "votes",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False, comment="The question."),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False, comment="A column's number, `tie` or `bad`."),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_votes_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_votes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "message_id", name="pk_votes"),
    )
    op.create_table(
        "past_calls",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("total_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost_nano", sa.BigInteger(), nullable=True),
        sa.Column("first_word_ms", sa.Float(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_past_calls_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", name="pk_past_calls"),
        comment="What calls of purged conversations took: the money stays spent.",
    )
    op.create_index("ix_past_calls_usage", "past_calls", ["user_id", "created_us"], unique=False)


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True, comment="Versions of one turn have the same parent."),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("column_no", sa.Integer(), nullable=True, comment="In a comparison, from 0."),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=True),
        sa.Column("reasoning_ms", sa.Float(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False, comment="schemas.messages.MessageStatus"),
        sa.Column("error", sa.Text(), nullable=True, comment="schemas.errors.ErrorBody"),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column(
            "receipt",
            sa.Text(),
            nullable=True,
            comment="schemas.messages.Receipt; the columns below repeat it for sums.",
        ),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("total_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost_nano", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("first_word_ms", sa.Float(), nullable=True),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("route", sa.Text(), nullable=True, comment="schemas.messages.Route"),
        sa.Column("losses", sa.Text(), nullable=True, comment="List of schemas.messages.Loss."),
        sa.Column(
            "run_id", sa.Text(), nullable=True, comment="Null: imported or branched, so its cost was counted elsewhere."
        ),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_messages_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
    )
    op.create_index("ix_messages_run", "messages", ["run_id"], unique=False)
    op.create_index("ix_messages_totals", "messages", ["conversation_id", "cost_nano", "total_tokens"], unique=False)
    op.create_index("ix_messages_usage", "messages", ["user_id", "created_us"], unique=False)


def _files() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False, comment="Of the bytes, not what the client said."),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_attachments_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_owner", "attachments", ["user_id", "created_us"], unique=False)
    op.create_index("ix_attachments_sha256", "attachments", ["sha256"], unique=False)
    op.create_table(
        "message_attachments",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachments.id"], name="fk_message_attachments_attachment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_attachments_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "attachment_id", name="pk_message_attachments"),
    )
    op.create_index("ix_message_attachments_attachment_id", "message_attachments", ["attachment_id"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
        comment="Bytes of files on PostgreSQL, where replicas share them; with SQLite they are in the data folder.",
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("user_message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="`running` or `ended`."),
        sa.Column(
            "request", sa.Text(), nullable=False, comment="schemas.runs.RunRequest, to tell a repeat from a clash."
        ),
        sa.Column("owner", sa.Text(), nullable=True, comment="The process that writes it."),
        sa.Column("heartbeat_us", sa.BigInteger(), nullable=False, comment="Its last sign of life."),
        sa.Column(
            "stop_us",
            sa.BigInteger(),
            nullable=True,
            comment="Asked to stop, by whichever process the request came to.",
        ),
        sa.Column("last_event_id", sa.BigInteger(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_runs_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_runs_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_state", "runs", ["state", "heartbeat_us"], unique=False)
    op.create_table(
        "run_answers",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("column_no", sa.Integer(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stop_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_answers_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "message_id", name="pk_run_answers"),
    )
    op.create_table(
        "run_events",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Dense, from 1."),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False, comment="JSON, as it is sent."),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_events_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "id", name="pk_run_events"),
    )
    op.create_index("ix_run_events_created_us", "run_events", ["created_us"], unique=False)
    op.create_table(
        "catalogue",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="The last copy of what the gateway said."),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("as_of_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue"),
    )


def downgrade() -> None:
    """There is nothing before this revision."""
    raise NotImplementedError("delete the database instead")


_SQLITE = (
    # External content: the index keeps no second copy of the text, and needs the old text to forget it.
    """CREATE VIRTUAL TABLE message_search USING fts5(content, content='messages', content_rowid='seq',
       tokenize="unicode61 remove_diacritics 2", prefix='2 3')""",
    """CREATE VIRTUAL TABLE conversation_search USING fts5(title, content='conversations', content_rowid='seq',
       tokenize="unicode61 remove_diacritics 2", prefix='2 3')""",
    """CREATE TRIGGER message_search_insert AFTER INSERT ON messages
       WHEN new.status NOT IN ('queued', 'waiting', 'streaming') BEGIN
       INSERT INTO message_search(rowid, content) VALUES (new.seq, new.content); END""",
    """CREATE TRIGGER message_search_update AFTER UPDATE OF content, status ON messages BEGIN
       INSERT INTO message_search(message_search, rowid, content)
         SELECT 'delete', old.seq, old.content WHERE old.status NOT IN ('queued', 'waiting', 'streaming');
       INSERT INTO message_search(rowid, content) SELECT new.seq, new.content
         WHERE new.status NOT IN ('queued', 'waiting', 'streaming'); END""",
    """CREATE TRIGGER message_search_delete AFTER DELETE ON messages
       WHEN old.status NOT IN ('queued', 'waiting', 'streaming') BEGIN
       INSERT INTO message_search(message_search, rowid, content) VALUES ('delete', old.seq, old.content); END""",
    """CREATE TRIGGER conversation_search_insert AFTER INSERT ON conversations BEGIN
       INSERT INTO conversation_search(rowid, title) VALUES (new.seq, new.title); END""",
    """CREATE TRIGGER conversation_search_update AFTER UPDATE OF title ON conversations BEGIN
       INSERT INTO conversation_search(conversation_search, rowid, title) VALUES ('delete', old.seq, old.title);
       INSERT INTO conversation_search(rowid, title) VALUES (new.seq, new.title); END""",
    """CREATE TRIGGER conversation_search_delete AFTER DELETE ON conversations BEGIN
       INSERT INTO conversation_search(conversation_search, rowid, title) VALUES ('delete', old.seq, old.title); END""",
)

_POSTGRESQL = (
    # `simple`: the text may be in any language. Punctuation goes first, or "example.com" would be one word of its own
    # kind. 200,000 characters stay below the megabyte that a tsvector may have.
    r"""CREATE FUNCTION search_words(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
       SELECT to_tsvector('simple', translate(left(said, 200000), '-_./:@#&+*=<>()[]{}|\~`"''', repeat(' ', 25))) $$""",
    """CREATE TABLE message_search (seq bigint PRIMARY KEY REFERENCES messages (seq) ON DELETE CASCADE,
       words tsvector NOT NULL)""",
    "CREATE INDEX ix_message_search_words ON message_search USING gin (words)",
    """CREATE FUNCTION message_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF new.status NOT IN ('queued', 'waiting', 'streaming') THEN
         INSERT INTO message_search (seq, words) VALUES (new.seq, search_words(new.content))
         ON CONFLICT (seq) DO UPDATE SET words = excluded.words;
       ELSE
         DELETE FROM message_search WHERE seq = new.seq;
       END IF;
       RETURN NULL; END $$""",
    """CREATE TRIGGER message_search_keep AFTER INSERT OR UPDATE OF content, status ON messages
       FOR EACH ROW EXECUTE FUNCTION message_search_keep()""",
)

SEARCH = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
