"""The application's settings: the environment, then `.env`. A test compares this module with docs/guides/app.md."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from backend.app.api.schemas.session import AuthMode
from backend.app.core.database_url import DatabaseUrl, parse

ROOT: Final = Path(__file__).resolve().parents[3]
_BETWEEN_USERS: Final = re.compile(r"[;\s]+|,(?=[^,@:;\s]+@[^,:;\s]+:)")
"""A password's hash has commas, so a comma parts two users only where an address follows."""


class SettingsError(Exception):
    """The settings cannot be used; each line names a variable and says what would do."""


class Settings(BaseSettings):
    """Every variable that the application reads."""

    model_config = SettingsConfigDict(env_file_encoding="utf-8-sig", env_ignore_empty=True, extra="ignore")

    app_database_url: str | None = Field(
        default=None, description="The application's database. Wins over `DATABASE_URL`, which the gateway reads too."
    )
    database_url: str | None = Field(
        default=None,
        description="The same, from the environment only: in `.env` it names the gateway's database. "
        "Default: SQLite, `app.db` in the data folder.",
    )
    trunkline_data: Path = Field(default=Path("data"), description="Folder for the database and for files.")
    litellm_base_url: str = Field(default="http://127.0.0.1:4000", description="Where the gateway is.")
    litellm_api_key: SecretStr | None = Field(
        default=None, description="The key for the gateway; a virtual key is enough. Default: `LITELLM_MASTER_KEY`."
    )
    litellm_master_key: SecretStr | None = Field(default=None, description="The gateway's administrator's key.")
    model: str = Field(
        default="gemini-2.5-flash",
        description="The model where none is chosen. The environment wins over `.env`, which is read again when it "
        "changes.",
    )
    auth_mode: AuthMode = Field(
        default="off",
        description="`off`: one person, on this machine only. `password` or `oidc`: each sees only their own.",
    )
    auth_password: SecretStr | None = Field(
        default=None, description="`password`: the one password of the one person, at least 8 characters."
    )
    auth_users: str = Field(
        default="",
        description="`password`: people as `address:hash`, with semicolons between; "
        "`python -m backend.app.users hash` makes a hash. In single quotes, because of its dollar signs.",
    )
    auth_admins: str = Field(default="", description="Addresses of administrators, with commas between.")
    auth_oidc_issuer: str | None = Field(default=None, description="`oidc`: the provider's issuer, an https address.")
    auth_oidc_client_id: str | None = Field(default=None, description="`oidc`: this application's id there.")
    auth_oidc_client_secret: SecretStr | None = Field(default=None, description="`oidc`: its secret, where it has one.")
    auth_oidc_name: str = Field(default="Single sign-on", description="`oidc`: the word on the button.")
    auth_allowed: str = Field(
        default="",
        description="`oidc`: addresses or `@domains` that may sign in, with commas between. "
        "Default: everybody whom the provider lets in.",
    )
    auth_session_hours: int = Field(default=336, ge=1, le=8760, description="How long a sign-in lasts.")
    app_public_url: str | None = Field(
        default=None, description="The address in the browser, where a proxy is in between: `https://chat.example.org`."
    )
    app_allowed_hosts: str = Field(
        default="", description="Further names for this machine that requests may use with sign-in off."
    )
    trunkline_published_on: str | None = Field(
        default=None,
        description="In a container: the address that its port is published on. A loopback one lets sign-in be off.",
    )
    app_max_file_mb: int = Field(default=20, ge=1, le=1000, description="The largest file, in MB.")
    app_max_import_mb: int = Field(default=100, ge=1, le=4000, description="The largest import, in MB.")
    app_max_storage_mb: int = Field(default=5000, ge=1, description="All files of one person, in MB.")
    app_frontend: Path = Field(
        default=ROOT / "frontend" / "chat" / "dist",
        description="Folder of the built front end.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take `.env` without its `DATABASE_URL`."""
        del settings_cls, file_secret_settings
        assert isinstance(dotenv_settings, DotEnvSettingsSource)
        return init_settings, env_settings, lambda: _without_database(dotenv_settings())  # type: ignore[return-value]  # any callable does

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [f"{name.upper()} is missing" for name in self._needed() if getattr(self, name) in {None, ""}]
        if (
            self.auth_mode == "password"
            and self.auth_password is not None
            and len(self.auth_password.get_secret_value()) < 8
        ):
            missing.append("AUTH_PASSWORD has fewer than 8 characters")
        if missing:
            raise ValueError(f"with AUTH_MODE={self.auth_mode}: {', '.join(missing)}")
        _ = self.place, self.users  # both say what is wrong with them
        return self

    def _needed(self) -> tuple[str, ...]:
        match self.auth_mode:
            case "oidc":
                return "auth_oidc_issuer", "auth_oidc_client_id"
            case "off" | "password":
                return ()

    @cached_property
    def place(self) -> DatabaseUrl:
        """The database."""
        text = self.app_database_url or self.database_url
        return parse(text or f"sqlite:///{self.trunkline_data.absolute() / 'app.db'}")

    @cached_property
    def users(self) -> dict[str, str]:
        """Hashes by address of `AUTH_USERS`."""
        found = {}
        for entry in filter(None, _BETWEEN_USERS.split(self.auth_users.strip())):
            address, colon, digest = entry.partition(":")
            if not colon or "@" not in address or not digest.startswith("$argon2"):
                raise ValueError(
                    "AUTH_USERS is not `address:hash`, with semicolons between: "
                    "make a hash with `python -m backend.app.users hash`, and write the value in single quotes"
                )
            found[address.lower()] = digest
        return found

    @property
    def env_file(self) -> Path:
        """The file that is read beside the environment."""
        return env_file()

    def is_admin(self, email: str | None) -> bool:
        """Whether `AUTH_ADMINS` names the address."""
        return email is not None and email.lower() in words(self.auth_admins)


def words(text: str) -> frozenset[str]:
    """Return the entries of a list with commas, in lower case."""
    return frozenset(word.strip().lower() for word in text.split(",") if word.strip())


def env_file() -> Path:
    """Return `TRUNKLINE_ENV_FILE`, by default `.env` in the working folder; nothing with `LITELLM_MODE=PRODUCTION`."""
    if os.environ.get("LITELLM_MODE", "").upper() == "PRODUCTION":
        return Path(os.devnull)
    return Path(os.environ.get("TRUNKLINE_ENV_FILE") or ".env")


def load(**given: Any) -> Settings:
    """Read the settings; what is given wins. Raises `SettingsError`."""
    try:
        return Settings(**{**given, "_env_file": env_file()})
    except ValidationError as error:
        raise SettingsError("\n".join(_kindly(item) for item in error.errors())) from None


def _kindly(item: Any) -> str:
    name = str(item["loc"][0]).upper() if item["loc"] else ""
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def _without_database(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "database_url"}
