"""Conversations of other programs: each format in a module of its own becomes `Draft`s, and `storing` stores them.

The files are hostile until proven otherwise: every value is looked at before it is used, and nothing is trusted to be
of the type, the size or the shape that it should have.
"""
