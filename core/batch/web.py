"""What `https://` is asked for, and how its faults are told, and those of other servers.

A document is one request, from its beginning to its end: fsspec's blocks would mix two versions of a file that is
replaced meanwhile. A slow server has as long as it takes; one that is silent is given up.
"""

from http import HTTPStatus
from importlib import import_module
from typing import Any

PROTOCOLS = {"http", "https"}
CONNECT_SECONDS = 30.0
SILENT_SECONDS = 60.0
"""Without a byte from a server that was connected to."""
WHOLE = {"block_size": 0}
"""How a document is opened, so that it is read in one request."""


def options(protocol: str) -> dict[str, Any]:
    """For fsspec's file system; what fsspec's own configuration says goes before. Raises ImportError.

    aiohttp would end each request after five minutes, and know neither a proxy of the environment nor `.netrc`.
    """
    if protocol not in PROTOCOLS:
        return {}
    aiohttp: Any = import_module("aiohttp")
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS)
    configured: dict[str, Any] = import_module("fsspec.config").conf.get(protocol, {})
    return {"client_kwargs": {"timeout": timeout, "trust_env": True, **configured.get("client_kwargs", {})}}


def underlying(error: BaseException) -> BaseException:
    """fsspec says of whatever goes wrong that there is no such file."""
    return error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ is not None else error


def in_words(error: BaseException) -> str:
    """What went wrong between here and a server; empty where it was none of these."""
    status = getattr(error, "status", None)
    if isinstance(status, int) and status:
        if "HttpProcessingError" in {kind.__name__ for kind in type(error.__cause__).__mro__}:
            return "what the server sends can't be understood"  # aiohttp tells it as a status of 400
        return f"the server answers {status}{phrase(status)}"
    kinds = {kind.__name__ for kind in type(error).__mro__}
    for name, words in FAULTS:
        if name in kinds:
            return words
    if isinstance(error, TimeoutError):
        return "the server was silent for too long"
    return ""


def phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""


FAULTS = (
    ("TooManyRedirects", "the server sends from one address to the next without end"),
    ("ClientConnectorCertificateError", "the server's certificate is not one that this machine trusts"),
    ("ClientSSLError", "there is no secure connection to the server"),
    ("ClientConnectorError", "there is no connection to the server"),
    ("ServerTimeoutError", "the server was silent for too long"),
    ("ServerDisconnectedError", "the server cut the connection"),
    ("ClientPayloadError", "the connection was cut before the document was whole"),
    ("NonHttpUrlRedirectClientError", "the server sends to an address that is none of the web"),
    ("EndpointConnectionError", "there is no connection to the server"),
    ("NoSuchBucket", "there is no such bucket"),
    ("NoCredentialsError", "no credentials were found"),
    ("DefaultCredentialsError", "no credentials were found"),
    ("PermissionError", "access is refused"),
    ("InvalidURL", "that is no valid address"),
    ("ValueError", "the address, or what was answered, can't be understood"),
)
"""Errors of aiohttp, botocore and others, by the names of their classes; the first that fits."""
