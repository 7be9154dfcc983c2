"""Fixtures that several folders of tests share."""

from tests.support.fixtures import make_gateway, provider, shared_gateway, trial

__all__ = ["make_gateway", "provider", "shared_gateway", "trial"]
