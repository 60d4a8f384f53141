"""Lines on their way out of the process."""

import os
import select
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from infrastructure.heard import Log, parsed

from neuroroute.infrastructure.log_lines import LineWriter


@pytest.fixture
def log():
    log = Log()
    yield log
    log.close()


def test_a_line_is_out_within_a_fifth_of_a_second_and_an_urgent_one_sooner(log):
    calm, urgent = [], []
    for _ in range(5):  # a busy machine may hold up some of them
        log.lines.put(b"{}\n")
        calm.append(log.wait(5)[1])
        log.lines.put(b"{}\n", urgent=True)
        urgent.append(log.wait(5)[1])
    assert min(calm) < 0.2
    assert min(urgent) < 0.05


def test_closing_has_everything_written_and_what_comes_later_too(log):
    for number in range(50):
        log.lines.put(b'{"n":%d}\n' % number)
    assert [line["n"] for line in log.told()] == list(range(50))
    log.lines.put(b'{"n":50}\n')
    assert log.told() == [{"n": 50}]


def test_the_lines_of_many_threads_are_all_there_and_whole(log):
    heard = bytearray()
    reader = threading.Thread(target=lambda: heard.extend(_all_of(log._read, lines=4000)))
    reader.start()
    writers = [
        threading.Thread(target=lambda: [log.lines.put(b'{"text":"%b"}\n' % (b"x" * 100)) for _ in range(1000)])
        for _ in range(4)
    ]
    for thread in writers:
        thread.start()
    for thread in [*writers, reader]:
        thread.join(10)
    assert len(parsed(bytes(heard))) == 4000


def _all_of(descriptor, *, lines):
    data = b""
    while data.count(b"\n") < lines and select.select([descriptor], [], [], 10)[0]:
        data += os.read(descriptor, 1 << 16)
    return data


def test_when_nobody_reads_putting_goes_on_and_the_lost_lines_are_counted(log):
    line = b'{"text":"%b"}\n' % (b"x" * 1000)
    began = time.monotonic()
    for _ in range(5000):
        log.lines.put(line)
    assert time.monotonic() - began < 2.0
    log.lines.close(wait=0.2)
    data = b""
    while b"log_lines_lost" not in data and select.select([log._read], [], [], 10)[0]:
        data += os.read(log._read, 1 << 16)
    lines = parsed(data)
    lost = sum(line.get("lost", 0) for line in lines)
    assert lost > 0
    assert lost + sum("text" in line for line in lines) == 5000


def test_a_reader_who_is_gone_harms_nobody():
    read, write = os.pipe()
    lines = LineWriter(write)
    os.close(read)
    lines.put(b"{}\n", urgent=True)
    lines.close(wait=5.0)
    lines.put(b"{}\n")
    lines.close(wait=5.0)
    os.close(write)


def test_a_descriptor_that_does_not_wait_is_waited_for(log):
    os.set_blocking(log._write, False)
    heard = bytearray()
    for _ in range(200):
        log.lines.put(b'{"text":"%b"}\n' % (b"x" * 1000))
    time.sleep(0.3)
    reader = threading.Thread(target=lambda: heard.extend(_all_of(log._read, lines=200)))
    reader.start()
    reader.join(10)
    assert len(parsed(bytes(heard))) == 200


TWO_WORKERS = """
    import os, sys, multiprocessing
    from neuroroute.infrastructure.log_lines import LineWriter
    lines = LineWriter(1)

    def work(name):
        for number in range(2000):
            lines.put(b'{"from":"%b","n":%d,"text":"%b"}\\n' % (name, number, b"x" * (number % 700)))

    if __name__ == "__main__":
        lines.put(b'{"from":"parent","n":0,"text":""}\\n')
        context = multiprocessing.get_context("fork")
        workers = [context.Process(target=work, args=(name,)) for name in (b"a", b"b")]
        for worker in workers: worker.start()
        for worker in workers: worker.join(20)
        sys.exit(sum(worker.exitcode for worker in workers))
"""


@pytest.mark.parametrize("to", ["pipe", "file"])
def test_the_lines_of_forked_workers_never_tear_and_none_is_lost_or_doubled(tmp_path, to):
    target = tmp_path / "log"
    with target.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(TWO_WORKERS)],
            stdout=subprocess.PIPE if to == "pipe" else file,
            timeout=30,
            check=True,
        )
    lines = parsed(done.stdout if to == "pipe" else target.read_bytes())
    told = sorted((line["from"], line["n"]) for line in lines)
    assert told == sorted([("parent", 0), *((name, n) for name in "ab" for n in range(2000))])
