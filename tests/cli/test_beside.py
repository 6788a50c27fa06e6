"""Chapters may play at the same time; they are told in their order, and nobody waits at the end for what plays beside."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import Future

import pytest

from cli.beside import Beside, Voice


def test_what_comes_later_is_told_later() -> None:
    said: list[str] = []
    voice, chapter = Voice(said.append), Future[list[str]]()
    voice("six")
    voice.wait_for(chapter)
    voice("eight")
    assert said == ["six"]
    chapter.set_result(["seven", "and a half"])
    voice("nine")
    assert said == ["six", "seven", "and a half", "eight", "nine"]


def test_a_chapter_that_has_ended_already_is_told_at_once() -> None:
    said: list[str] = []
    voice, chapter = Voice(said.append), Future[list[str]]()
    chapter.set_result(["seven"])
    voice.wait_for(chapter)
    voice("eight")
    assert said == ["seven", "eight"]


def test_a_chapter_that_fails_keeps_no_line_back() -> None:
    said: list[str] = []
    voice, chapter = Voice(said.append), Future[list[str]]()
    voice.wait_for(chapter)
    voice("eight")
    chapter.set_exception(RuntimeError("broken"))
    assert said == ["eight"]


def test_the_result_and_the_error_of_what_plays_beside_come_back() -> None:
    beside = Beside()
    assert beside.submit(lambda number: number + 1, 1).result(timeout=20) == 2
    with pytest.raises(ZeroDivisionError):
        beside.submit(lambda: 1 // 0).result(timeout=20)


def test_the_thread_outlives_its_work() -> None:
    """A child gets its death signal when the thread that started it ends."""
    thread = Beside().submit(threading.current_thread).result(timeout=20)
    assert thread.is_alive()


def test_nobody_waits_for_it_at_the_end() -> None:
    script = "import time\nfrom cli.beside import Beside\nBeside().submit(time.sleep, 600)\n"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
