"""What all tests share: a folder for the pools of each test, a watchdog, and a look at what a test leaves behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bips
import pytest

PATIENCE = 60.0  # seconds: a watchdog, no measure of speed

# Who is started in the background of a script has SIGINT ignored, and so have the processes that it starts: no Ctrl-C would end their waits.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def pools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the test's pools lie in. Afterwards nothing of them may be left: no file, no descriptor, no mapping."""
    folder = tmp_path / "pools"
    folder.mkdir()
    monkeypatch.setenv("BIPS_SHM_DIR", str(folder))
    yield folder
    gc.collect()
    wait_until(lambda: not left(folder), lambda: f"left behind: {left(folder)}", 10)


def left(folder: Path) -> list[str]:
    """Files, mappings and descriptors of pools that there are."""
    found = [entry.name for entry in folder.iterdir()] if folder.exists() else []
    found += [line for line in Path("/proc/self/maps").read_text().splitlines() if "bips" in line and ("memfd:" in line or str(folder) in line)]
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if "memfd:bips" in target or target.startswith(str(folder)):
            found.append(target)
    return found


def wait_until(condition: Callable[[], bool], text: Callable[[], str] = lambda: "", patience: float = PATIENCE / 2) -> None:
    """Waits until a condition holds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(text() or "waited in vain")
        time.sleep(0.002)


@pytest.fixture(params=["shm", "memfd"])
def backend(request: pytest.FixtureRequest) -> str:
    """Both backends."""
    return str(request.param)


def join(producer: bips.Producer, consumer: bips.Consumer) -> None:
    """Lets a consumer take its seat, which it does in a pull. Nothing was published yet."""
    seats = producer.stats.consumers

    def has_joined() -> bool:
        try:
            consumer.pull(0.02)
        except bips.Timeout:
            pass
        return producer.stats.consumers > seats

    wait_until(has_joined, patience=20)


class Pair:
    """A producer, and a consumer of every frame that has joined."""

    def __init__(self, caps: str = "video/x-raw,format=GRAY8,width=16,height=8", backend: str = "shm", mode: str = "every", max_held: int = 3, **options: object):
        self.producer = bips.Producer("camera", caps=caps, backend=backend, **options)  # type: ignore[call-overload]
        self.consumer = bips.Consumer("camera", mode=mode, max_held=max_held)
        self.join()

    def join(self) -> None:
        """The consumer takes its seat, which it does in a pull."""
        join(self.producer, self.consumer)

    def frame(self, fill: int = 0, **what: object) -> bips.Frame:
        """A frame whose bytes are all the same, pushed and pulled."""
        slot = self.producer.pull(PATIENCE)
        slot.data[:] = bytes([fill]) * slot.size
        self.producer.push(slot, **what)  # type: ignore[arg-type]
        return self.consumer.pull(PATIENCE)

    def close(self) -> None:
        self.consumer.close()
        self.producer.close()


@pytest.fixture
def pair(backend: str) -> Iterator[Pair]:
    made = Pair(backend=backend)
    yield made
    made.close()


@pytest.fixture
def pairs() -> Iterator[Callable[..., Pair]]:
    """Makes pairs with options of their own, one at a time."""
    made: list[Pair] = []

    def make(*args: object, **options: object) -> Pair:
        made.append(Pair(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


class Script:
    """Python in a process of its own."""

    def __init__(self, text: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *options, "-c", textwrap.dedent(text)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self, status: int | None = 0) -> str:
        """Waits until it ends with a status, and returns what it printed and was not read yet."""
        out, complaints = self.process.communicate(timeout=PATIENCE)
        if status is not None:
            assert self.process.returncode == status, f"ended with {self.process.returncode}, not {status}:\n{out}\n{complaints}"
        return out + complaints


@pytest.fixture
def script() -> Iterator[Callable[..., Script]]:
    """Starts scripts. They are killed when the test is over."""
    started: list[Script] = []

    def start(text: str, *options: str) -> Script:
        started.append(Script(text, *options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()
