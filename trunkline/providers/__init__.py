"""Where a host is and how it wants to be called: URL, key, headers, oddities.

Provider names live here, in profiles and in wire only.
"""

from trunkline.providers.registry import Resolved, is_placeholder, provider_names, resolve
from trunkline.providers.target import Quirks, Target

__all__ = ["Quirks", "Resolved", "Target", "is_placeholder", "provider_names", "resolve"]
