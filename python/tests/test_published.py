"""The published names and argument orders run unchanged."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import bips
import pytest
from conftest import join, wait_until

np = pytest.importorskip("numpy")


def test_a_producer_and_a_consumer_as_published() -> None:
    producer = bips.Producer(bips.Backends.kShm, "/example", 10, 1024, True)
    consumer = bips.Consumer(bips.Backends.kShm, "/example", 10, 1024, True)
    join(producer, consumer)
    buffer = producer.Pull()
    assert isinstance(buffer, bips.Slot)
    assert len(buffer.data) == 1024  # as asked for, not a page
    array = np.asarray(buffer.data)
    array[:] = 5
    with pytest.warns(ResourceWarning):  # the array is kept over Push
        producer.Push(buffer)
    frame = consumer.Pull(10_000_000)
    assert isinstance(frame, bips.Frame)
    assert len(frame.data) == 1024
    assert np.asarray(frame.data).sum() == 5 * 1024
    consumer.Push(frame, 1000)
    assert array[0] == 5
    consumer.close()
    producer.close()


def test_a_timeout_is_in_whole_microseconds(pair) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(bips.Timeout):
        pair.consumer.Pull(2000)
    with pytest.raises(TypeError, match="microseconds"):
        pair.consumer.Pull(0.5)
    with pytest.raises(TypeError, match="microseconds"):
        pair.producer.Pull(0.5)
    slots = [pair.producer.Pull(1000) for _ in range(pair.producer.slots)]
    with pytest.raises(bips.Timeout):
        pair.producer.Pull(1000)
    for slot in slots:
        slot.release()


def test_a_timeout_may_be_an_integer_of_numpy(pair) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(bips.Timeout):
        pair.consumer.Pull(np.int64(2000))
    pair.producer.Pull(np.uint32(1000)).release()
    with pytest.raises(TypeError, match="microseconds"):
        pair.consumer.Pull(np.float64(2000))


def test_a_timeout_in_microseconds_is_neither_short_nor_endless(pair) -> None:  # type: ignore[no-untyped-def]
    slots = [pair.producer.Pull() for _ in range(pair.producer.slots)]
    for wait in (pair.consumer.Pull, pair.producer.Pull):
        began = time.monotonic()
        with pytest.raises(bips.Timeout):
            wait(30_000)
        assert time.monotonic() - began >= 0.029
    for slot in slots:
        slot.release()


@pytest.mark.parametrize("order, mode", [((True,), "every"), ((False,), "latest"), ((), "latest")])
def test_in_order_of_a_consumer_is_its_mode(order: tuple[bool, ...], mode: str) -> None:
    with bips.Consumer(bips.Backends.kShm, "/example", 10, 1024, *order) as consumer:
        assert consumer.mode == mode


def test_in_order_of_a_producer_is_its_overflow() -> None:
    for in_order, expected in [(True, bips.Timeout), (False, bips.Dropped)]:
        with bips.Producer(bips.Backends.kShm, "/example", 4, 64, in_order) as producer:
            slots = [producer.Pull() for _ in range(4)]
            with pytest.raises(expected):
                producer.Pull(1000)
            for slot in slots:
                slot.release()


def test_the_sizes_of_a_consumer_are_compared_with_the_pool() -> None:
    producer = bips.Producer(bips.Backends.kShm, "example", 10, 1024)
    for arguments, names in [((8, 1024), "10 buffers of 1024"), ((10, 512), "10 buffers of 1024")]:
        with bips.Consumer(bips.Backends.kShm, "example", *arguments) as consumer:
            producer.Push(producer.Pull())
            with pytest.raises(bips.BadOption, match=names):
                consumer.pull(10)
            assert consumer.held == []
    producer.Push(producer.Pull())
    with bips.Consumer(bips.Backends.kShm, "example", 10, 1024) as consumer:
        consumer.pull(10).release()
    with bips.Consumer(bips.Backends.kShm, "example") as consumer:
        consumer.pull(10).release()
    producer.close()


def test_a_backend_may_be_memfd() -> None:
    with bips.Producer(bips.Backends.kMemfd, "/example", 7, 64) as producer, bips.Consumer("example") as consumer:
        producer.Push(producer.Pull())
        assert consumer.pull(10).size == 64


def test_a_logger_writes_to_its_file_and_to_the_console(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "log.txt"
    logger = bips.Logger(bips.LoggerType.kSpd, str(file))
    logger.SetConsoleLevel(bips.Level.kWarning)
    logger.SetLogfileLevel(bips.Level.kDebug)
    with bips.Producer(bips.Backends.kShm, "/example", 4, 64, True, logger):
        pass
    logger.logger.info("for the file")
    logger.logger.warning("for both")
    logger.close()
    assert "for the file" in file.read_text() and "for both" in file.read_text()
    assert "for both" in capsys.readouterr().err


def test_a_consumer_takes_a_logger_as_a_producer_does(tmp_path: Path) -> None:
    logger = bips.Logger(bips.LoggerType.kSpd, str(tmp_path / "log.txt"))
    with bips.Producer(bips.Backends.kShm, "/example", 10, 1024, True, logger) as producer, bips.Consumer(bips.Backends.kShm, "/example", 10, 1024, True, logger) as consumer:
        join(producer, consumer)
        producer.Push(producer.Pull())
        consumer.Push(consumer.Pull(10_000_000))
    logger.close()


def test_a_logger_is_told_the_warnings_of_its_producer(tmp_path: Path, pools: Path) -> None:
    file = tmp_path / "log.txt"
    logger = bips.Logger(bips.LoggerType.kSpd, str(file))
    logger.SetConsoleLevel(bips.Level.kOff)
    with bips.Producer(bips.Backends.kShm, "/example", 4, 64, True, logger) as producer:
        for name in pools.iterdir():
            name.unlink()

        def was_told() -> bool:
            producer.Pull().release()
            return file.exists() and "delete" in file.read_text()

        wait_until(was_told)
    logger.close()


def test_levels_are_those_of_logging() -> None:
    assert bips.Level.kWarning == logging.WARNING and bips.Level.kTrace < bips.Level.kDebug < bips.Level.kOff
