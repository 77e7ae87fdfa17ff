BEGIN TRANSACTION;
CREATE TABLE attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL REFERENCES chunks (idx),
        mode TEXT NOT NULL, reason TEXT NOT NULL, engine TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL,
        seed INTEGER NOT NULL, temperature REAL NOT NULL, output TEXT NOT NULL,
        flags TEXT NOT NULL, flagged INTEGER NOT NULL, measures TEXT NOT NULL, edits TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        seconds REAL NOT NULL, started_at TEXT NOT NULL, error TEXT, died INTEGER NOT NULL
    );
INSERT INTO "attempts" VALUES(1,0,'verbatim','first','llama.cpp','m.gguf','',1,0.0,'clean text','[{"name":"debris_kept","severity":"warning","evidence":["[3]"]}]',1,'{"kept":0.9}','[{"start":3,"end":7,"replacement":"","kind":"citation","probability":0.8,"applied":true}]',10,5,2,0.5,'2026-01-01T00:00:00+00:00',NULL,0);
INSERT INTO "attempts" VALUES(2,1,'verbatim','first','llama.cpp','m.gguf','',1,0.0,'second','[{"name":"debris_kept","severity":"warning","evidence":["[3]"]}]',1,'{"kept":0.9}','[{"start":3,"end":7,"replacement":"","kind":"citation","probability":0.8,"applied":true}]',10,5,2,0.5,'2026-01-01T00:00:00+00:00',NULL,0);
CREATE TABLE chunks (
        idx INTEGER PRIMARY KEY, start INTEGER NOT NULL, source TEXT NOT NULL,
        first_page INTEGER NOT NULL, last_page INTEGER NOT NULL, ends TEXT NOT NULL, candidates TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed')),
        note TEXT NOT NULL DEFAULT '', chosen INTEGER REFERENCES attempts (id)
    );
INSERT INTO "chunks" VALUES(0,0,'The first page has one paragraph about the reading of proofs. It ends here. ',1,1,'sentence','[]','done','',1);
INSERT INTO "chunks" VALUES(1,76,'A second paragraph follows on the first page, and it cites a book [3].

',1,1,'sentence','[]','pending','',NULL);
INSERT INTO "chunks" VALUES(2,148,'The third paragraph stands on the second page of this small document. ',2,2,'sentence','[]','pending','',NULL);
INSERT INTO "chunks" VALUES(3,218,'It has two sentences. ',2,2,'sentence','[]','pending','',NULL);
INSERT INTO "chunks" VALUES(4,240,'The last one has *stars* and a # sign in it, and then the document is over.',2,2,'sentence','[]','pending','',NULL);
CREATE TABLE decisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL REFERENCES chunks (idx),
        kind TEXT CHECK (kind IN ('accepted', 'edited', 'source')), text TEXT, attempt INTEGER,
        decided_at TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0
    );
INSERT INTO "decisions" VALUES(1,0,'edited','by hand',1,'2026-01-01T00:00:00.000+00:00',0);
CREATE TABLE document (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        path TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL, page_count INTEGER NOT NULL,
        metadata TEXT NOT NULL, notes TEXT NOT NULL, skipped TEXT NOT NULL, counts TEXT NOT NULL,
        language TEXT NOT NULL, characters INTEGER NOT NULL, page_runs TEXT NOT NULL,
        settings TEXT NOT NULL, created_at TEXT NOT NULL
    );
INSERT INTO "document" VALUES(1,'/home/reader/paper.pdf','abababababababababababababababababababababababababababababababab','pdf',2,'{"Title":"Proofs"}','["a note"]','[]','{"ligatures":0,"spaces":0,"accents":0,"encodings":0,"margin stamps":0,"running heads":0,"figures":0,"hyphens closed":0,"hyphens kept":0,"words torn by floats":0,"lines joined":2}','en',315,'[[0,1],[148,2]]','{"extract":{"extractor":"auto","pages":"","max_chars":0,"compare_pages":100,"timeout_seconds":120.0,"memory_mb":2048},"prepare":{"unicode":true,"hyphens":true,"paragraphs":true,"running_heads":true,"margin_stamps":true,"figure_text":true,"drop_figure_text":false,"drop_references":false,"drop_footnotes":false,"drop_tables":false,"drop_urls":false,"drop_citations":false,"language":"auto"},"chunk":{"size":1000,"unit":"characters"},"clean":{"mode":"rules","prompt":"default","temperature":0.0,"top_p":0.9,"seed":1,"retries":1,"token_ratio":1.3,"threshold":0.5,"kinds":["citation","contact","footnote_mark","debris","hyphen"]},"check":{"empty_words":3,"source_words":12,"lost_words":7,"leaked_words":6,"loop_words":8,"loop_share":0.3,"kept_warning":0.45,"kept_error":0.3,"precision_warning":0.28,"precision_error":0.2,"invented_warning":4,"invented_error":8,"glued_labels":2},"model":"","prompt_digest":"","judge_digest":""}','2026-01-01T00:00:00.000+00:00');
CREATE TABLE pages (
        number INTEGER PRIMARY KEY, text TEXT NOT NULL, extractor TEXT NOT NULL, agreement REAL
    );
INSERT INTO "pages" VALUES(1,'The first page has one paragraph about the reading of proofs. It ends here.
A second paragraph follows on the first page, and it cites a book [3].
','pdfium',NULL);
INSERT INTO "pages" VALUES(2,'The third paragraph stands on the second page of this small document. It has two sentences.
The last one has *stars* and a # sign in it, and then the document is over.
','pdfium',NULL);
CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, engine TEXT NOT NULL, model TEXT NOT NULL, started_at TEXT NOT NULL,
        seconds REAL NOT NULL DEFAULT 0, how TEXT
    );
INSERT INTO "runs" VALUES(1,'llama.cpp','m.gguf','2026-01-01T00:00:00.000+00:00',0.0,NULL);
CREATE INDEX chunks_by_state ON chunks (state);
CREATE INDEX attempts_by_chunk ON attempts (chunk);
CREATE INDEX decisions_by_chunk ON decisions (chunk, undone);
COMMIT;
PRAGMA application_id = 1195461721;
PRAGMA user_version = 1;
