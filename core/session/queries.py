"""What a session asks its file, where a question is long or asked twice."""

CHUNK_COLUMNS = """
    SELECT c.*, d.kind AS decision, d.text AS decided FROM chunks c
    LEFT JOIN decisions d ON d.id = (SELECT max(id) FROM decisions WHERE chunk = c.idx AND NOT undone)
"""
STATUS = """
    SELECT count(*) AS total, total(state = 'done') AS done, total(state = 'failed') AS failed,
        total(state = 'pending') AS pending,
        (SELECT count(*) FROM chunks WHERE chosen IN (SELECT id FROM attempts WHERE flagged = 1)) AS flagged,
        (SELECT count(*) FROM decisions WHERE kind IS NOT NULL AND id IN
            (SELECT max(id) FROM decisions WHERE NOT undone GROUP BY chunk)) AS decided
    FROM chunks
"""
ROWS = """
    SELECT c.idx, c.first_page, c.last_page, c.state, length(c.source) AS characters, d.kind AS decision,
        a.mode, a.flags
    FROM chunks c LEFT JOIN attempts a ON a.id = c.chosen
    LEFT JOIN decisions d ON d.id = (SELECT max(id) FROM decisions WHERE chunk = c.idx AND NOT undone)
"""
WORK_DONE = """
    SELECT iif((SELECT total(how IS NULL) FROM runs), 0, (SELECT total(seconds) FROM runs)) AS seconds,
        (SELECT total(prompt_tokens + output_tokens) FROM attempts) AS tokens
"""
DECISION = "SELECT * FROM decisions WHERE chunk = ? AND NOT undone ORDER BY id DESC LIMIT 1"
CHOSEN = "SELECT a.* FROM attempts a JOIN chunks c ON c.chosen = a.id"
EDITS = "SELECT id FROM decisions WHERE kind = 'edited'"
STANDING = f"{EDITS} AND id IN (SELECT max(id) FROM decisions WHERE NOT undone GROUP BY chunk)"
