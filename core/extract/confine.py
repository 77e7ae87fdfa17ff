"""What an extraction worker gives up before it interprets a hostile file: writing, running programs, the network.

The libraries that read PDFs are large and written in C++; should a file take one of them over, it finds a process that
may read what its user may read, and answer through its pipe, and little else. Linux offers two locks that need no right
of root and never open again: Landlock (from 5.13 on) for files, and a filter of system calls for programs and sockets
of every kind, which Landlock knows only in part. Where neither is to be had, files can still not be written to.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from contextlib import suppress
from typing import Any, NamedTuple

WRITING, CHANGING = "write into files", "make, empty, move or remove them"
PROGRAMS, NETWORK = "start programs", "open sockets"
EVERYTHING = (WRITING, CHANGING, PROGRAMS, NETWORK)

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
CREATE_RULESET, RESTRICT_SELF, IO_URING_SETUP = 444, 446, 425
"""Numbers of system calls that all architectures share."""
VERSION_FLAG = 1
TO_READ = 1 << 2 | 1 << 3
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""From which version of Landlock on how many rights on files there are, each one bit."""
SCOPES, SCOPES_SINCE = 0b11, 6
"""Abstract unix sockets, and signals to processes that are not confined with it."""

LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
"""Instructions of a filter: of BPF, as the kernel's manual `seccomp(2)` has it."""
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
NUMBER_AT, ARCHITECTURE_AT = 0, 4
FOREIGN_CALLS = 0x40000000
"""From this number on, calls of another convention for the same processor."""


class Numbers(NamedTuple):
    """What an architecture is called, and the numbers of the calls that start programs and open sockets there."""

    architecture: int
    socket: int
    execve: int
    execveat: int


MACHINES = {"x86_64": Numbers(0xC000003E, 41, 59, 322), "aarch64": Numbers(0xC00000B7, 198, 221, 281)}


def confine() -> list[str]:
    """Give up what reading a document does not take, for this thread and all that it starts: call it before there are
    others. Returns what can't be done any more, of EVERYTHING. A system that offers less confines less."""
    gone = {WRITING} if _limit_files() else set[str]()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        gone |= {CHANGING, PROGRAMS} if _landlock(libc) else set()
        gone |= {PROGRAMS, NETWORK} if _filter_calls(libc) else set()
    return [what for what in EVERYTHING if what in gone]


def _limit_files() -> bool:
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        return True
    return False


def _landlock(libc: Any) -> bool:
    """A set of rules that handles rights and grants none of them takes them away."""
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)
    if version < 1:
        return False
    files = (1 << max(count for since, count in FILE_RIGHTS.items() if since <= version)) - 1
    rights = struct.pack("=QQQ", files & ~TO_READ, 0, SCOPES)
    length = len(rights) if version >= SCOPES_SINCE else 8
    rules = libc.syscall(CREATE_RULESET, rights, ctypes.c_size_t(length), 0)
    if rules < 0:
        return False
    restricted = libc.syscall(RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return restricted


def _filter_calls(libc: Any) -> bool:
    """Refuse the calls that open sockets or start programs, by whatever convention they are made."""
    numbers = MACHINES.get(platform.machine())
    if numbers is None or sys.maxsize < 1 << 32:
        return False
    refused = [*numbers[1:], IO_URING_SETUP]
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (IF_EQUAL, 0, len(refused) + 3, numbers.architecture),
        (LOAD, 0, 0, NUMBER_AT),
        (IF_AT_LEAST, len(refused) + 1, 0, FOREIGN_CALLS),
        *((IF_EQUAL, len(refused) - at, 0, number) for at, number in enumerate(refused)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    return libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(2), program, ctypes.c_ulong(0), ctypes.c_ulong(0)) == 0


if __name__ == "__main__":
    print("\n".join(confine()))
