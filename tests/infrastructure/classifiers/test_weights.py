"""The file of weights: what is written is read, and nothing else is taken for it."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from neuroroute.infrastructure.classifiers.weights import (
    LARGEST,
    SHIPPED,
    Weights,
    WeightsRefused,
    read_weights,
    write_weights,
)

WEIGHTS = read_weights(SHIPPED)


def same(one: Weights, other: Weights) -> bool:
    return (one.head, one.words, one.version) == (other.head, other.words, other.version)


def changed(weights: Weights, **fields: object) -> Weights:
    return msgspec.structs.replace(weights, **fields)


def test_what_is_written_is_read_and_is_the_same_bytes_each_time(tmp_path: Path):
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    write_weights(one, WEIGHTS)
    write_weights(other, read_weights(one))
    assert same(read_weights(other), WEIGHTS)
    assert one.read_bytes() == other.read_bytes()


def test_the_version_names_the_content():
    table = WEIGHTS.table.copy()
    table[0, 0] += 1
    assert changed(WEIGHTS, table=table).version != WEIGHTS.version
    assert changed(WEIGHTS, table=WEIGHTS.table.copy()).version == WEIGHTS.version


def test_shipped_weights_add_up_exactly_in_single_precision():
    assert np.abs(WEIGHTS.table).max() <= LARGEST
    assert (np.frexp(WEIGHTS.scales)[0] == 0.5).all(), "each a power of two"


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path):
    with pytest.raises(WeightsRefused, match=r"nothing\.npz.*No such file"):
        read_weights(tmp_path / "nothing.npz")


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(WeightsRefused, match="neuroroute train"):
        read_weights(tmp_path)


SHIPPED_BYTES = SHIPPED.read_bytes()
ENTRY = SHIPPED_BYTES.index(b"PK\x01\x02")
"""Where the archive's own list begins, which no checksum guards."""
NOT_WEIGHTS = {
    "nothing": b"",
    "words": b"weights, honestly",
    "the beginning": SHIPPED_BYTES[: len(SHIPPED_BYTES) // 2],
    "a lost end": SHIPPED_BYTES[:-100],
    "a flipped byte": SHIPPED_BYTES[:5000] + bytes([SHIPPED_BYTES[5000] ^ 255]) + SHIPPED_BYTES[5001:],
    "another packing": SHIPPED_BYTES[: ENTRY + 10] + b"\x63" + SHIPPED_BYTES[ENTRY + 11 :],
    "a later archive": SHIPPED_BYTES[: ENTRY + 6] + b"\xff" + SHIPPED_BYTES[ENTRY + 7 :],
    "a lock": SHIPPED_BYTES[: ENTRY + 8] + b"\x01" + SHIPPED_BYTES[ENTRY + 9 :],
    "a pickle": b"\x80\x04N.",
}


@pytest.mark.parametrize("content", NOT_WEIGHTS.values(), ids=NOT_WEIGHTS.keys())
def test_other_content_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(WeightsRefused, match=r"weights\.npz"):
        read_weights(path)


def test_an_array_by_itself_is_refused(tmp_path: Path):
    path = tmp_path / "weights.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(WeightsRefused):
        read_weights(path)


def test_arrays_of_something_else_are_refused(tmp_path: Path):
    path = tmp_path / "weights.npz"
    np.savez(path, table=np.zeros(3))
    with pytest.raises(WeightsRefused):
        read_weights(path)


UNFIT = {
    "another format": changed(WEIGHTS, head=changed(WEIGHTS.head, format=99)),
    "another shape": changed(WEIGHTS, head=changed(WEIGHTS.head, shape=("letters",))),
    "a word too few": changed(WEIGHTS, words=WEIGHTS.words[1:]),
    "a lane too few": changed(WEIGHTS, scales=WEIGHTS.scales[1:]),
}


@pytest.mark.parametrize("weights", UNFIT.values(), ids=UNFIT.keys())
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, weights: Weights):
    path = tmp_path / "weights.npz"
    write_weights(path, weights)
    with pytest.raises(WeightsRefused, match=r"weights\.npz"):
        read_weights(path)
