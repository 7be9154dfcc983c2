"""The variables of the application stand in `.env.example` and in the reference, beside the gateway's own."""

from __future__ import annotations

from backend.app.core.settings import Settings
from trunkline.config.environment import APPLICATION, all_names


def test_every_setting_of_the_application_is_listed() -> None:
    """Each of its settings is a variable of the list, or one that the gateway reads as well."""
    settings = {name.upper() for name in Settings.model_fields}
    assert settings <= set(all_names())


def test_nothing_is_listed_that_the_application_does_not_read() -> None:
    """A variable that went away goes from the list."""
    settings = {name.upper() for name in Settings.model_fields}
    assert {variable.name for variable in APPLICATION} <= settings | {"TRUNKLINE_ENV_FILE"}  # says where they stand
