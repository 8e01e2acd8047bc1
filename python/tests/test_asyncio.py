"""asyncio: a loop that waits for frames and does other things meanwhile."""

from __future__ import annotations

import asyncio
import select
import signal
import threading
import time

import bips
import pytest
from conftest import PATIENCE, join, wait_until


def publish(pair, pts: int = 0) -> None:  # type: ignore[no-untyped-def]
    pair.producer.push(pair.producer.pull(PATIENCE), pts=pts)


def test_async_for_reads_each_frame_and_ends_with_the_stream(pair) -> None:  # type: ignore[no-untyped-def]
    async def read() -> list[int | None]:
        return [frame.pts async for frame in pair.consumer]

    async def write() -> None:
        for pts in range(50):
            while pair.producer.stats.lent or pair.consumer.stats.received < pts - 10:
                await asyncio.sleep(0)
            publish(pair, pts)
            await asyncio.sleep(0)
        pair.producer.end_of_stream()

    async def both() -> list[int | None]:
        reader = asyncio.create_task(read())
        await write()
        return await reader

    assert asyncio.run(both()) == list(range(50))


def test_other_tasks_run_while_one_waits(pair) -> None:  # type: ignore[no-untyped-def]
    async def main() -> tuple[int, int | None]:
        waiting = asyncio.create_task(pair.consumer.pull_async())
        steps = 0
        for steps in range(1, 101):
            await asyncio.sleep(0)
        publish(pair, 7)
        return steps, (await waiting).pts

    assert asyncio.run(main()) == (100, 7)


def test_nobody_watches_a_descriptor_that_nobody_waits_for(pair) -> None:  # type: ignore[no-untyped-def]
    async def main() -> list[bool]:
        loop, watched = asyncio.get_running_loop(), []
        descriptor = pair.consumer.fileno()
        with pytest.raises(bips.Timeout):
            await pair.consumer.pull_async(timeout=0.01)
        watched.append(loop.remove_reader(descriptor))
        task = asyncio.create_task(pair.consumer.pull_async())
        await asyncio.sleep(0.01)
        publish(pair)
        await task
        watched.append(loop.remove_reader(descriptor))
        return watched

    assert asyncio.run(main()) == [False, False]


def test_timeouts_end_a_wait_and_lose_no_frame(pair) -> None:  # type: ignore[no-untyped-def]
    async def main() -> int | None:
        with pytest.raises(bips.Timeout):
            await pair.consumer.pull_async(timeout=0.02)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(pair.consumer.pull_async(), 0.02)
        task = asyncio.create_task(pair.consumer.pull_async())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        publish(pair, 5)
        return (await pair.consumer.pull_async(PATIENCE)).pts

    assert asyncio.run(main()) == 5


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_a_negative_timeout_is_told(pair, timeout: float) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="timeout"):
        asyncio.run(pair.consumer.pull_async(timeout))


def test_several_tasks_wait_for_one_consumer(pair) -> None:  # type: ignore[no-untyped-def]
    async def main() -> list[int]:
        tasks = [asyncio.create_task(pair.consumer.pull_async(PATIENCE)) for _ in range(3)]
        await asyncio.sleep(0)
        for _ in tasks:
            publish(pair)
        return sorted(frame.sequence for frame in await asyncio.gather(*tasks))

    assert asyncio.run(main()) == [1, 2, 3]


def test_a_service_reads_several_pools_in_one_loop() -> None:
    async def main() -> list[str]:
        producers = {name: bips.Producer(name, slot_size=64) for name in ("a", "b", "c")}
        consumers = [bips.Consumer(name) for name in producers]
        tasks = {asyncio.create_task(c.pull_async(PATIENCE)): c.name for c in consumers}
        for name in ("c", "a", "b"):
            producers[name].push(producers[name].pull())
        await asyncio.wait(tasks)
        seen = sorted(tasks[t] for t in tasks if t.result().size == 64)
        for one in (*producers.values(), *consumers):
            one.close()  # type: ignore[attr-defined]
        return seen

    assert asyncio.run(main()) == ["a", "b", "c"]


