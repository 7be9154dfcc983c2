"""Which Google credentials a deployment uses; nothing is fetched here (`google_tokens` does that).

Order: `vertex_credentials`, its variables, then Application Default Credentials
(https://cloud.google.com/docs/authentication/application-default-credentials): `GOOGLE_APPLICATION_CREDENTIALS`, what
`gcloud auth application-default login` wrote, the machine's own service account.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from trunkline.providers.base_url import BaseUrlError, parse_base
from trunkline.providers.settings import Settings, UnavailableError

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
VARIABLES: Final = ("VERTEXAI_CREDENTIALS", "VERTEX_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS")
"""A path, or the JSON itself; first wins."""
TYPES: Final = frozenset(
    {
        "service_account",
        "authorized_user",
        "external_account",
        "external_account_authorized_user",
        "impersonated_service_account",
    }
)
METADATA_HOST: Final = "169.254.169.254"
"""By address: the name `metadata.google.internal` asks a name server first, which may hang elsewhere."""
PRODUCT_NAME: Final = Path("/sys/class/dmi/id/product_name")
"""Says `Google Compute Engine` on Google's machines (the same test as Google's libraries make)."""
_PROJECT: Final = re.compile(r"[a-z0-9](?:[a-z0-9.:-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where credentials are; the secret in them is read when a token is fetched."""

    kind: Literal["file", "json", "metadata"]
    where: str
    """A path, the JSON's text, or the metadata service's address."""
    named: str
    """How they are called in messages."""
    project: str | None = None
    """The project that they belong to."""
    mark: str = ""
    """A hash of what a file held when the configuration was read: after a reload another account is another one."""

    def __repr__(self) -> str:
        return f"Credentials({self.kind}, {self.named})"

    def read(self) -> Mapping[str, object]:
        """The JSON object of a file or text, read anew (a mounted file may have been renewed).

        Raises:
            UnavailableError: there is none, or it holds no credentials.
        """
        text = self.where
        if self.kind == "file":
            try:
                text = Path(self.where).read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                why = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
                # Without the path: people paste the key itself there.
                raise UnavailableError(
                    f"{self.named} names a file which {why}: write the path of a service account's JSON key"
                ) from error
        try:
            info = msgspec.json.decode(text, type=dict[str, object])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            # Without the cause: it may quote the file, which holds a private key.
            raise UnavailableError(f"{self.named} holds no JSON object: download the key again") from None
        return checked(info, self.named)


def checked(info: Mapping[str, object], named: str) -> Mapping[str, object]:
    """`info`, if it is of a kind that can be used.

    Raises:
        UnavailableError: it is not.
    """
    if info.get("type") not in TYPES:
        raise UnavailableError(f"{named} has no `type` that this version knows ({', '.join(sorted(TYPES))})")
    return info


def find(settings: Settings) -> Credentials:
    """The credentials to use.

    Raises:
        UnavailableError: none, or the ones that are named cannot be used.
    """
    if (reference := settings.missing("vertex_credentials")) is not None:
        raise UnavailableError(
            f"`{reference[1]}` is not set: `vertex_credentials` wants the path of a service account's JSON key there"
        )
    written = settings.params.get("vertex_credentials")
    if isinstance(written, Mapping):
        try:
            text = msgspec.json.encode(dict(written)).decode()
        except (TypeError, ValueError, RecursionError):
            raise UnavailableError("`vertex_credentials` holds what is no JSON: download the key again") from None
        return _named("json", text, "`vertex_credentials`")
    if (named := settings.text("vertex_credentials")) is not None:
        return _written(named, "`vertex_credentials`")
    for name in VARIABLES:
        if (value := settings.variable(name)) is not None:
            return _written(value, f"`{name}`")
    if (well_known := _gcloud_file(settings)) is not None:
        return _named("file", str(well_known), "gcloud's application default login")
    if (metadata := _metadata(settings)) is not None:
        return metadata
    raise UnavailableError(
        "no Google credentials: set `GOOGLE_APPLICATION_CREDENTIALS` to the path of a service account's JSON key, "
        "or run `gcloud auth application-default login`"
    )


def _written(text: str, named: str) -> Credentials:
    if text.startswith("{"):
        return _named("json", text, named)
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        path = Path(text)  # `~somebody` whom nobody knows: the file is not there
    return _named("file", str(path), named)


def _named(kind: Literal["file", "json"], where: str, named: str) -> Credentials:
    info = Credentials(kind=kind, where=where, named=named).read()
    project = info.get("project_id") or info.get("quota_project_id")
    return Credentials(
        kind=kind,
        where=where,
        named=named,
        project=project if isinstance(project, str) else None,
        mark=hashlib.sha256(msgspec.json.encode(info)).hexdigest(),
    )


def _gcloud_file(settings: Settings) -> Path | None:
    home = settings.environ.get("HOME", "")
    folder = settings.environ.get("CLOUDSDK_CONFIG", "") or (f"{home}/.config/gcloud" if home else "")
    path = Path(folder) / "application_default_credentials.json"
    return path if folder and path.is_file() else None


def _metadata(settings: Settings) -> Credentials | None:
    host = settings.variable("GCE_METADATA_HOST")
    if host is None and settings.variable("K_SERVICE", "GAE_ENV") is None and not _is_google():
        return None  # Cloud Run and App Engine do not show whose machine it is, but set these
    host = host or METADATA_HOST
    try:
        parse_base(f"http://{host}")
    except BaseUrlError as error:
        raise UnavailableError(f"`GCE_METADATA_HOST` {error}") from error
    return Credentials(kind="metadata", where=f"http://{host}", named="the machine's service account")


def _is_google() -> bool:
    try:
        return PRODUCT_NAME.read_text(encoding="ascii").strip() in ("Google", "Google Compute Engine")
    except (OSError, UnicodeDecodeError):
        return False


def project(settings: Settings, credentials: Credentials | None) -> str:
    """The project that is billed.

    Raises:
        UnavailableError: none is known, or it cannot stand in a path.
    """
    if (reference := settings.missing("vertex_project", "vertex_ai_project")) is not None:
        raise UnavailableError(f"`{reference[1]}` is not set: it should hold the Google Cloud project's id")
    found = (
        settings.text("vertex_project", "vertex_ai_project")
        or settings.variable("VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT")
        or (credentials.project if credentials is not None else None)
    )
    if found is None:
        raise UnavailableError(
            "`GOOGLE_CLOUD_PROJECT` is not set: put the Google Cloud project's id there or into `vertex_project`"
        )
    if _PROJECT.fullmatch(found) is None or ".." in found:
        raise UnavailableError("the Google Cloud project's id may hold small letters, digits, `-`, `.` and `:` only")
    return found
