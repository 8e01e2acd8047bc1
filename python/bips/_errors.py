"""Exceptions. Their texts are libbips' own: what happened, to what, and what to do."""

from __future__ import annotations


class Error(Exception):
    """What all exceptions of this package have in common.

    code is the number of enum bips_error (bips.h) or of errno, name its name there ("pool-full"), reason a second such number that says
    more, or 0.
    """

    code: int = 0
    name: str = ""
    reason: int = 0


class Timeout(Error, TimeoutError):
    """The time given is over."""


class NoPool(Timeout):
    """The time given is over, and there was no pool of the name to wait at."""


class Closed(Error):
    """The producer or consumer was closed."""


class EndOfStream(Error):
    """The producer ended its stream; another one may follow."""


class ProducerLost(Error):
    """The producer died, or closed without ending its stream. The next pull finds the next one."""


class Stalled(Error):
    """The producer lives, and no frame has come for stall_timeout."""


class Flushing(Error):
    """set_flushing(True) is in force."""


class Interrupted(Error):
    """interrupt() was called."""


class Dropped(Error):
    """A producer that drops (overflow="drop") had no free slot: the frame is dropped, and counted."""


class QuotaError(Error):
    """As many frames are held as may be: release one first. The text lists them, as consumer.held does."""


class PoolFull(Error):
    """No seat is free, or fewer slots are left for readers than min_held."""


class PoolBusy(Error):
    """Another producer is alive on the name."""


class NameTaken(Error):
    """The pool's files were deleted, and another producer took the name: this one is over."""


class NamesDeleted(Error):
    """Somebody deleted the pool's files while it was in use. They were made again."""


class VersionError(Error):
    """The pool is of a layout that this version does not know."""


class DamagedError(Error):
    """What lies in shared memory contradicts itself."""


class AccessError(Error, PermissionError):
    """The pool belongs to somebody who did not share it."""


class NoSpace(Error, OSError):
    """The shared memory has no room for the pool, or the metadata none for a record."""


class NoMemory(Error, MemoryError):
    """This process has no more memory."""


class TooLarge(Error, ValueError):
    """Bytes, caps, tags or metadata are more than the pool has room for."""


class BadName(Error, ValueError):
    """The pool's name has a character or a length that is not allowed."""


class BadOption(Error, ValueError):
    """An option or argument is out of range, or not that of the pool."""


class NoBackend(Error):
    """This version, or this kernel, lacks the backend."""


class StaleError(Error, ValueError):
    """The frame or slot was released or pushed already."""


class ForkError(Error, RuntimeError):
    """The object is from before a fork, and is the parent's: make one in the child."""


class SystemCallError(Error, OSError):
    """The system refused something; the text says what."""


_NO_POOL, _TIMEOUT = 2, 110
_OWN = 1000  # smaller ones are those of errno

_CLASSES: dict[int, type[Error]] = {
    2: NoPool,
    12: NoMemory,
    13: AccessError,
    16: PoolBusy,
    28: NoSpace,
    90: TooLarge,
    108: Closed,
    110: Timeout,
    116: StaleError,
    1001: BadName,
    1002: BadOption,
    1003: NoBackend,
    1004: NamesDeleted,
    1005: NameTaken,
    1006: PoolFull,
    1007: VersionError,
    1008: DamagedError,
    1009: Flushing,
    1010: Interrupted,
    1011: Dropped,
    1012: QuotaError,
    1013: EndOfStream,
    1014: ProducerLost,
    1015: Stalled,
    1016: ForkError,
}


def make(code: int, name: str, reason: int, text: str) -> Error:
    """An exception for an error of libbips."""
    kind = _CLASSES.get(code, SystemCallError)
    if code == _TIMEOUT and reason == _NO_POOL:
        kind = NoPool
    error = kind(text)
    error.code, error.name, error.reason = code, name, reason
    if isinstance(error, OSError) and 0 < code < _OWN:
        error.errno = code
    return error
