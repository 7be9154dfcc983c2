"""Heads of requests to providers."""

from __future__ import annotations

from urllib.parse import quote

import trunkline
from trunkline.config.snapshot import Deployment
from trunkline.ir import Secret
from trunkline.providers.target import Target


def request_head(
    deployment: Deployment,
    path: str,
    content_type: str = "application/json",
    accept: str = "",
    method: str = "POST",
) -> bytes:
    """Request line and headers of a request to a deployment, up to the value of `content-length`."""
    target = deployment.target
    assert target is not None
    lines = [
        f"{method} {in_path(path, deployment.model)} HTTP/1.1",
        f"host: {host_header(target)}",
        f"content-type: {content_type}",
        "accept-encoding: identity",
        f"user-agent: trunkline/{trunkline.__version__}",
    ]
    if accept:
        lines.append(f"accept: {accept}")
    for name, value in target.headers:
        lines.append(f"{name}: {value.reveal() if isinstance(value, Secret) else value}")
    return ("\r\n".join(lines) + "\r\ncontent-length: ").encode("latin-1")


def host_header(target: Target) -> str:
    """Host, and port where it is not the scheme's own."""
    default = 443 if target.scheme == "https" else 80
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == default else f"{host}:{target.port}"


def in_path(path: str, model: str) -> str:
    """The path with the model in its place. A name from a client (a wildcard's) must not become other segments."""
    if "{model}" not in path:
        return path
    return path.replace(
        "{model}", "/".join(quote(part, safe="@:~") for part in model.split("/") if part not in ("", ".", ".."))
    )


def header_value(text: str) -> bytes:
    """Text as a header value: whatever could end the line or is not printable ASCII is percent-encoded (H02)."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return b"".join(bytes([b]) if 0x20 <= b < 0x7F else b"%%%02X" % b for b in text.encode("utf-8", "replace"))
