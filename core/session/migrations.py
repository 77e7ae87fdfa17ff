"""The schema, as numbered steps: a file of version n is brought up by the steps from n on, in one transaction each."""

APPLICATION_ID = 0x47414C59  # "GALY"

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE document (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        path TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL, page_count INTEGER NOT NULL,
        metadata TEXT NOT NULL, notes TEXT NOT NULL, skipped TEXT NOT NULL, counts TEXT NOT NULL,
        language TEXT NOT NULL, characters INTEGER NOT NULL, page_runs TEXT NOT NULL,
        settings TEXT NOT NULL, created_at TEXT NOT NULL
    );
    CREATE TABLE pages (
        number INTEGER PRIMARY KEY, text TEXT NOT NULL, extractor TEXT NOT NULL, agreement REAL
    );
    CREATE TABLE chunks (
        idx INTEGER PRIMARY KEY, start INTEGER NOT NULL, source TEXT NOT NULL,
        first_page INTEGER NOT NULL, last_page INTEGER NOT NULL, ends TEXT NOT NULL, candidates TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed')),
        note TEXT NOT NULL DEFAULT '', chosen INTEGER REFERENCES attempts (id)
    );
    CREATE INDEX chunks_by_state ON chunks (state);
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL REFERENCES chunks (idx),
        mode TEXT NOT NULL, reason TEXT NOT NULL, engine TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL,
        seed INTEGER NOT NULL, temperature REAL NOT NULL, output TEXT NOT NULL,
        flags TEXT NOT NULL, flagged INTEGER NOT NULL, measures TEXT NOT NULL, edits TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        seconds REAL NOT NULL, started_at TEXT NOT NULL, error TEXT, died INTEGER NOT NULL
    );
    CREATE INDEX attempts_by_chunk ON attempts (chunk);
    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL REFERENCES chunks (idx),
        kind TEXT CHECK (kind IN ('accepted', 'edited', 'source')), text TEXT, attempt INTEGER,
        decided_at TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX decisions_by_chunk ON decisions (chunk, undone);
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, engine TEXT NOT NULL, model TEXT NOT NULL, started_at TEXT NOT NULL,
        seconds REAL NOT NULL DEFAULT 0, how TEXT
    );
    """,
    # The counts that are asked for after every attempt, out of indexes alone: the texts are not read for them.
    """
    DROP INDEX chunks_by_state;
    CREATE INDEX chunks_by_state ON chunks (state, chosen);
    CREATE INDEX attempts_by_flag ON attempts (flagged, seconds);
    """,
    # Decisions made together are undone together; choosing an attempt is one of them; edits switched by hand; and the
    # place where a person left off.
    """
    ALTER TABLE decisions ADD COLUMN step INTEGER;
    ALTER TABLE decisions ADD COLUMN before INTEGER;
    ALTER TABLE decisions ADD COLUMN switched TEXT;
    UPDATE decisions SET step = id;
    CREATE INDEX decisions_by_step ON decisions (undone, step);
    CREATE TABLE place (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
)
VERSION = len(MIGRATIONS)
