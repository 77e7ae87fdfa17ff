"""PDFs that mean harm, written by hand: each is small to write, and large, endless or misleading to read."""

import zlib
from collections.abc import Callable

from pdfs import FONT, assemble, pages_saying, pdf_of, show, stream

SOUND = stream(show(b"the sound page"))


def packed(data: bytes, extra: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + extra)


def zeros(megabytes: int) -> bytes:
    """So many zero bytes, deflated: about a kilobyte a megabyte."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def bomb_in_a_bomb(megabytes: int) -> bytes:
    """A page whose content was deflated twice: a few kilobytes for gigabytes."""
    return pdf_of(SOUND, stream(zlib.compress(zeros(megabytes), 9), b"/Filter [/FlateDecode /FlateDecode]"))


def objects_in_a_bomb(megabytes: int) -> bytes:
    """Objects that lie in a compressed stream without end."""
    inside = stream(zeros(megabytes), b"/Type /ObjStm /N 1000000 /First 100 /Filter /FlateDecode")
    return pdf_of(SOUND, inside)


def map_in_a_bomb(megabytes: int) -> bytes:
    """A font whose map to Unicode never ends."""
    return one_page(font=FONT[:-2] + b"/ToUnicode 6 0 R >>", more=[stream(zeros(megabytes), b"/Filter /FlateDecode")])


def metadata_in_a_bomb(megabytes: int) -> bytes:
    xmp = stream(zeros(megabytes), b"/Type /Metadata /Subtype /XML /Filter /FlateDecode")
    return one_page(catalog=b"/Metadata 6 0 R", more=[xmp])


def one_page(
    *, font: bytes = FONT, page: bytes = b"", catalog: bytes = b"", more: list[bytes] | None = None, text: bytes = b""
) -> bytes:
    """A page with a sentence; what is more begins at object 6."""
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R %s >>"
            % (page or b"/MediaBox [0 0 612 792]"),
            stream(show(text or b"the sound page")),
            font,
            *(more or []),
        ]
    )


def tree(*nodes: bytes) -> bytes:
    """A catalog and these page tree nodes, from object 2 on."""
    return assemble([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes])


def node(*kids: int, count: int = 1) -> bytes:
    return b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), count)


def laughing_tree(levels: int, breadth: int) -> bytes:
    """Each node names the next one many times: breadth to the power of levels pages, of one page that is there."""
    nodes = [node(*[3 + level] * breadth, count=breadth ** (levels - level)) for level in range(levels)]
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << >> >>"
    return tree(*nodes, page)


def many_objects(count: int) -> bytes:
    data = pages_saying("the sound page")
    body, _, _ = data.partition(b"xref\n")
    objects = body.count(b" obj\n")
    parts, offsets, at = [body], [], len(body)
    offsets = [data.index(b"\n%d 0 obj" % number) + 1 for number in range(1, objects + 1)]
    for number in range(objects + 1, count + 1):
        offsets.append(at)
        parts.append(b"%d 0 obj\n0\nendobj\n" % number)
        at += len(parts[-1])
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (count + 1, table))
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count + 1, at))
    return b"".join(parts)


def with_trailer(extra: bytes) -> bytes:
    return pages_saying("the sound page").replace(b"/Info 4 0 R", b"/Info 4 0 R " + extra)


def table_that_points(where: Callable[[int, int], int]) -> bytes:
    """The sound page behind a table of objects whose offsets were changed by `where(number, offset)`."""
    data = pages_saying("the sound page")
    head, _, rest = data.partition(b"0000000000 65535 f \n")
    rows, _, trailer = rest.partition(b"trailer")
    changed = [b"%010d 00000 n \n" % where(n, int(row[:10])) for n, row in enumerate(rows.splitlines(), 1)]
    return head + b"0000000000 65535 f \n" + b"".join(changed) + b"trailer" + trailer


def table_that_follows_itself() -> bytes:
    data = pages_saying("the sound page")
    return data.replace(b"/Info 4 0 R", b"/Info 4 0 R /Prev %d" % data.index(b"xref\n"))


def handler(words: bytes) -> bytes:
    """Said to be encrypted, with these words of how."""
    return with_trailer(b"/Encrypt << %s >> /ID [<00><00>]" % words)


def letters(**mapped: str) -> bytes:
    """A font that shows the letters A to Z, and says that some of them are other characters."""
    rows = b"".join(b"<%02X> <%s>\n" % (ord(k), v.encode("utf-16-be").hex().encode()) for k, v in mapped.items())
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n%d beginbfchar\n%sendbfchar\nendcmap" % (len(mapped), rows)
    )
    return stream(cmap)
