"""Which table a row is of, told by its shape alone, since the page that would say so may be torn.

A letter a column: `n` null (a key that SQLite keeps elsewhere), `i` an integer, `f` a number, `t` text, `p` text or
bytes; a capital lets null pass too. No two tables have the same shape.
"""

from .leaves import Leaves, Value

SHAPES = {
    "document": "nptti" + "tttt" + "tittt",
    "pages": "nttF",
    "chunks": "nitiittttI",
    "attempts": "nittttt" + "iftti" + "tt" + "iii" + "ftTi",
    "decisions": "niTTIti" + "IIT",
    "runs": "ntttfT",
    "place": "tt",
    "counters": "ti",
}
"""`counters` is SQLite's own: the highest id that each table has given."""
SHORTEST = {"decisions": 7}
"""Columns of a row that was written before others were added behind it."""
KINDS: dict[str, tuple[type, ...]] = {
    "n": (type(None),),
    "i": (int,),
    "f": (int, float),
    "t": (str,),
    "p": (str, bytes),
}
Found = dict[str, dict[int, tuple[Value, ...]]]
"""Rows by table and id, padded to full length."""


def table_of(values: tuple[Value, ...]) -> str | None:
    """The table that a row with these values is of; None for one of none of ours."""
    for table, shape in SHAPES.items():
        fits = SHORTEST.get(table, len(shape)) <= len(values) <= len(shape)
        if fits and all(is_of(value, letter) for value, letter in zip(values, shape, strict=False)):
            return table
    return None


def is_of(value: Value, letter: str) -> bool:
    return (value is None and letter.isupper()) or isinstance(value, KINDS[letter.lower()])


def collect(leaves: Leaves) -> Found:
    """All rows of ours. Where one is there twice, the one that lies further on, or of a chunk the finished one."""
    found: Found = {table: {} for table in SHAPES}
    for row in leaves.rows():
        table = table_of(row.values)
        if table is None:
            continue
        values = (*row.values, *[None] * (len(SHAPES[table]) - len(row.values)))
        before = found[table].get(row.rowid)
        if before is None or table != "chunks" or before[-1] is None:
            found[table][row.rowid] = values
    return found
