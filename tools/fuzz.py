"""Mutated PDFs and sessions, for a bounded time: no crash without a sentence, no hang, the file untouched.

Three targets take turns. `reader` opens PDFs as a worker does, in a process that may die, since that is quick: whatever
Python raises there and is not expected would cost a page for no reason. `extract` goes the whole way through a worker.
`session` opens, checks and salvages. What fails is kept in .fuzz/ and named, and the exit code is 1.

Run by `make fuzz`; FUZZ_SECONDS (60), FUZZ_SEED (by the clock), FUZZ_KEPT (.fuzz) and the names of targets as arguments
set it.
"""

import hashlib
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import hostile  # noqa: E402
import pdfs  # noqa: E402
from making import TEXT, attempt, new_session  # noqa: E402

from galley.core.errors import GalleyError, InputError  # noqa: E402
from galley.core.extract import ExtractOptions, extract  # noqa: E402
from galley.core.extract.controls import clean_page  # noqa: E402
from galley.core.extract.pdf import PdfFile  # noqa: E402
from galley.core.extract.protocol import Job  # noqa: E402
from galley.core.extract.readers import CannotRead  # noqa: E402
from galley.core.session import Session, check, salvage  # noqa: E402

KEPT = Path(os.environ.get("FUZZ_KEPT", ROOT / ".fuzz"))
LIMITS = ExtractOptions(timeout_seconds=10, memory_mb=1024)
LONGEST = 60.0
"""Seconds; a file of a few pages that takes longer hangs."""
BATCH = 25
PAGES = 6
WORDS = [
    *(b"/Kids /Count /Parent /Contents /Length /Filter /FlateDecode /LZWDecode /DecodeParms /Predictor 15".split()),
    *(b"/ToUnicode /Encoding /DescendantFonts /W /Prev /Size /Root /Encrypt /ObjStm /XObject /Annots".split()),
    *(b"<< >> [ ] ( ) < > stream endstream obj endobj xref trailer startxref BT ET Tj TJ Tf Do null true R".split()),
    *(b"0 -1 65535 2147483648 99999999999999999999 1e308 1 0 R 2 0 R 3 0 R 5 0 R".split()),
    b"1 0 R",
    b"3 0 R",
    b"\xff\xfe",
    b"\0" * 8,
]
MUTATION = st.tuples(
    st.sampled_from(["flip", "set", "word", "number", "cut", "drop", "repeat", "swap"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255),
    st.sampled_from(WORDS),
)
MUTATIONS = st.lists(MUTATION, min_size=1, max_size=12)
Target = Callable[[bytes, Path], None]


def mutate(data: bytes, mutations: list[tuple[str, float, int, bytes]]) -> bytes:
    out = bytearray(data)
    for how, where, byte, word in mutations:
        at = int(where * len(out))
        if how == "flip" and out:
            out[at] ^= 1 << byte % 8
        elif how == "set" and out:
            out[at] = byte
        elif how == "word":
            out[at : at + byte % 12] = word
        elif how == "number" and (found := re.compile(rb"\d+").search(out, at)):
            out[found.start() : found.end()] = word if word[:1].isdigit() else b"%d" % byte
        elif how == "cut" and byte < 64:
            del out[max(at, 8) :]
        elif how == "drop":
            del out[at : at + byte]
        elif how == "repeat":
            out[at:at] = out[at : at + byte] * (1 + byte % 3)
        elif how == "swap":
            out[at : at + byte], out[:byte] = out[:byte], out[at : at + byte]
    return bytes(out)


def papers() -> list[bytes]:
    made = [
        pdfs.pages_saying("one page", "two\nlines (and a citation, 2020) [3]"),
        pdfs.encrypted(pdfs.pages_saying("behind nothing"), ""),
        hostile.one_page(font=pdfs.FONT[:-2] + b"/ToUnicode 6 0 R >>", more=[hostile.letters(A="x", B="\u0430")]),
        hostile.one_page(catalog=b"/Outlines 6 0 R /Names << >>", more=[b"<< /Count 1 /First 6 0 R >>"]),
        hostile.laughing_tree(3, 3),
        pdfs.pdf_of(pdfs.bomb(1, b"(x) Tj ")),
        unseen(),
    ]
    return made + [path.read_bytes() for path in sorted((ROOT / "tests" / "data").glob("*.pdf"))]


def unseen() -> bytes:
    """White words on a dark box, on nothing and in a form, invisible ones, tiny ones, and ones off the page."""
    words = pdfs.show(b"words that nobody sees")
    form = pdfs.stream(
        b"0.2 g 40 690 300 30 re f 1 g " + words + b" 3 Tr " + words,
        b"/Type /XObject /Subtype /Form /BBox [0 0 600 700] /Resources << /Font << /F1 3 0 R >> >>",
    )
    page = b" q 1 g %s 0.01 0 0 0.01 9 9 cm %s Q q 0.5 0 0 0.5 9 9 cm /X1 Do Q %s" % (
        words,
        words,
        words.replace(b"50 700", b"50 7000"),
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
        pdfs.FONT,
        form,
        pdfs.stream(pdfs.show(b"words that everybody sees") + page),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
        b" /Resources << /Font << /F1 3 0 R >> /XObject << /X1 4 0 R >> >> >>",
    ]
    return pdfs.assemble(objects)


def sessions() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder, new_session(Path(folder), TEXT * 6) as session:
        for chunk in session.chunks()[:-2]:
            session.add_attempt(attempt(chunk.index, f"clean {chunk.index}"), choose=True, state="done")
        session.decide(0, "edited", "by hand")
        session.decide_all([1, 2], "accepted")
        session.undo()
        return [session.path.read_bytes()]


def in_a_sentence(error: GalleyError) -> None:
    assert str(error).isprintable(), f"not one line: {str(error)!r}"
    assert len(str(error)) > 20


def read(data: bytes, path: Path) -> None:
    """As a worker opens a file and takes its pages."""
    try:
        job = Job(str(path), None, "auto", 0, [], drop_unseen=bool(len(data) % 2))
        file = PdfFile(job, data, lambda step: None)
    except InputError as error:
        in_a_sentence(error)
        return
    for number in range(1, min(file.page_count, PAGES) + 1):
        for extractor in file.extractors:
            try:
                clean_page(file.text(number, extractor), hyphen_marks=True).text.encode()
            except CannotRead:
                continue
            assert all(count > 0 for count in file.unseen(extractor).values())
    file.close()


def take(data: bytes, path: Path) -> None:
    """The whole way, through a worker."""
    path.write_bytes(data)
    try:
        document = extract(path, LIMITS)
        assert document.text.strip()
        assert all(note.isprintable() for note in document.notes)
    except InputError as error:
        in_a_sentence(error)
    assert path.read_bytes() == data
    left = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    assert not left, f"left behind: {left}"


def look(data: bytes, path: Path) -> None:
    """Everything that reads a session, and what is saved of it."""
    path.write_bytes(data)
    try:
        with Session.open(path, write=False) as session:
            assert session.document.page_count >= 0
            assert session.settings.digest()
            session.rows()
            session.results()
            for chunk in session.chunks():
                session.attempts(chunk.index)
    except GalleyError as error:
        in_a_sentence(error)
    try:
        check(path)
        salvaged = salvage(path)
        if salvaged.path.suffix == ".galley":
            problems = check(salvaged.path).problems
            assert not problems, problems
            with Session.open(salvaged.path, write=False) as session:
                session.results()
        salvaged.path.unlink()
    except GalleyError as error:
        in_a_sentence(error)
    assert path.read_bytes() == data
    for other in set(path.parent.iterdir()) - {path}:
        assert other.name == f"{path.name}.lock", f"left behind: {other.name}"


TARGETS: dict[str, tuple[Target, Callable[[], list[bytes]], str]] = {
    "reader": (read, papers, ".pdf"),
    "extract": (take, papers, ".pdf"),
    "session": (look, sessions, ".galley"),
}


def batch(name: str, samples: list[bytes], number: int, folder: Path, until: float) -> int:
    """So many mutated files; returns how many. Raises what a file brings about; that file lies in `folder`."""
    target, _, suffix = TARGETS[name]
    inside = folder / "inside"
    inside.mkdir()
    done = 0

    @seed(number)
    @settings(
        max_examples=BATCH, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=HealthCheck
    )
    @given(st.integers(0, len(samples) - 1), MUTATIONS)
    def run(sample: int, mutations: list[tuple[str, float, int, bytes]]) -> None:
        nonlocal done
        if time.monotonic() > until:
            return
        mutated = mutate(samples[sample], mutations)
        (folder / "last").write_bytes(mutated)
        began = time.monotonic()
        target(mutated, inside / f"fuzzed{suffix}")
        assert time.monotonic() - began < LONGEST, "it hung"
        done += 1

    run()
    return done


def in_a_child(name: str, samples: list[bytes], number: int, folder: Path, until: float) -> tuple[str, int]:
    """One batch in a process that may die. Returns what went wrong (empty: nothing) and how many files there were."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        told = ""
        done = 0
        try:
            if name == "reader":
                signal.alarm(int(LONGEST))
            done = batch(name, samples, number, folder, until)
        except BaseException as error:
            told = in_words(error)
        os.write(writing, f"{done}\n{told[-4000:]}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        first, _, told = pipe.read().partition("\n")
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0 and name == "reader":
        return died(folder, code), 1
    return told or (f"the fuzzer ended with {code}" if code else ""), int(first or 0)


def in_words(error: BaseException) -> str:
    """Where it happened and what, without the bytes that hypothesis would add."""
    return "".join(traceback.format_tb(error.__traceback__)[-6:]) + f"{type(error).__name__}: {error}"


def died(folder: Path, code: int) -> str:
    """A library that crashes or hangs is what the worker is for: then the whole way has to end in a sentence."""
    try:
        take((folder / "last").read_bytes(), folder / "fuzzed.pdf")
    except AssertionError as error:
        return in_words(error)
    print(f"  {signal.Signals(-code).name} in a library, which cost what it may.")
    return ""


def main() -> int:
    seconds = float(os.environ.get("FUZZ_SECONDS", "60"))
    number = int(os.environ.get("FUZZ_SEED", str(time.time_ns() % 10**9)))
    names = sys.argv[1:] or list(TARGETS)
    until = time.monotonic() + seconds
    samples = {name: TARGETS[name][1]() for name in names}
    counts = dict.fromkeys(names, 0)
    print(f"Fuzzing {', '.join(names)} for {seconds:g} s, from seed {number}.")
    while time.monotonic() < until:
        for name in names:
            number += 1
            with tempfile.TemporaryDirectory(prefix="galley-fuzz-") as folder:
                wrong, done = in_a_child(name, samples[name], number, Path(folder), until)
                counts[name] += done
                if wrong:
                    data = (Path(folder) / "last").read_bytes()
                    KEPT.mkdir(exist_ok=True)
                    kept = KEPT / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}{TARGETS[name][2]}"
                    kept.write_bytes(data)
                    print(f"{wrong}\n{name} failed on {kept} (seed {number}).")
                    return 1
    print("Nothing was found in " + ", ".join(f"{count} files for {name}" for name, count in counts.items()) + ".")
    return 0


if __name__ == "__main__":
    sys.exit(main())
