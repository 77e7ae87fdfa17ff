"""The two extractors held against each other while the text that was read is already being repaired and cleaned.

It takes longer than reading, and all it gives are sentences for the user. They are in the session as soon as they are
known; until then the session says that nothing was compared, which stays true of a run that is killed before.
"""

import threading

from .errors import GalleyError
from .extract import Extraction, ExtractionCancelled
from .session import Session


class Comparing:
    """A comparison that goes on by itself, behind whatever else wants the processor; `close` it."""

    def __init__(self, extraction: Extraction) -> None:
        """`extraction` has been read; its workers end with this. It begins when it is told to, or waited for."""
        self._extraction = extraction
        self._session: Session | None = None
        self._settled = threading.Event()
        """Whether it is known to which session the comparison belongs, or that there will be none."""
        self._begun = threading.Event()
        self._error: GalleyError | None = None
        self._thread = threading.Thread(target=self._work, name="comparing", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Harmless when called again."""
        self._begun.set()

    def belongs_to(self, session: Session) -> None:
        """Keep what is found in `session`, which stays open until `close`."""
        self._session = session
        self._settled.set()

    @property
    def under_way(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> None:
        """Until it is in the session; it no longer lets others go first. Raises StorageError or SessionError."""
        self._begun.set()
        if self.under_way:
            self._extraction.hurry()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Give up what is not finished. Harmless when called again."""
        self._extraction.stop()
        self._begun.set()
        self._settled.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            with self._extraction as extraction:
                self._begun.wait()
                found = extraction.compare(gently=True)
            self._settled.wait()
            if self._session is not None:
                self._session.add_comparison(found.agreements, found.notes)
        except ExtractionCancelled:
            pass
        except GalleyError as error:
            self._error = error
