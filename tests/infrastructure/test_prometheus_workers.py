"""What a scrape shows of several workers: each a process of its own, since prometheus_client decides at its import."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from infrastructure.scraped import samples

from neuroroute.infrastructure.metrics_directory import VARIABLE, prepare_multiprocess

TESTS = str(Path(__file__).parents[1])

WORKER = """
    import os, sys, signal
    sys.path.insert(0, sys.argv[1])
    from infrastructure import scraped as t
    from neuroroute.domain.completion import Usage

    metrics = t.Metrics()
    metrics.meter.in_flight = 2
    for _ in range(int(sys.argv[2])):
        metrics.observer.observe([t.record(usage=Usage(prompt_tokens=10), cost=1_000_000_000)])
    metrics.observer.refresh()
    print("ready", flush=True)
    for line in sys.stdin:
        sys.stdout.write(metrics.observer.render()[0].decode() + "end\\n")
        sys.stdout.flush()
"""


class Worker:
    def __init__(self, prompts):
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), TESTS, str(prompts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._bound = threading.Timer(60, self.process.kill)
        self._bound.start()

    def ready(self):
        assert self.process.stdout.readline() == "ready\n"

    def scrape(self):
        self.process.stdin.write("scrape\n")
        self.process.stdin.flush()
        page = []
        while (line := self.process.stdout.readline()) != "end\n":
            assert line
            page.append(line)
        return samples("".join(page))

    def kill(self):
        self.process.kill()

    def close(self):
        self._bound.cancel()
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def workers():
    with prepare_multiprocess() as directory:
        both = [Worker(20), Worker(30)]
        try:
            for worker in both:
                worker.ready()
            yield both
        finally:
            for worker in both:
                worker.close()
        assert directory.is_dir()
    assert not directory.exists()


def test_every_worker_shows_the_sum_of_all(workers):
    for shown in [workers[0].scrape(), workers[1].scrape(), workers[0].scrape()]:
        assert shown["requests_total{model=gpt-4o,outcome=answered,surface=prompt}"] == 50
        assert shown["request_latency_seconds_count{model=gpt-4o,outcome=answered,surface=prompt}"] == 50
        assert shown["tokens_total{kind=prompt,model=gpt-4o}"] == 500
        assert shown["cost_usd_total{model=gpt-4o}"] == pytest.approx(50.0)
        assert shown["in_flight_requests"] == 4
        assert shown["upstream_connections{provider=openai,state=idle}"] == 8
        assert shown["breaker_state{model=gpt-4o}"] == 0


def test_a_worker_that_died_leaves_its_counts_and_takes_its_gauges(workers):
    workers[1].kill()
    deadline = time.monotonic() + 10
    while (shown := workers[0].scrape())["in_flight_requests"] != 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert shown["in_flight_requests"] == 2
    assert shown["requests_total{model=gpt-4o,outcome=answered,surface=prompt}"] == 50


def test_every_start_begins_with_an_empty_directory_and_puts_the_variable_back(tmp_path):
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(tmp_path)
    try:
        with prepare_multiprocess() as first:
            (first / "counter_1.db").touch()
            assert first.parent == tmp_path
        with prepare_multiprocess() as second:
            assert os.environ[VARIABLE] == str(second)
            assert list(second.iterdir()) == []
        assert os.environ[VARIABLE] == str(tmp_path)
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def test_forked_workers_add_up_too():
    script = """
        import multiprocessing, sys
        from neuroroute.infrastructure.metrics_directory import prepare_multiprocess

        def work(pipe):
            sys.path.insert(0, sys.argv[1])
            from infrastructure import scraped as t
            metrics = t.Metrics()
            metrics.observer.observe([t.record()])
            pipe.send("counted")
            pipe.recv()
            pipe.send(metrics.observer.render()[0].decode())

        if __name__ == "__main__":
            with prepare_multiprocess():
                context = multiprocessing.get_context("fork")
                pipes = []
                for _ in range(2):
                    ours, theirs = context.Pipe()
                    context.Process(target=work, args=(theirs,), daemon=True).start()
                    pipes.append(ours)
                for pipe in pipes: assert pipe.poll(20) and pipe.recv() == "counted"
                pipes[1].send("scrape")
                assert pipes[1].poll(20)
                print(pipes[1].recv())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), TESTS],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert samples(done.stdout)["requests_total{model=gpt-4o,outcome=answered,surface=prompt}"] == 2


def test_metrics_that_would_not_be_shared_are_refused():
    script = """
        import os, sys, tempfile
        sys.path.insert(0, sys.argv[1])
        from infrastructure import scraped as t
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.gettempdir()
        try:
            t.Metrics()
        except RuntimeError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), TESTS],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={name: value for name, value in os.environ.items() if name != VARIABLE},
    )
    assert "after prometheus_client had been imported" in done.stdout
