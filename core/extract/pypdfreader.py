"""Text, metadata, decryption and repair by pypdf.

pypdf reports what it mends through `logging` only, so its log is caught here: what it says while opening becomes a
note for the user, and nothing of it reaches a terminal.
"""

import io
import logging
import struct
import zlib

from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError
from pypdf.generic import BooleanObject, FloatObject, NameObject, NumberObject, PdfObject, TextStringObject

from .readers import LARGEST_PAGE, CannotOpen, CannotRead, describe

READER_FAILURES = (
    PyPdfError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pypdf is seen to raise on damaged files: its documentation warns that its own errors are not all."""


class _Complaints(logging.Handler):
    """Keeps the first few distinct messages of pypdf."""

    most = 3

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if len(self.messages) < self.most and message not in self.messages:
            self.messages.append(message)


class PypdfReader:
    """An open PDF in pypdf. Raises CannotOpen from the constructor."""

    name = "pypdf"

    def __init__(self, data: bytes, password: str | None) -> None:
        complaints = _Complaints()
        log = logging.getLogger("pypdf")
        log.handlers[:], log.propagate = [complaints], False
        try:
            self._reader = PdfReader(io.BytesIO(data), strict=False)
            self.encrypted: bool = self._reader.is_encrypted
            if self.encrypted and not (self._reader.decrypt(password or "") or self._reader.decrypt("")):
                raise CannotOpen("password")
            self.page_count: int = len(self._reader.pages)
        except FileNotDecryptedError:
            raise CannotOpen("password") from None
        except (DependencyError, NotImplementedError) as error:
            raise CannotOpen("encryption", describe(error)) from None
        except READER_FAILURES as error:
            raise CannotOpen("damaged", describe(error)) from None
        log.handlers[:] = [logging.NullHandler()]
        self.complaints = complaints.messages

    def text(self, number: int) -> str:
        try:
            text = self._reader.pages[number - 1].extract_text()
        except READER_FAILURES as error:
            raise CannotRead(describe(error)) from None
        if len(text) > LARGEST_PAGE:
            raise CannotRead(f"it has more than {LARGEST_PAGE:,} characters")
        return text

    def metadata(self) -> dict[str, str]:
        """The document information's plain values by their names in the PDF, such as "Title"."""
        found: dict[str, str] = {}
        try:
            information: dict[str, PdfObject] = dict(self._reader.metadata or {})
            for key, value in information.items():
                plain = value.get_object()
                if isinstance(plain, TextStringObject | NameObject | NumberObject | FloatObject | BooleanObject):
                    found[key.removeprefix("/")] = str(plain).removeprefix("/")
        except READER_FAILURES:
            pass  # metadata is a courtesy: what was read so far is kept
        return found

    def rewritten(self) -> bytes | None:
        """The document written anew with a sound structure, or None when that fails as well."""
        out = io.BytesIO()
        try:
            PdfWriter(clone_from=self._reader).write(out)
        except READER_FAILURES:
            return None
        return out.getvalue()

    def close(self) -> None:
        self._reader.close()
