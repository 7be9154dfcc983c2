"""Watches what models and keys spend by the hour, and says when that leaves its usual band.

`bands.py` is the arithmetic, `questions.py` the SQL over the roll-ups, `monitor.py` what the shipper calls.
"""
