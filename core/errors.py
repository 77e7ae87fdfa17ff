"""The errors a person can meet, each with what happened and what to do next.

The fronts print `str(error)` as one line and exit with `exit_code`. A traceback is a bug of ours; a GalleyError is
news for the user.
"""


class GalleyError(Exception):
    """Something the user can act on: `message` says what and where, `hint` says what to do (may be empty)."""

    exit_code: int = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InputError(GalleyError):
    """The input file can't be used: missing, unreadable, no PDF, damaged, encrypted, without text."""


class ConfigError(GalleyError):
    """A setting is unknown or has a wrong value; the message names the key and the file or variable."""


class SessionError(GalleyError):
    """A session is missing, damaged, of a newer version, or belongs to another document."""


class SessionDamagedError(SessionError):
    """A session's file is torn, or says what can't be."""

    def __init__(self, message: str, hint: str, why: str) -> None:
        super().__init__(message, hint)
        self.why = why
        """The reason alone, in a few words."""


class SessionBusyError(SessionError):
    """Another process is writing to the session; the message names that process."""


class ModelError(GalleyError):
    """A model file is missing, damaged, of the wrong kind, or can't be fetched."""


class EngineError(GalleyError):
    """The engine could not complete a request; the run may go on with the next chunk, unless it is `lasting`."""

    exit_code = 1
    lasting = False
    """No other request would fare better: the server is gone or lets nobody in. The run stops, and loses nothing."""


class StorageError(GalleyError):
    """Something could not be written: disk full, read-only, no permission. What was committed before stays."""
