"""`python -m benchmarks [--leads N ...] [--only NAME ...] [--quick] [--json]`: prints ratios, never a verdict on time."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks.figure import rendered
from benchmarks.run import DEFAULT_LEADS, LEAST_LEADS, NAMES, QUICK_LEADS, SMALLER, Wanted, measured


def wanted_of(arguments: argparse.Namespace) -> Wanted:
    """What the command line asks for."""
    leads = (QUICK_LEADS,) if arguments.quick else tuple(arguments.leads or DEFAULT_LEADS)
    return Wanted(leads, tuple(arguments.only or ()))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description="Figures against bounds and peers measured in the same run.")
    made.add_argument("--leads", type=_leads, nargs="+", help=f"sizes; default {' '.join(map(str, DEFAULT_LEADS))}; 1000000 on demand")
    made.add_argument("--only", action="append", choices=NAMES, help="one section; may be given several times")
    made.add_argument("--quick", action="store_true", help=f"{QUICK_LEADS} leads, in about a minute")
    made.add_argument("--json", action="store_true", help="one JSON list instead of the table")
    return made


def _leads(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < SMALLER * LEAST_LEADS:
        raise argparse.ArgumentTypeError(f"{text} is too small: a world that can be halved has {SMALLER * LEAST_LEADS} leads or more")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; 0 when everything that was asked for was measured."""
    asked = parser().parse_args(arguments)
    progress = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    figures = list(measured(wanted_of(asked), progress.print))
    if asked.json:
        print(json.dumps([figure.as_json() for figure in figures]))  # noqa: T201 - the one JSON list that was asked for
        return 0
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for line in rendered(figures):
        console.print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
