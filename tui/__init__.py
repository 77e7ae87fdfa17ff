"""The proof desk, a Textual app over galley.core (not built yet)."""
