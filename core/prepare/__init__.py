"""Deterministic repairs: pure steps from a document's raw text to prepared text, each one traceable."""
