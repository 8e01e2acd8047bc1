"""What DLPack capsules say, read as a framework reads them: the structs of dlpack.h."""

from __future__ import annotations

import ctypes
import threading

import bips
import pytest

READ_ONLY, COPIED = 1, 2  # flags of a versioned capsule


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device", ctypes.c_int32), ("dimensions", ctypes.c_int32), ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_uint64),
    ]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


def pointer(capsule: object, name: bytes) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get(capsule, name))


def legacy(capsule: object) -> Tensor:
    return Tensor.from_address(pointer(capsule, b"dltensor"))


def versioned(capsule: object) -> Versioned:
    return Versioned.from_address(pointer(capsule, b"dltensor_versioned"))


def described(tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...], int, int]:
    """Shape, strides in elements, kind (1: unsigned), bits."""
    n = tensor.dimensions
    return tuple(tensor.shape[:n]), tuple(tensor.strides[:n]), tensor.code, tensor.bits


def test_a_versioned_capsule_says_what_it_is(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs("video/x-raw,format=RGB,width=16,height=8")
    slot = pair.producer.pull()
    capsule = slot.__dlpack__(max_version=(1, 0))
    assert versioned(capsule).flags == 0  # it may be written to
    del capsule
    slot.release()
    frame = pair.frame(7)
    for flags, options in ((READ_ONLY, {}), (COPIED, {"copy": True})):
        capsule = frame.__dlpack__(max_version=(1, 3), **options)
        said = versioned(capsule)
        assert (said.major, said.flags) == (1, flags)
        assert (said.tensor.device_type, said.tensor.device, said.tensor.lanes, said.tensor.offset) == (1, 0, 1, 0)
        assert described(said.tensor) == ((8, 16, 3), (48, 3, 1), 1, 8)
        assert ctypes.string_at(said.tensor.data, 384) == b"\7" * 384
        assert frame.views == (1 if flags == READ_ONLY else 0)
        del capsule


def test_both_forms_of_capsules_are_of_the_same_bytes(pairs) -> None:  # type: ignore[no-untyped-def]
    frame = pairs("video/x-raw,format=RGB,width=16,height=8").frame(7)
    first, second = frame.__dlpack__(), frame.__dlpack__(max_version=(1, 0))
    assert legacy(first).data == versioned(second).tensor.data
    assert described(legacy(first)) == described(versioned(second).tensor)


@pytest.mark.parametrize("format, whole, planes", [
    ("GRAY16_LE", ((8, 16), (16, 1)), [((8, 16), (16, 1))]),
    ("P010_10LE", ((12, 16), (16, 1)), [((8, 16), (16, 1)), ((4, 8, 2), (16, 2, 1))]),
    ("ARGB64", ((8, 16, 4), (64, 4, 1)), [((8, 16, 4), (64, 4, 1))]),
])
def test_a_capsule_of_wide_elements_has_strides_in_elements(pairs, format: str, whole: object, planes: list[object]) -> None:  # type: ignore[no-untyped-def]
    frame = pairs(f"video/x-raw,format={format},width=16,height=8").frame(1)
    capsules = [frame.__dlpack__(), *(plane.__dlpack__() for plane in frame.planes)]
    assert [described(legacy(c)) for c in capsules] == [(shape, strides, 1, 16) for shape, strides in [whole, *planes]]  # type: ignore[misc]


def test_rows_from_the_bottom_up_have_negative_strides(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs("video/x-raw,format=GRAY8,width=16,height=8")
    slot = pair.producer.pull()
    slot.data[112:128] = b"\5" * 16
    pair.producer.push(slot, strides=(-16,), offsets=(112,))
    frame: bips.Frame = pair.consumer.pull(10)
    tensor = legacy(capsule := frame.__dlpack__())
    assert described(tensor) == ((8, 16), (-16, 1), 1, 8) and ctypes.string_at(tensor.data, 16) == b"\5" * 16
    del capsule
    copied = frame.__dlpack__(copy=True)
    assert described(legacy(copied)) == ((8, 16), (16, 1), 1, 8) and ctypes.string_at(legacy(copied).data, 16) == b"\5" * 16


@pytest.mark.parametrize("version", [None, (1, 0)], ids=["legacy", "versioned"])
def test_a_framework_frees_a_capsules_tensor_in_any_thread_without_the_gil(pair, version: tuple[int, int] | None) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(7)
    capsule = frame.__dlpack__(max_version=version)
    tensor = pointer(capsule, b"dltensor_versioned" if version else b"dltensor")
    deleter = versioned(capsule).deleter if version else ctypes.c_void_p.from_address(tensor + ctypes.sizeof(Tensor) + ctypes.sizeof(ctypes.c_void_p)).value
    rename = ctypes.pythonapi.PyCapsule_SetName
    rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
    used = b"used_dltensor_versioned" if version else b"used_dltensor"
    assert rename(capsule, used) == 0  # as who takes it does
    del capsule
    frame.release()
    assert [h.views for h in pair.consumer.held] == [1]
    free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(deleter)  # ctypes calls it without the GIL
    thread = threading.Thread(target=free, args=(tensor,))
    thread.start()
    thread.join()
    assert pair.consumer.held == []
