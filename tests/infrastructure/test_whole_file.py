"""A file that is there whole, or as it was."""

import os
from pathlib import Path

import pytest

from neuroroute.infrastructure.whole_file import whole_file


def test_what_was_written_is_there_at_the_end(tmp_path):
    place = tmp_path / "new"
    with whole_file(place) as file:
        file.write(b"all of it")
        assert not place.exists()
    assert place.read_bytes() == b"all of it"
    assert list(tmp_path.iterdir()) == [place]


def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    place = tmp_path / "old"
    place.write_bytes(b"before")
    with pytest.raises(TypeError), whole_file(place) as file:
        file.writelines([b"half of", None])
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_stays_one_and_a_file_keeps_who_may_read_it(tmp_path):
    place, link = tmp_path / "old", tmp_path / "link"
    place.touch(mode=0o640)
    link.symlink_to(place)
    with whole_file(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert place.read_bytes() == b"new"
    assert place.stat().st_mode & 0o777 == 0o640


def test_a_device_stays_one():
    with whole_file(Path(os.devnull)) as file:
        file.write(b"gone")
    assert Path(os.devnull).is_char_device()


def test_a_folder_is_no_place_for_one(tmp_path):
    with pytest.raises(IsADirectoryError), whole_file(tmp_path):
        pass