def test_close_ends_a_wait(pair) -> None:  # type: ignore[no-untyped-def]
    async def main() -> list[object]:
        waiting = asyncio.create_task(pair.consumer.pull_async())

        async def loop() -> int:
            return len([frame async for frame in pair.consumer])

        looping = asyncio.create_task(loop())
        await asyncio.sleep(0.01)
        pair.consumer.close()
        return await asyncio.gather(waiting, looping, return_exceptions=True)

    closed, count = asyncio.run(main())
    assert isinstance(closed, bips.Closed) and count == 0


def test_the_end_and_the_loss_of_a_producer_are_told(backend: str) -> None:
    async def main() -> None:
        consumer = bips.Consumer("camera", mode="every")
        producer = bips.Producer("camera", slot_size=64, backend=backend)
        join(producer, consumer)
        producer.end_of_stream()
        with pytest.raises(bips.EndOfStream):
            await consumer.pull_async(PATIENCE)
        producer.close()
        producer = bips.Producer("camera", slot_size=64, backend=backend)
        waiting = asyncio.create_task(consumer.pull_async(PATIENCE))
        while producer.stats.consumers == 0:
            await asyncio.sleep(0.002)
        producer.close()
        with pytest.raises(bips.ProducerLost):
            await waiting
        consumer.close()

    asyncio.run(main())


def test_the_descriptor_is_for_any_loop(pair) -> None:  # type: ignore[no-untyped-def]
    assert pair.consumer.fileno() == pair.consumer.fileno() >= 0
    with pytest.raises(bips.Timeout):
        pair.consumer.pull(0)
    wait_until(lambda: select.select([pair.consumer], [], [], 0)[0] == [] or not isinstance(pytest.raises(bips.Timeout, pair.consumer.pull, 0), Exception))
    publish(pair)
    assert select.select([pair.consumer], [], [], PATIENCE)[0] == [pair.consumer]
    assert pair.consumer.pull(0).sequence == 1


def test_quota_errors_are_told_at_once(pair) -> None:  # type: ignore[no-untyped-def]
    held = [pair.frame() for _ in range(3)]

    async def main() -> None:
        with pytest.raises(bips.QuotaError):
            await pair.consumer.pull_async(PATIENCE)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < PATIENCE
    del held


def test_loops_of_several_threads_wait_for_one_consumer(pairs, backend: str) -> None:  # type: ignore[no-untyped-def]
    pair, seen = pairs(backend=backend, max_held=8), []

    async def read() -> None:
        async for frame in pair.consumer:
            seen.append(frame.sequence)

    threads = [threading.Thread(target=lambda: asyncio.run(read())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 101):
        publish(pair)
        wait_until(lambda: len(seen) == number)  # noqa: B023
    pair.consumer.close()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 101))


def test_a_loop_that_was_left_with_a_wait_leaves_nothing_to_the_next(pair) -> None:  # type: ignore[no-untyped-def]
    loop = asyncio.new_event_loop()
    left = loop.create_task(pair.consumer.pull_async())
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()  # without asyncio.run, which would cancel the task

    async def main() -> int:
        waiting = asyncio.create_task(pair.consumer.pull_async())
        await asyncio.sleep(0.01)
        publish(pair)
        return (await waiting).sequence

    assert asyncio.run(main()) == 1
    left._log_destroy_pending = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("wait", ["await consumer.pull_async()", "async for frame in consumer: pass"])
def test_ctrl_c_ends_a_loop_that_waits(script, wait: str) -> None:  # type: ignore[no-untyped-def]
    child = script(f"""
        import asyncio, bips, time
        producer, consumer = bips.Producer("camera", slot_size=64, slots=8), bips.Consumer("camera")

        async def read():
            asyncio.get_running_loop().call_later(0.1, lambda: print("ready", flush=True))  # it waits by then
            {wait}

        try:
            asyncio.run(read())
        except KeyboardInterrupt:
            print("interrupted", consumer.stats.held, flush=True)
        consumer.close()
        producer.close()
    """)
    assert child.line() == "ready"
    child.process.send_signal(signal.SIGINT)
    assert child.line() == "interrupted 0"
    child.end()
