"""The HTTP/1.1 client of the data plane: keep-alive pool per origin, pushes bytes as they arrive.

Only calls to models go through it. Anything else (webhooks, token exchange) uses a well-kept library.
"""

from trunkline.upstream.connect import Origin
from trunkline.upstream.connection import Connection, Exchange
from trunkline.upstream.failure import Kind, UpstreamFailure
from trunkline.upstream.heads import Headers
from trunkline.upstream.pool import Pool, Pools

__all__ = ["Connection", "Exchange", "Headers", "Kind", "Origin", "Pool", "Pools", "UpstreamFailure"]
