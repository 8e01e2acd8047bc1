"""Type checkers accept the package, programs that use it, and nothing that is wrong; and the stubs say what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import bips
import pytest

USE = '''
import bips
import numpy as np
from bips import metadata

async def later(consumer: bips.Consumer) -> None:
    async for frame in consumer:
        pts: int | None = frame.pts
        print(pts)
    found = await consumer.pull_async(timeout=1.0)
    print(found.regions[0].confidence)

with bips.Producer("camera", caps="video/x-raw,format=RGB,width=2,height=2") as producer, bips.Consumer("camera", mode="latest", max_age=0.5) as consumer:
    slot = producer.pull(timeout=0.5)
    np.asarray(slot)[:] = 0
    producer.push(slot, pts=5, regions=[bips.Region(1, 2, 3, 4, "face", confidence=0.5)])
    producer.tags = {"title": "x"}
    with consumer.pull(timeout=1) as frame:
        view: memoryview = frame.data
        planes: tuple[bips.Plane, ...] = frame.planes
        print(view, np.asarray(planes[0]).shape, frame.to_ndarray(copy=True).sum())
    for frame in consumer:
        caps: str = frame.caps
    old = bips.Producer(bips.Backends.kShm, "/example", 10, 1024, True)
    buffer = old.Pull(1000)
    old.Push(buffer)
    reader = bips.Consumer(bips.Backends.kShm, "/example", 10, 1024, True, bips.Logger(bips.LoggerType.kSpd, "x"))
    reader.Push(reader.Pull(5))
    metadata.write([metadata.Crop(1, 2, 3, 4)])
'''
MISUSE = [
    "bips.Consumer(5)", "bips.Producer('x', nonsense=1)", "bips.Consumer('x').pull('soon')", "bips.Producer('x', slot_size=5).push(None)",
    "x: int = bips.Consumer('x').pull().caps", "bips.Consumer('x').pull().data = 5", "bips.Region('a', 0, 0, 0)",
]


def check(checker: list[str], folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(text)
    environment = {**os.environ, "MYPYPATH": "", "PYTHONPATH": "", "PYTHONDEVMODE": ""}
    return subprocess.run([sys.executable, "-m", *checker, "program.py"], cwd=folder, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=["mypy", "pyright"])
def test_a_type_checker_accepts_what_is_right_and_nothing_else(checker: list[str], tmp_path: Path) -> None:
    pytest.importorskip(checker[0], reason=f"{checker[0]} is not installed in this environment")
    if checker[0] == "pyright":
        (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
        checker = [*checker, "--pythonpath", sys.executable, "-p", "pyrightconfig.json"]
        (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "include": ["program.py"]}')
        checker = ["pyright", "--pythonpath", sys.executable]
    right = check(checker, tmp_path, USE)
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = check(checker, tmp_path, "import bips\n" + "\n".join(MISUSE))
    lines = {int(part.split(":")[1]) for part in wrong.stdout.splitlines() if "error" in part and "program.py:" in part}
    assert lines == set(range(2, 2 + len(MISUSE))), wrong.stdout


def test_mypy_accepts_the_package_itself() -> None:
    pytest.importorskip("mypy", reason="mypy is not installed in this environment")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "-p", "bips"], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_say_what_is_there() -> None:
    """Each public name of the native classes is in the stub, and the other way round."""
    stub = Path(bips.__file__).with_name("_native.pyi").read_text()
    from bips import _native

    for name in ("Frame", "Slot", "Plane", "Consumer", "Producer"):
        body = stub.split(f"\nclass {name}")[1].split("\nclass ")[0]
        declared = {line.split("def ")[1].split("(")[0] for line in body.splitlines() if "def " in line}
        there = {n for n in vars(getattr(_native, name)) if not n.startswith("__")}
        assert there == {n for n in declared if not n.startswith("__")}, name


def test_the_distribution_is_bips_ipc() -> None:
    """The name "bips" on the package index is another project's."""
    assert version("bips-ipc") == bips.__version__


def test_the_package_says_that_it_is_typed() -> None:
    assert Path(bips.__file__).with_name("py.typed").exists()
