"""Who is calling."""

from trunkline.access.credentials import BAD_KEY, NO_KEY, Gate, Principal, hash_key
from trunkline.access.refusal import Refusal, error_body, refusal

__all__ = ["BAD_KEY", "NO_KEY", "Gate", "Principal", "Refusal", "error_body", "hash_key", "refusal"]
