"""Galley's own colour themes, TOML files in the form that a user's own have; `galley.tui.themes` reads both.

A package, so that the files are installed and found; nothing here is to be imported.
"""
