"""One HTTP exchange with a service that gives credentials. Blocks: for a thread."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPException
from typing import IO, Final

_MAX_ANSWER: Final = 256 * 1024
"""Bytes; an answer with credentials has two thousand."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A credential is sent to the address it is for, and nowhere else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow none."""


def exchange(
    url: str, method: str, headers: dict[str, str], body: bytes | None, timeout: float, proxied: bool
) -> tuple[int, bytes]:
    """Status and body. `url` begins with `http://` or `https://`; `timeout` in seconds.

    `proxied`: through the proxy that the environment names, if it names one; link-local addresses never are.

    Raises:
        OSError: no answer came; its text is fit for people.
    """
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if not proxied:
        handlers.append(urllib.request.ProxyHandler({}))
    if url.startswith("https://"):
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - the caller checks the scheme
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
            return answer.status, answer.read(_MAX_ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_MAX_ANSWER)
    except urllib.error.URLError as error:
        raise OSError(str(error.reason) or type(error.reason).__name__) from error
    except (HTTPException, ValueError) as error:
        raise OSError(str(error) or type(error).__name__) from error
