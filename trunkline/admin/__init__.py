"""The management API beside the way of a call."""
