"""The files in which records wait."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from factories import RoutedPromptFactory

from neuroroute.infrastructure.ledger.spool import SEGMENT_BYTES, Segment, Spool
from neuroroute.infrastructure.ledger.spool_lines import read_lines, write_lines

TESTS = Path(__file__).parents[2]
_OWNER = """
import sys
from pathlib import Path
from factories import RoutedPromptFactory
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.spool_lines import write_lines

spool = Spool(Path(sys.argv[1]))
spool.append(write_lines([RoutedPromptFactory.build(request_id="left")]), rows=1, through=1)
print("kept", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "home" / "spool"


@pytest.fixture
def spool(folder):
    spool = Spool(folder)
    yield spool
    spool.close()


def keep(spool, *numbers, size=0):
    """One append a number."""
    for number in numbers:
        line = write_lines([RoutedPromptFactory.build(request_id=f"req_{number}", caller="x" * size)])
        spool.append(line, rows=1, through=number)


def kept(*paths):
    return [record.request_id for path in paths for record in read_lines(path.read_bytes()).records]


def files(folder):
    return sorted(path for path in folder.glob("*/0*"))


def orphaned(spool):
    return [kept(*orphan.files()) for orphan in spool.orphans()]


def test_nothing_is_made_before_something_is_kept(spool, folder):
    assert orphaned(spool) == []
    spool.close()
    assert not folder.exists()


def test_what_is_kept_is_in_the_file_at_once_and_for_its_owner_alone(spool, folder):
    keep(spool, 1, 2)
    (path,) = files(folder)
    assert kept(path) == ["req_1", "req_2"]
    assert (spool.rows, spool.size) == (2, path.stat().st_size)
    assert {oct(each.stat().st_mode & 0o777) for each in (folder, path.parent)} == {"0o700"}
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    spool.sync()()


def test_a_file_that_is_long_is_followed_by_another(spool, folder):
    keep(spool, 1, 2, 3, size=SEGMENT_BYTES)
    assert [kept(path) for path in files(folder)] == [["req_1"], ["req_2"], ["req_3"]]


def test_files_are_dropped_as_far_as_their_records_have_been_written(spool, folder):
    keep(spool, 1, 2, 3, size=SEGMENT_BYTES // 2)  # two in the first, one in the second
    spool.drop_through(1)
    assert kept(*files(folder)) == ["req_1", "req_2", "req_3"]
    spool.drop_through(2)
    assert (kept(*files(folder)), spool.rows) == (["req_3"], 1)
    spool.drop_through(3)
    assert (files(folder), spool.rows, spool.size) == ([], 0, 0)
    keep(spool, 4)
    assert kept(*files(folder)) == ["req_4"]


def test_what_is_sealed_does_not_grow(spool, folder):
    keep(spool, 1)
    sealed = spool.seal()
    keep(spool, 2)
    assert kept(sealed.path) == ["req_1"]
    spool.drop(sealed)
    assert kept(*files(folder)) == ["req_2"]
    spool.drop(spool.seal())
    assert spool.seal() is None


def test_work_of_syncing_outlives_the_file_that_it_is_for(spool):
    keep(spool, 1)
    sync = spool.sync()
    spool.drop(spool.seal())
    sync()


def test_a_record_that_finds_no_room_leaves_nothing_of_itself(tmp_path):
    segment = Segment(tmp_path / "000001")
    segment.append(b"whole\n")
    limited = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path / "limited")],
        env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    segment.end()
    assert limited.stdout == f"{errno.EFBIG} 100\n"


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from neuroroute.infrastructure.ledger.spool import Segment

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))
segment = Segment(Path(sys.argv[1]))
segment.append(b"x" * 100)
try:
    segment.append(b"y" * 100)
except OSError as error:
    print(error.errno, Path(sys.argv[1]).stat().st_size)
"""


def test_a_living_process_keeps_its_files_to_itself(spool, folder):
    keep(spool, 1)
    other = Spool(folder)
    assert orphaned(other) == []
    assert other.size_of_others() == spool.size
    assert spool.size_of_others() == 0


def test_what_a_killed_process_kept_is_found_by_the_others_once(folder):
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(folder)],
        env=os.environ | {"PYTHONPATH": str(TESTS)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert owner.stdout.readline() == "kept\n"
    one, other = Spool(folder), Spool(folder)
    assert orphaned(one) == []
    owner.kill()
    owner.communicate()
    for orphan in one.orphans():
        assert orphaned(other) == []  # it is locked
        assert kept(*orphan.files()) == ["left"]
        orphan.delete()
    assert orphaned(other) == orphaned(one) == []
    assert list(folder.iterdir()) == []


def test_who_closes_with_records_left_leaves_them_to_the_next(spool, folder):
    keep(spool, 1)
    spool.close()
    assert orphaned(Spool(folder)) == [["req_1"]]


def test_who_closes_with_nothing_left_leaves_no_folder(spool, folder):
    keep(spool, 1)
    spool.drop_through(1)
    spool.close()
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "spool")
    with pytest.raises(OSError, match="Not a directory"):
        keep(spool, 1)
    assert spool.rows == 0
    spool.close()
