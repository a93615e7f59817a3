"""The mailbox and the thread behind it."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from ris_ros.ros.statistics import Drop, Fate, Statistics
from ris_ros.ros.worker import Arrival, Worker

PATIENCE_S = 10.0


def arrival(camera: str, number: int, statistics: Statistics | None = None) -> Arrival:
    return Arrival(camera, number, number, number, Fate(statistics or Statistics(), camera))


class Desk:
    """Takes what the worker hands over, and lets it wait."""

    def __init__(self) -> None:
        self.images: list[list[tuple[str, int]]] = []
        self.statistics = Statistics()
        self.began, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.worker = Worker(self._take)

    def _take(self, arrivals: list[Arrival]) -> None:
        self.images.append([(one.camera, one.message) for one in arrivals])
        self.began.release()
        assert self.go_on.acquire(timeout=PATIENCE_S)

    def offer(self, camera: str, number: int) -> bool:
        return self.worker.offer(arrival(camera, number, self.statistics))

    def await_begin(self) -> None:
        assert self.began.acquire(timeout=PATIENCE_S)


def test_the_newest_image_of_each_camera_waits_and_the_others_are_given_up() -> None:
    desk = Desk()
    desk.offer("a", 1)
    desk.await_begin()
    for camera, number in (("a", 2), ("b", 3), ("a", 4), ("a", 5), ("b", 6)):
        desk.offer(camera, number)
    desk.go_on.release()
    desk.await_begin()
    desk.go_on.release()
    desk.worker.stop()
    assert desk.images == [[("a", 1)], [("a", 5), ("b", 6)]]
    assert desk.statistics.camera("a").dropped == {Drop.REPLACED: 2}
    assert desk.statistics.camera("b").dropped == {Drop.REPLACED: 1}


def test_jobs_run_in_order_before_the_images_and_in_the_one_thread() -> None:
    desk = Desk()
    desk.offer("a", 1)
    desk.await_begin()
    order: list[str] = []
    names = [desk.worker.submit(lambda: threading.current_thread().name) for _ in range(2)]
    jobs = [desk.worker.submit(lambda word=word: order.append(word)) for word in ("one", "two")]
    assert desk.worker.backlog == 4
    desk.offer("a", 2)
    desk.go_on.release()
    desk.await_begin()
    assert order == ["one", "two"]
    assert all(job.done() for job in jobs)
    assert {name.result() for name in names} == {"ris-worker"}
    desk.go_on.release()
    desk.worker.stop()


def test_images_are_not_starved_by_jobs() -> None:
    images: list[int] = []
    worker = Worker(lambda arrivals: images.append(arrivals[0].message))
    seen: Future[int] = Future()

    def again(left: int) -> None:
        if images or not left:
            seen.set_result(left)
        else:
            worker.submit(lambda: again(left - 1))

    worker.submit(lambda: worker.offer(arrival("a", 1)))
    worker.submit(lambda: again(1000))
    assert seen.result(PATIENCE_S) > 990
    worker.stop()


def test_what_a_job_raises_is_its_caller_s_and_the_thread_goes_on() -> None:
    worker = Worker(lambda _: None)

    def fail() -> None:
        raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        worker.submit(fail).result(PATIENCE_S)
    assert worker.submit(lambda: 7).result(PATIENCE_S) == 7
    worker.stop()


def test_after_the_end_jobs_are_refused_and_before_it_all_are_done() -> None:
    worker = Worker(lambda _: None)
    gate = threading.Event()
    worker.submit(lambda: gate.wait(PATIENCE_S))
    last = worker.submit(lambda: "done")
    worker.offer(arrival("a", 1))
    assert [one.message for one in worker.withdraw()] == [1]
    gate.set()
    worker.stop()
    assert last.result(0) == "done"
    with pytest.raises(RuntimeError):
        worker.submit(lambda: None).result(0)


def test_an_image_is_told_to_wait_while_the_thread_is_at_work() -> None:
    desk = Desk()
    assert not desk.offer("a", 1)
    desk.await_begin()
    assert desk.offer("a", 2)
    assert desk.offer("b", 3)
    desk.go_on.release()
    desk.await_begin()
    desk.go_on.release()
    desk.worker.stop()


def test_a_job_that_decides_is_known_from_its_arrival_to_its_end() -> None:
    worker = Worker(lambda _: None)
    began, go_on = threading.Event(), threading.Event()

    def decide() -> bool:
        began.set()
        go_on.wait(PATIENCE_S)
        return worker.deciding

    assert not worker.deciding
    first = worker.submit(decide, decides=True)
    assert began.wait(PATIENCE_S)
    second = worker.submit(lambda: worker.deciding, decides=True)
    go_on.set()
    assert first.result(PATIENCE_S)
    assert second.result(PATIENCE_S)
    assert not worker.submit(lambda: worker.deciding).result(PATIENCE_S)
    worker.stop()
