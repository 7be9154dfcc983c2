"""Replicate's predictions: jobs that are created, waited for and read."""
