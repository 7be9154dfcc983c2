"""Holds a stand-in for the package `litellm`, for `PYTHONPATH` of a gateway under test."""
