"""Small PDFs for tests, written by hand: sound ones, damaged ones, and hostile ones."""

import io
import zlib
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def stream(data: bytes, extra: bytes = b"") -> bytes:
    """A stream object around `data`."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def assemble(objects: Sequence[bytes], trailer: bytes = b"", size: int | None = None) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    count = len(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (count if size is None else size))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (count if size is None else size, trailer))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def show(*lines: bytes) -> bytes:
    """A content stream that prints these lines below each other."""
    shown = b" ".join(b"<%s> Tj T*" % line.hex().encode() for line in lines)
    return b"BT /F1 12 Tf 14 TL 50 700 Td %s ET" % shown


def pdf_of(*contents: bytes | None, count: int | None = None, kids: str | None = None, info: bytes = b"") -> bytes:
    """A PDF with one page for each content stream (given as a stream object; None: a page without content)."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        FONT,
        b"<< %s >>" % info,
    ]
    pages: list[int] = []
    for content in contents:
        objects.append(content if content is not None else b"null")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % len(objects)
        )
        pages.append(len(objects))
    listed = kids if kids is not None else " ".join(f"{number} 0 R" for number in pages)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (
        listed.encode(),
        len(pages) if count is None else count,
    )
    return assemble(objects, b"/Info 4 0 R")


def pages_saying(*texts: str) -> bytes:
    """A PDF whose pages hold these texts, a text a page, a line a line."""
    return pdf_of(*(stream(show(*(line.encode("cp1252") for line in text.split("\n")))) for text in texts))


def bomb(megabytes: int, unit: bytes = b"q Q\n") -> bytes:
    """A content stream of this size that takes a few kilobytes in the file."""
    packer = zlib.compressobj(9)
    block = unit * ((1 << 20) // len(unit))
    packed = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    return stream(packed, b"/Filter /FlateDecode")


def encrypted(data: bytes, user: str, algorithm: str = "AES-256") -> bytes:
    """The same PDF behind a user password; the owner password is another."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(user, owner_password="owner of it", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def page_tree_loop() -> bytes:
    """The page tree's root is its own kid."""
    return pdf_of(stream(show(b"never seen")), kids="2 0 R")


def deep_nesting(levels: int) -> bytes:
    """Arrays within arrays, in a page's content and in its resources."""
    nested = b"[" * levels + b"]" * levels
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font %s >> >>" % nested,
        stream(nested + b" TJ"),
    ]
    return assemble(objects)


def unknown_security_handler() -> bytes:
    """Encrypted by a handler that nobody knows."""
    sound = pages_saying("locked away")
    handler = b"/Encrypt << /Filter /Nobody.Knows /V 9 /R 9 /O (x) /U (y) /P -1 >> /ID [<00><00>] "
    return sound.replace(b"/Info 4 0 R", handler + b"/Info 4 0 R")
