"""Who is calling."""

from trunkline.access.credentials import BAD_KEY, NO_KEY, Gate, Principal, hash_key
from trunkline.access.refusal import Refusal, error_body, refusal
from trunkline.access.rotation import FormerKey, Usage, settle

__all__ = [
    "BAD_KEY",
    "NO_KEY",
    "FormerKey",
    "Gate",
    "Principal",
    "Refusal",
    "Usage",
    "error_body",
    "hash_key",
    "refusal",
    "settle",
]
