"""Lines of a CSV file that people keep by hand, with the mistakes that spreadsheet programs make.

A line that is read wrongly is a person who is not away, or a company that is not left alone, so nothing is guessed: another encoding or
separator, a column that nobody reads, cells beyond the columns and a quote that swallows the lines below it are all refused.

    PolicyErrors    raised for a file that cannot be read as lines at all
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mappings.problems import PolicyErrors, Problem, did_you_mean

Rows = list[tuple[str, dict[str, str]]]
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def read_rows(path: Path, columns: Sequence[str], problems: list[Problem], setting: str = "") -> Rows:
    """(file:line, column -> trimmed text) of each line that is not blank and no comment (#); the first of `columns` has to be there."""
    reader = csv.reader(io.StringIO(_text(path, setting), newline=""), strict=True)
    rows: Rows = []
    begins = 1
    try:
        names = [name.strip() for name in next(reader, [])]
        _columns(names, columns, path, problems)
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
                rows.append((f"{path.name}:{begins}", _row(names, cells, f"{path.name}:{begins}", problems)))
            begins = reader.line_num + 1
    except csv.Error as error:
        mend = "close the quote that opens on this line, or take it out"
        raise PolicyErrors([*problems, Problem(f"{path.name}:{begins}", "", f"is no line of a CSV file: {error}", mend)]) from None
    return rows


def _text(path: Path, setting: str) -> str:
    if not path.is_file():
        mend = f"mend {setting}, or unset it" if setting else "write it, or take what stands in its place away"
        raise PolicyErrors([Problem(f"{path.name}:1", "", "the file is missing", mend)])
    try:
        raw = path.read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        mend = "let the account that runs handoff read it"
        raise PolicyErrors([Problem(f"{path.name}:1", "", f"the file cannot be read: {error.strerror}", mend)]) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what, mend = "not readable: a sign here is not UTF-8", "save it as 'CSV UTF-8 (comma delimited)'"
        raise PolicyErrors([Problem(f"{path.name}:{line}", "", what, mend)]) from None


def _columns(names: list[str], columns: Sequence[str], path: Path, problems: list[Problem]) -> None:
    where = f"{path.name}:1"
    separator = next((word for sign, word in _SEPARATORS.items() if len(names) == 1 and sign in names[0]), "")
    if separator:
        raise PolicyErrors([Problem(where, "", f"its cells are parted by {separator}", "save it as CSV with commas")])
    for number, name in enumerate(names):
        if name not in columns:
            problems.append(
                Problem(where, "", f"unknown column '{name}'" if _is_name(name) else "unknown column", did_you_mean(name, columns))
            )
        elif name in names[:number]:
            problems.append(Problem(where, "", f"column '{name}' stands twice", "keep one of the two"))
    if columns[0] not in names:
        mend = f"the first line names the columns: {','.join(columns)}"
        problems.append(Problem(where, "", f"there is no column '{columns[0]}'", mend))


def _is_name(text: str) -> bool:
    """Whether a heading may be repeated in a message: where the heading is missing, the first person stands in its place."""
    return "@" not in text


def _row(names: list[str], cells: list[str], where: str, problems: list[Problem]) -> dict[str, str]:
    if any(cell.strip() for cell in cells[len(names) :]):
        what = f"has {len(cells)} cells, and there are {len(names)} columns"
        problems.append(Problem(where, "", what, "put quotes around a cell that holds a comma"))
    spread = next((name for name, cell in zip(names, cells, strict=False) if any(sign in cell for sign in "\n\r\0")), "")
    if spread:
        mend = "close the quote that opens on this line, or take the line break out of the cell"
        problems.append(Problem(where, spread, "goes on over several lines", mend))
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
