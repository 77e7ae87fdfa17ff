"""Sessions: one SQLite file that holds a document, its chunks, attempts and decisions."""
