"""TLS towards providers: the system's trust store, sessions kept, nothing below 1.2, no way to switch checks off."""

from __future__ import annotations

import ssl
from typing import Any


class ReusingContext(ssl.SSLContext):
    """A client context that offers the last session of a host again (one round trip less, and no key exchange).

    asyncio and uvloop make their TLS objects through `wrap_bio`, which is the one place to hand a session in.
    """

    sessions: dict[str, ssl.SSLSession]

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        host = kwargs.get("server_hostname")
        if isinstance(host, str) and kwargs.get("session") is None:
            kwargs["session"] = self.sessions.get(host)
        return super().wrap_bio(*args, **kwargs)

    def remember(self, host: str, session: ssl.SSLSession | None) -> None:
        """Keep the session of a connection that worked."""
        if session is not None:
            self.sessions[host] = session


def client_context() -> ReusingContext:
    """A context that trusts what the system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured by OpenSSL)."""
    context = ReusingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sessions = {}
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    return context
