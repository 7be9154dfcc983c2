"""Metrics and logs, off the hot path."""
