"""Datasets of PyTorch over a pool, for test_frameworks.py. A module of its own, since workers that are spawned import it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import bips
import torch
from torch.utils.data import IterableDataset

Item = tuple[int, int, torch.Tensor]  # the worker's process, the frame's number, and its pixels, to keep


def items(consumer: bips.Consumer) -> Iterator[Item]:
    for frame in consumer:
        yield os.getpid(), frame.pts or 0, torch.from_dlpack(frame).clone()


class Held(IterableDataset[Item]):
    """A dataset with a consumer in it."""

    def __init__(self) -> None:
        self.consumer = bips.Consumer("camera", mode="every")

    def __iter__(self) -> Iterator[Item]:
        return items(self.consumer)


class Opened(IterableDataset[Item]):
    """A dataset that opens its consumer in the worker."""

    def __iter__(self) -> Iterator[Item]:
        with bips.Consumer("camera", mode="every") as consumer:
            yield from items(consumer)
