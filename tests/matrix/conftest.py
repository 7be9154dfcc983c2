"""One stand-in and one gateway for the whole matrix."""

from tests.matrix.wire import wire

__all__ = ["wire"]
