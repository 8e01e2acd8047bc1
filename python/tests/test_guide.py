"""The programs in the guides run as they are written."""

from __future__ import annotations

import inspect
import re
import signal
import textwrap
import threading
from pathlib import Path

import bips
import pytest
from conftest import PATIENCE

pytest.importorskip("numpy")
TOP = Path(__file__).parents[2]
CAPS = "video/x-raw,format=RGB,width=64,height=48,framerate=30/1"


def programs(guide: str) -> list[str]:
    """The blocks of Python in a guide, in their order."""
    text = (TOP / guide).read_text() if (TOP / guide).exists() else pytest.skip(f"{guide} is not beside the tests")
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def example(of: object) -> str:
    """The program in a docstring: the first lines that are further in than the others."""
    found = re.search(r"^(?:    .*\n|\n(?=    ))+", inspect.getdoc(of) or "", re.MULTILINE)
    assert found is not None
    return textwrap.dedent(found[0])


def publish(names: tuple[str, ...] = ("camera0",), frames: int = 3) -> threading.Thread:
    """Cameras of so many frames, each of which begins when there is a reader."""

    def camera() -> None:
        for name in names:
            with bips.Producer(name, caps=CAPS) as producer:
                producer.wait_consumers(1, PATIENCE)
                for number in range(frames):
                    producer.send(bytes([number]) * (64 * 48 * 3), pts=number * 1_000_000)

    thread = threading.Thread(target=camera)
    thread.start()
    return thread


@pytest.mark.parametrize("guide", ["README.md", "python/README.md", "docs/python.md"])
def test_the_loop_of_the_guides_reads_a_camera(guide: str, script) -> None:  # type: ignore[no-untyped-def]
    child = script(programs(guide)[0])
    thread = publish()
    said = child.end()
    thread.join()
    assert re.fullmatch(r"(\(48, 64, 3\) \d+ \d\S*\n)+", said), said


def test_the_camera_of_the_guide_is_read(script) -> None:  # type: ignore[no-untyped-def]
    (program,) = (p for p in programs("docs/python.md") if "bips.Producer(" in p)
    # Without the pace of a camera, but not before there is a reader.
    child = script("import time\ntime.sleep = lambda seconds: camera.wait_consumers(1)\n" + program)
    for frame in bips.Consumer("camera0"):
        assert (frame.format, frame.width, frame.height) == ("RGB", 640, 480)
        (face,) = frame.regions
        assert (face.x, face.y, face.width, face.height, face.kind, face.confidence) == (10, 20, 30, 40, "face", 0.9)
        number = round((frame.pts or 0) * 30 / 1e9)
        assert set(frame.data[:9]) == {number % 256}
    child.end()


def test_the_camera_of_the_packages_page_is_read(script) -> None:  # type: ignore[no-untyped-def]
    child = script(programs("python/README.md")[1])
    frame = bips.Consumer("camera0").pull(PATIENCE)
    assert (frame.format, frame.width, frame.height) == ("RGB", 640, 480)
    child.process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in child.end(None)


def test_the_loops_of_asyncio_in_the_guide_read_cameras(script) -> None:  # type: ignore[no-untyped-def]
    (program,) = (p for p in programs("docs/python.md") if "async for" in p)
    child = script("""
        import asyncio, bips, numpy
        async def answer(picture): print(picture.shape, flush=True)
        async def main():
            with bips.Consumer("camera1") as consumer:
{}
            print(frame)
        asyncio.run(main())
    """.format(textwrap.indent(program.replace("timeout=0.5", f"timeout={PATIENCE}"), " " * 16)))
    thread = publish(("camera0", "camera1"))
    said = child.end()
    thread.join()
    assert re.fullmatch(r"(\(48, 64, 3\)\n)+<bips.Frame \d: 64x48 RGB, 9216 bytes, pts 0.00\d s>\n", said), said


@pytest.mark.parametrize("of", [bips, bips.Consumer], ids=["package", "Consumer"])
def test_the_loops_of_the_docstrings_read_a_camera(of: object, script) -> None:  # type: ignore[no-untyped-def]
    child = script("import bips, numpy\nlook = lambda picture: print(picture.shape, 0, 0.0)\n" + example(of))
    thread = publish()
    said = child.end()
    thread.join()
    assert re.fullmatch(r"(\(48, 64, 3\) \d+ \d\S*\n)+", said), said


def test_the_camera_of_the_docstring_is_read(script) -> None:  # type: ignore[no-untyped-def]
    program = example(bips.Producer).replace("slot = ", f"camera.wait_consumers(1, {PATIENCE})\n    slot = ")
    child = script("import bips, numpy\npicture = 7\n" + program)
    assert [(f.width, f.height, f.pts, set(f.data)) for f in bips.Consumer("camera0")] == [(640, 480, 0, {7})]
    child.end()
