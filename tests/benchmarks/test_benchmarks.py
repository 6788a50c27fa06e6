"""The benchmark's report: its shape, and that every figure is computed from numbers that were measured. Nothing here asserts a time."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from benchmarks import memory
from benchmarks.__main__ import main, parser, wanted_of
from benchmarks.figure import Figure, rendered
from benchmarks.memory import Peak
from benchmarks.run import DEFAULT_LEADS, NAMES, QUICK_LEADS
from benchmarks.tape import Tape, limit_seconds, replay
from benchmarks.throughput import Pass, fastest


def figure(measured: float, reference: float) -> Figure:
    return Figure("section", "name", 10, measured, reference, "calls", "a bound")


def test_a_ratio_is_computed_from_its_two_sides() -> None:
    """Nobody states a ratio: it follows from what was measured, and is printed with it."""
    assert figure(30, 20).ratio == 1.5
    assert "30 / 20 calls" in figure(30, 20).line()
    assert "1.50" in figure(30, 20).line()
    assert figure(30, 20).as_json()["ratio"] == 1.5
    assert figure(0, 0).ratio == 0.0


def test_figures_are_grouped_by_section_and_size() -> None:
    """One heading for what belongs together."""
    lines = rendered([figure(1, 2), figure(3, 4)])

    assert lines.count("section, 10 leads") == 1
    assert len(lines) == 4


def test_sizes_and_sections_come_from_the_command_line() -> None:
    """Both default sizes, one million on demand, one size when quick."""
    assert tuple(wanted_of(parser().parse_args([])).leads) == DEFAULT_LEADS
    assert tuple(wanted_of(parser().parse_args(["--leads", "1,000,000"])).leads) == (1_000_000,)
    assert tuple(wanted_of(parser().parse_args(["--quick"])).leads) == (QUICK_LEADS,)
    assert wanted_of(parser().parse_args(["--only", "calls", "--only", "pull"])).only == ("calls", "pull")
    with pytest.raises(SystemExit):
        parser().parse_args(["--only", "everything"])
    with pytest.raises(SystemExit):
        parser().parse_args(["--leads", "399"])


class Echo(BaseHTTPRequestHandler):
    """Answers 201 to a POST of JSON, 200 to a GET, and remembers what came."""

    heard: list[tuple[str, str, object]] = []

    def do_GET(self) -> None:
        self._answer(200, None)

    def do_POST(self) -> None:
        self._answer(201, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, status: int, body: object) -> None:
        self.heard.append((self.command, self.path, body))
        data = b'{"results": []}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextlib.contextmanager
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Echo.heard = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_replay_sends_exactly_what_was_recorded(tmp_path: Path) -> None:
    """Method, path and body; the control plane's calls are not the product's; after the block nothing is recorded any more."""
    tape = Tape(tmp_path / "tape")
    with echo() as url:
        with tape.recording():
            requests.get(f"{url}/crm/objects/2026-03/contacts?limit=100", timeout=5)
            requests.post(f"{url}/crm/objects/2026-03/contacts/batch/update", json={"inputs": [1, 2]}, timeout=5)
            requests.get(f"{url}/_sandbox/clock", timeout=5)
        requests.get(f"{url}/crm/later", timeout=5)
        sent = [one for one in Echo.heard if one[1] not in ("/_sandbox/clock", "/crm/later")]
        Echo.heard.clear()

        done = replay(tape, url)

        assert Echo.heard == sent
        assert (done.calls, done.different) == (2, 0)
        assert done.seconds > 0
        assert [call.reply_bytes for call in tape.calls()] == [15, 15]


def test_a_reply_other_than_the_recorded_one_is_counted(tmp_path: Path) -> None:
    """A replay that is refused where the product was not is no peer: it says so."""
    tape = Tape(tmp_path / "tape")
    with echo() as url:
        with tape.recording():
            requests.get(f"{url}/crm/objects/2026-03/contacts", timeout=5)
        changed = (tmp_path / "tape").read_bytes().replace(b",200,", b",404,")
        (tmp_path / "tape").write_bytes(changed)

        assert replay(tape, url).different == 1


def test_limits_allow_a_window_at_once_and_count_searches_apart(tmp_path: Path) -> None:
    """190 calls need no waiting, the 191st waits for the next window; associations and Salesforce have no such limit."""

    def seconds(paths: list[str]) -> float:
        rows = [json.dumps(["POST", path, {}, "", 200, 0]).replace(", ", ",") for path in paths]
        (tmp_path / "tape").write_text("".join(f"{row}\n" for row in rows))
        return limit_seconds(Tape(tmp_path / "tape"), 190, 5)

    listing, search = "/crm/objects/2026-03/contacts?limit=100", "/crm/objects/2026-03/contacts/search"
    assert seconds([]) == 0
    assert seconds([listing] * 190) == 0
    assert seconds([listing] * 191) == 10
    assert seconds([search] * 11) == 2
    assert seconds(["/services/data/v67.0/queryAll"] * 400) == 0
    assert seconds(["/crm/associations/2026-03/calls/contacts/batch/read"] * 400) == 0


def test_the_fastest_pass_of_each_side_counts(tmp_path: Path) -> None:
    """The peer is not handed a slow pass beside our fast one."""
    with echo() as url:
        tape = Tape(tmp_path / "tape")
        with tape.recording():
            requests.get(url, timeout=5)
        first, second = replay(tape, url), replay(tape, url)
    quick, slow = sorted((first, second), key=lambda one: one.seconds)

    best = fastest([Pass(10, 1.0, 0.5, slow), Pass(10, 2.0, 0.6, quick)])

    assert (best.seconds, best.bare) == (1.0, quick)


def test_growth_is_the_difference_of_two_peaks_per_ten_thousand_leads() -> None:
    """Twenty MiB between 10,000 and 30,000 leads are ten per 10,000, beside eight of the largest reply."""
    small, large = [Peak("pull", 10_000, 90, 100, 0.5)], [Peak("pull", 30_000, 90, 120, 1.0)]

    (found,) = memory.growth(small, large)

    assert (found.measured, found.reference) == (10.0, 8.0)


def test_quick_reports_every_section_from_measured_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole benchmark on a small world: calls by the sandbox's counter, and both sides of every ratio are there."""
    assert main(["--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    by_section: dict[str, list[dict[str, float]]] = {}
    for one in found:
        by_section.setdefault(one["section"], []).append(one)
        assert one["leads"] == QUICK_LEADS
        assert one["against"]
        assert one["ratio"] == pytest.approx(one["measured"] / one["reference"])
    assert len(by_section) == len(NAMES)
    names = {one["name"]: one for one in found}
    for system in ("hubspot", "salesforce"):
        for phase in ("first pull", "apply of the backlog"):
            calls = names[f"{system} {phase}"]
            assert calls["measured"] == int(calls["measured"]) > 0
            assert calls["ratio"] <= 1.10
    assert all(one["measured"] > 0 for one in found if one["section"] != memory.SECTION)
    share = names["backlog: share of evaluation"]
    assert 0 < share["measured"] < share["reference"]
    assert "answered otherwise" not in json.dumps(found)
