"""What a model family accepts, its successor when retired, and its prices, as data."""

from trunkline.profiles.families import request_edits
from trunkline.profiles.price import Price, Rates
from trunkline.profiles.retired import RetiredFact, replacement_for, retired_model

__all__ = ["Price", "Rates", "RetiredFact", "replacement_for", "request_edits", "retired_model"]
