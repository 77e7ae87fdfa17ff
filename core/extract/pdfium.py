"""Text by pdfium, through pypdfium2. Every handle is closed as soon as its page is done, so memory stays flat.

pypdfium2 carries no types; this is the only module that touches it.
"""

from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]

from .readers import LARGEST_PAGE, CannotOpen, CannotRead, describe

_lib: Any = pypdfium2
_raw: Any = _lib.raw
_Error: type[Exception] = _lib.PdfiumError
_FAILURES = (_Error, MemoryError, OSError, ValueError, IndexError)


class PdfiumReader:
    """An open PDF in pdfium. Raises CannotOpen from the constructor."""

    name = "pdfium"

    def __init__(self, data: bytes, password: str | None) -> None:
        try:
            self._document: Any = _lib.PdfDocument(data, password=password)
            self.page_count: int = len(self._document)
        except _FAILURES as error:
            raise _cannot_open(error) from None
        self.encrypted: bool = _raw.FPDF_GetSecurityHandlerRevision(self._document) >= 0

    def text(self, number: int) -> str:
        """The text inside the page's box. Reading by box joins superscripts to their line, which the plain range
        does not (German book: 5-grams 0.799 against 0.792), and leaves out what lies off the page."""
        try:
            page = self._document[number - 1]
            try:
                return self._text(page)
            finally:
                page.close()
        except _FAILURES as error:
            raise CannotRead(describe(error)) from None

    def has_page(self, number: int) -> bool:
        try:
            self._document[number - 1].close()
        except _FAILURES:
            return False
        return True

    def metadata(self) -> dict[str, str]:
        return dict(self._document.get_metadata_dict(skip_empty=True))

    def close(self) -> None:
        self._document.close()

    def _text(self, page: Any) -> str:
        textpage = page.get_textpage()
        try:
            if textpage.count_chars() > LARGEST_PAGE:
                raise CannotRead(f"it has more than {LARGEST_PAGE:,} characters")
            return textpage.get_text_bounded(errors="surrogatepass")
        finally:
            textpage.close()


def _cannot_open(error: Exception) -> CannotOpen:
    code = getattr(error, "err_code", None)
    if code == _raw.FPDF_ERR_PASSWORD:
        return CannotOpen("password")
    if code == _raw.FPDF_ERR_SECURITY:
        return CannotOpen("encryption", "its security handler is unknown")
    return CannotOpen("damaged", describe(error))
