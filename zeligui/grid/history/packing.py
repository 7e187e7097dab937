"""Blocks as bytes: decimals as whole numbers, what changes little as nothing, then zlib: 1 to 2 bytes a value."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from zeligui.contract.columns import Numbers
from zeligui.grid.history.blocks import MEANS, VALUES, Block

FORMAT = 1
LARGEST = 64 << 20
"""Bytes of an unpacked block: what a damaged one says of itself must not fill the memory."""
LEVEL = 3
"""Of zlib: a tenth more bytes than its best, in half the time."""

_HEAD = struct.Struct("<BBHI")
_DECIMALS = (0, 3, 6)
"""A row whose values all have so few decimals is kept as whole numbers, exactly."""
_SINGLE, _DOUBLE = 32, 64
"""A row of numbers of 32 bits (means alone: 7 digits), or of 64."""
_MISSING = np.iinfo(np.int32).min
_LARGEST_WHOLE, _LARGEST_SINGLE = float(2**31 - 1), 3e38


def pack(block: Block) -> bytes:
    """The bytes of a block. Values come back as they were, means of values with many digits to seven of them."""
    planes, count, length = block.numbers.shape
    rows = block.numbers.reshape(planes * count, length)
    kinds, whole = _whole(rows)
    if planes == MEANS:
        kinds[(kinds == _DOUBLE) & ~(np.abs(rows) > _LARGEST_SINGLE).any(axis=1)] = _SINGLE
    steps = np.diff(whole[kinds < _SINGLE], axis=1, prepend=np.int32(0))
    parts = (
        _shuffled(np.diff(block.times, prepend=np.int64(0))),
        np.array(block.attributes, np.uint16).tobytes(),
        kinds.tobytes(),
        _shuffled(steps),
        _shuffled(_singles(rows, kinds, count)),
        _shuffled(rows[kinds == _DOUBLE]),
    )
    return _HEAD.pack(FORMAT, planes, count, length) + zlib.compress(b"".join(parts), LEVEL)


def unpack(packed: bytes, wanted: Collection[int] | None = None) -> Block:
    """The block, of the attributes that are `wanted` (None: of all). ValueError where the bytes are damaged."""
    try:
        return _unpacked(packed, wanted)
    except (struct.error, zlib.error, IndexError, OverflowError) as error:
        raise ValueError(f"a damaged block of the history: {error}") from error


def _unpacked(packed: bytes, wanted: Collection[int] | None) -> Block:
    form, planes, count, length = _HEAD.unpack_from(packed)
    if form != FORMAT or planes not in {VALUES, MEANS} or planes * count * length * 8 > LARGEST:
        raise ValueError("a block of the history that is not of this form")
    inner = zlib.decompressobj()
    content = _Content(inner.decompress(packed[_HEAD.size :], LARGEST))
    times = np.cumsum(content.rows(np.dtype(np.int64), 1, length, slice(None))[0])
    attributes = np.frombuffer(content.take(2 * count), np.uint16)
    kinds = np.frombuffer(content.take(planes * count), np.uint8)
    kept = np.ones(count, bool) if wanted is None else np.isin(attributes, list(wanted))
    shape = planes, int(kept.sum()), length
    numbers = _numbers(content, kinds, np.tile(kept, planes), length).reshape(shape)
    if planes == MEANS:  # of fewer digits than the values behind them, yet never beyond these
        numbers[0] = np.clip(numbers[0], numbers[1], numbers[2])
    return Block(times, tuple(attributes[kept].tolist()), numbers)


def _numbers(content: _Content, kinds: NDArray[np.uint8], kept: NDArray[np.bool_], length: int) -> Numbers:
    """The rows that are kept, of shape (kept rows, length)."""
    numbers = np.empty((len(kinds), length))
    for dtype, of in ((np.int32, kinds < _SINGLE), (np.float32, kinds == _SINGLE), (np.float64, kinds == _DOUBLE)):
        rows = content.rows(np.dtype(dtype), int(of.sum()), length, kept[of])
        if dtype is np.int32:
            whole = np.cumsum(rows, axis=1, dtype=np.int32)
            scales = 10.0 ** kinds[of & kept].astype(float)
            numbers[of & kept] = np.where(whole == _MISSING, np.nan, whole / scales[:, None])
        else:
            numbers[of & kept] = rows
    return numbers[kept]


def _whole(rows: Numbers) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """What each row is kept as, and its whole numbers where it is kept so."""
    kinds = np.full(len(rows), _DOUBLE, np.uint8)
    whole = np.zeros(rows.shape, np.int32)
    missing = np.isnan(rows)
    for decimals in _DECIMALS:
        left = np.flatnonzero(kinds == _DOUBLE)
        if not len(left):
            break
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.rint(rows[left] * 10.0**decimals)
            exact = (scaled / 10.0**decimals == rows[left]) & (np.abs(scaled) < _LARGEST_WHOLE)
        good = (exact | missing[left]).all(axis=1)
        kinds[left[good]] = decimals
        whole[left[good]] = np.where(missing[left[good]], _MISSING, np.nan_to_num(scaled[good])).astype(np.int32)
    return kinds, whole


def _singles(rows: Numbers, kinds: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Rows of 32 bits: the least values (plane 1) rounded down, the largest (plane 2) up, `count` rows a plane."""
    exact = rows[kinds == _SINGLE]
    plane = (np.arange(len(rows)) // count)[kinds == _SINGLE, None] if count else 0
    with np.errstate(over="ignore", under="ignore"):
        near = exact.astype(np.float32)
        down, up = np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))
    singles: NDArray[np.float32] = np.where((plane == 1) & (near > exact), down, near)
    return np.where((plane == 2) & (near < exact), up, singles)


def _shuffled(numbers: NDArray[np.generic]) -> bytes:
    """All first bytes, then all second ones, and so on: what is alike stands together."""
    size = numbers.dtype.itemsize
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, size).T.tobytes()


class _Content:
    """Bytes that are read from their beginning on."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def take(self, size: int) -> bytes:
        piece = self._content[self._place : self._place + size]
        if len(piece) < size:
            raise ValueError("a block of the history that is cut short")
        self._place += size
        return piece

    def rows(
        self, dtype: np.dtype[np.generic], count: int, length: int, kept: slice | NDArray[np.bool_]
    ) -> NDArray[np.generic]:
        """Of so many rows of numbers that were shuffled, those that are kept."""
        size = dtype.itemsize
        planes = np.frombuffer(self.take(size * count * length), np.uint8).reshape(size, count, length)[:, kept]
        return np.ascontiguousarray(planes.transpose(1, 2, 0)).view(dtype)[:, :, 0]
