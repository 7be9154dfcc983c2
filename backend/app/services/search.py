"""Search: all the words of a query, the last one as the beginning of a word, in one's own messages and titles.

Both databases have an index of words. Chinese, Japanese, Korean and Thai write no spaces, so there the text is scanned
for the words instead, as it is where the index finds nothing (a part of a word, a sign).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.search import SearchHit, SearchPage
from backend.app.core import cursor as cursors
from backend.app.core.clock import instant
from backend.app.core.tables import storable

_WORD: Final = re.compile(r"[^\W_]+")
_NO_SPACES: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_SNIPPET: Final = 160
_BEFORE: Final = 50
_MAX_WORDS: Final = 16
_FOLDED: Final = 400_000
"""Characters of a message in which the snippet is looked for."""
_LAST: Final = (2**63 - 1, "~")
"""Before the first row of the first page."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. `scan`: in the text itself, not in the index of words."""

    words: tuple[str, ...]
    scan: bool

    def pattern(self) -> re.Pattern[str]:
        """Return what finds the words in a folded text."""
        alternatives = "|".join(re.escape(fold(word)) for word in sorted(self.words, key=len, reverse=True))
        return re.compile(alternatives if self.scan else rf"(?<![^\W_])(?:{alternatives})")


def parse(said: str) -> Query:
    """Return the query of what a person typed."""
    said = unicodedata.normalize("NFC", storable(said))
    words = tuple(dict.fromkeys(_WORD.findall(said)))[:_MAX_WORDS]
    if words and not _NO_SPACES.search(said):
        return Query(words, scan=False)
    return Query(tuple(said.split())[:_MAX_WORDS], scan=True)


async def search(connection: AsyncConnection, user_id: str, said: str, *, cursor: str | None, limit: int) -> SearchPage:
    """Return a page of hits, newest first. A query without a letter or digit is looked for as it is."""
    query = parse(said)
    scan, place = query.scan, _LAST
    if cursor is not None:
        # A page that came by scanning goes on by scanning.
        scan = scan or cursor.startswith("s")
        place = cursors.decode(cursor[1:])
    if not query.words:
        return SearchPage(hits=[], next_cursor=None)
    rows = await _find(connection, user_id, query.words, scan, place, limit)
    if not rows and not scan and cursor is None:
        scan = True
        rows = await _find(connection, user_id, query.words, scan, place, limit)
    pattern = Query(query.words, scan).pattern()
    hits = [_hit(row, pattern) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    follow = None if last is None else ("s" if scan else "i") + cursors.encode(last["created_us"], last["id"])
    return SearchPage(hits=hits, next_cursor=follow)


async def _find(
    connection: AsyncConnection, user_id: str, words: Sequence[str], scan: bool, place: tuple[int, str], limit: int
) -> list[Mapping[Any, Any]]:
    """Return up to `limit` + 1 messages and titles before a place, newest first."""
    statement, values = _statement(connection.dialect.name, words, scan)
    values |= {"user": user_id, "at": place[0], "id": place[1], "limit": limit + 1}
    return list((await connection.execute(statement, values)).mappings().all())


_MESSAGES: Final = """
  SELECT m.conversation_id, c.title, m.id AS message_id, m.content AS said, m.created_us, m.id
  FROM messages m JOIN conversations c ON c.id = m.conversation_id {join}
  WHERE m.user_id = :user AND c.deleted_us IS NULL AND m.status NOT IN ('queued', 'waiting', 'streaming')
    AND (m.created_us < :at OR (m.created_us = :at AND m.id < :id)) AND {condition}"""
_TITLES: Final = """
  SELECT c.id AS conversation_id, c.title, NULL AS message_id, c.title AS said, c.created_us, c.id
  FROM conversations c {join}
  WHERE c.user_id = :user AND c.deleted_us IS NULL
    AND (c.created_us < :at OR (c.created_us = :at AND c.id < :id)) AND {condition}"""


def _statement(dialect: str, words: Sequence[str], scan: bool) -> tuple[TextClause, dict[str, Any]]:
    """Put the two halves together: only our own pieces of SQL, the words as parameters."""
    values: dict[str, Any]
    like = "ILIKE" if dialect == "postgresql" else "LIKE"
    if scan:
        values = {f"w{i}": f"%{_escaped(word)}%" for i, word in enumerate(words)}
        both = [
            " AND ".join(f"{column} {like} :{name} ESCAPE '\\'" for name in values)
            for column in ("m.content", "c.title")
        ]
        halves = [("", both[0]), ("", both[1])]
    elif dialect == "postgresql":
        values = {"words": " & ".join([*words[:-1], f"{words[-1]}:*"])}
        asked = "@@ to_tsquery('simple', :words)"
        halves = [
            ("JOIN message_search s ON s.seq = m.seq", f"s.words {asked}"),
            ("", f"search_words(c.title) {asked}"),
        ]
    else:
        values = {"words": " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])}
        halves = [
            (f"JOIN {name} s ON s.rowid = {alias}.seq", f"{name} MATCH :words")
            for name, alias in (("message_search", "m"), ("conversation_search", "c"))
        ]
    parts = [
        shape.format(join=join, condition=condition)
        for shape, (join, condition) in zip((_MESSAGES, _TITLES), halves, strict=True)
    ]
    return text(f"{' UNION ALL '.join(parts)} ORDER BY created_us DESC, id DESC LIMIT :limit"), values


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _hit(row: Mapping[Any, Any], pattern: re.Pattern[str]) -> SearchHit:
    snippet, ranges = excerpt(row["said"], pattern)
    return SearchHit(
        conversation_id=row["conversation_id"],
        title=row["title"],
        message_id=row["message_id"],
        snippet=snippet,
        ranges=ranges,
        created_at=instant(row["created_us"]),
    )


def fold(said: str) -> str:
    """Return the text without case and accents, character for character: places stay the same."""
    if said.isascii():
        return said.lower()
    return "".join(_folded(char) for char in said)


def _folded(char: str) -> str:
    if char.isascii():
        return char.lower()
    lower = char.lower()
    base = unicodedata.normalize("NFD", lower)[0]
    return base if len(base) == 1 else char


def excerpt(said: str, pattern: re.Pattern[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return the neighbourhood of the first match as one line, and the matches in it as ranges in UTF-16 units."""
    said = said[:_FOLDED]
    first = pattern.search(fold(said))
    start = max(0, first.start() - _BEFORE) if first is not None else 0
    if start:
        space = said.find(" ", start, start + _BEFORE - 10)
        start = space + 1 if space >= 0 else start
    piece = " ".join(said[start : start + _SNIPPET].split())
    snippet = ("… " if start else "") + piece + (" …" if len(said) > start + _SNIPPET else "")
    return snippet, list(_ranges(snippet, pattern))


def _ranges(snippet: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(fold(snippet)):
        if match.end() > match.start():
            yield _units(snippet[: match.start()]), _units(snippet[: match.end()])


def _units(said: str) -> int:
    return len(said) + sum(char > "\uffff" for char in said)
