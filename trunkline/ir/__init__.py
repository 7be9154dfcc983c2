"""Typed vocabulary that every room shares; no I/O, no framework, no async."""

from trunkline.ir.endpoint import Endpoint
from trunkline.ir.secret import Secret
from trunkline.ir.usage import NO_USAGE, Usage, UsageSource

__all__ = ["NO_USAGE", "Endpoint", "Secret", "Usage", "UsageSource"]
