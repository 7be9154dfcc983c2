"""Small servers that speak as AWS's do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

Answer = tuple[int, str, str]
"""Status, content type, body."""


@dataclass
class Asked:
    """One request that a server got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Served:
    """A running server."""

    url: str
    asked: list[Asked] = field(default_factory=list[Asked])


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[Served]:
    """A server on this machine that answers as `answer` says."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            asked = Asked(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length)
            )
            served.asked.append(asked)
            status, kind, text = answer(asked)
            body = text.encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if status in {301, 302, 307}:
                self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _any  # noqa: N815 - http.server looks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def session_json(number: int = 1, expires: str = "2126-11-24T13:00:00Z") -> Answer:
    """What the instance and container services answer with."""
    found = {
        "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": f"ASIA{number}", "SecretAccessKey": f"secret{number}",
        "Token": f"token{number}", "Expiration": expires,
    }  # fmt: skip
    return 200, "application/json", json.dumps(found)


def sts_xml(action: str, number: int = 1) -> Answer:
    """What STS answers with."""
    return (
        200,
        "text/xml",
        f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>ARO:s</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAROLE{number}</AccessKeyId>
      <SecretAccessKey>rolesecret{number}</SecretAccessKey>
      <SessionToken>role&amp;token{number}</SessionToken>
      <Expiration>2126-11-24T13:00:00Z</Expiration>
    </Credentials>
  </{action}Result>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</{action}Response>""",
    )


def sts_error(code: str, message: str) -> Answer:
    """How STS refuses."""
    text = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return 403, "text/xml", f"<ErrorResponse>{text}<RequestId>1</RequestId></ErrorResponse>"
