"""What can go wrong with the database, sorted by what the caller should do.

StoreError
|- Unavailable     try again later on a new connection
|- SchemaMismatch  the tables are not those of this version
|- BadRow          the data, not the database: one of the rows is refused
`- DuplicateRow    a row of the batch is there already
"""

from __future__ import annotations


class StoreError(Exception):
    """A database said no. The text holds no row and no credential."""


class Unavailable(StoreError):
    """The database cannot be reached, is frozen, locked, full or read-only."""


class SchemaMismatch(StoreError):
    """A table or column is missing, or the revision is one that this version does not know."""


class BadRow(StoreError):
    """The database refuses the content of a row; every other row is fine."""


class DuplicateRow(StoreError):
    """A row with this key is there already."""
