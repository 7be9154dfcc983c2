"""The embedded model: a small language model in a child process."""

from trunkline.local.process import EmbeddedModel, EmbeddedModelError, available

__all__ = ["EmbeddedModel", "EmbeddedModelError", "available"]
