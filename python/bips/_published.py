"""The names that users of the published BIPS know, which run unchanged: Backends, Logger, LoggerType, Level."""

from __future__ import annotations

import enum
import logging
import sys
from typing import Any


class Backends(enum.IntEnum):
    """How a pool's memory is made and found.

    kShm: files in /dev/shm, for readers that trust each other. kMemfd: sealed memory over a socket, for those that need not.
    """

    kShm = 0
    kMemfd = 1


class LoggerType(enum.IntEnum):
    """Kinds of loggers. There is one: it writes to the console and to a file, by logging."""

    kSpd = 0


class Level(enum.IntEnum):
    """Levels of messages, and how logging names them."""

    kTrace = 5
    kDebug = logging.DEBUG
    kInfo = logging.INFO
    kWarning = logging.WARNING
    kError = logging.ERROR
    kCritical = logging.CRITICAL
    kOff = logging.CRITICAL + 10


class Logger:
    """A logger for the console and a file, over the standard module logging.

    SetConsoleLevel and SetLogfileLevel say from which level on messages go there; kWarning and kInfo until then. A producer or consumer that
    is given one tells its warnings there.
    """

    _FORMAT = "[%(asctime)s] [%(levelname)s] %(message)s"

    def __init__(self, kind: LoggerType = LoggerType.kSpd, file: str | None = None) -> None:
        self._kind, self._file = LoggerType(kind), file
        self.logger = logging.Logger("bips", 1)
        self._console = self._handler(logging.StreamHandler(sys.stderr), Level.kWarning)
        self._logfile = self._handler(logging.FileHandler(file, delay=True), Level.kInfo) if file else None

    def _handler(self, handler: logging.Handler, level: Level) -> logging.Handler:
        handler.setLevel(level)
        handler.setFormatter(logging.Formatter(self._FORMAT))
        self.logger.addHandler(handler)
        return handler

    def SetConsoleLevel(self, level: Level) -> None:
        """From which level on messages go to the console."""
        self._console.setLevel(Level(level))

    def SetLogfileLevel(self, level: Level) -> None:
        """From which level on messages go to the file."""
        if self._logfile is not None:
            self._logfile.setLevel(Level(level))

    def close(self) -> None:
        """Closes the file. The next message opens it again."""
        if self._logfile is not None:
            self._logfile.close()

    def __reduce__(self) -> tuple[Any, ...]:
        levels = self._console.level, None if self._logfile is None else self._logfile.level
        return _logger_again, (self._kind, self._file, *levels)

    def __repr__(self) -> str:
        return f"<bips.Logger to the console{f' and {self._file}' if self._file else ''}>"


def _logger_again(kind: LoggerType, file: str | None, console: int, logfile: int | None) -> Logger:
    logger = Logger(kind, file)
    logger._console.setLevel(console)
    if logger._logfile is not None and logfile is not None:
        logger._logfile.setLevel(logfile)
    return logger
