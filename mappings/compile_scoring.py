"""Turns scoring.yaml and matrix.yaml into the core's frozen values."""

from __future__ import annotations

from typing import Any

from handoff import policy as core
from handoff.match import leaves_of
from mappings.conditions import Words
from mappings.files import Files
from mappings.shapes_matrix import CellShape, MatrixFile
from mappings.shapes_scoring import AttributeShape, FitShape, PersonaShape, ScoringFile

HOURS_PER_DAY = 24


def scoring_of(files: Files, words: Words) -> dict[str, Any]:
    """Fit, personas, intent and counts by the policy's names for them."""
    shape: ScoringFile = files.shapes["scoring"]
    return {
        "fit": _fit(shape.fit, words),
        "personas": tuple(_persona(files, number, persona, words) for number, persona in enumerate(shape.personas)),
        "intent": _intent(files),
        "counts": _counts(files, shape),
    }


def _fit(shape: FitShape, words: Words) -> core.Fit:
    return core.Fit(
        bar=shape.bar,
        known_per_mille=shape.known_percent * 10,
        settle_hours=shape.settle_hours,
        attributes=tuple(_attribute(attribute, "fit", words) for attribute in shape.attributes),
        disqualifiers={entry.name: words.compile(entry.when, f"fit.disqualifiers.{entry.name}.when") for entry in shape.disqualifiers},
        bands=tuple(sorted(shape.bands.items(), key=lambda band: -band[1])),
    )


def _attribute(attribute: AttributeShape, path: str, words: Words) -> core.FitAttribute:
    bands = tuple(
        core.Band(when=words.compile(answer.when, f"{path}.{attribute.name}.{answer.label}.when"), points=answer.points, label=answer.label)
        for answer in attribute.answers
    )
    reads = dict.fromkeys(test.field or test.signal for band in bands for test, _ in leaves_of(band.when))
    return core.FitAttribute(name=attribute.name, weight=attribute.weight, reads=tuple(reads), bands=bands, otherwise=attribute.otherwise)


def _persona(files: Files, number: int, shape: PersonaShape, words: Words) -> core.Persona:
    path = f"personas.{shape.name}"
    return core.Persona(
        name=shape.name,
        label=shape.label,
        when=words.compile(shape.when, f"{path}.when"),
        attributes=tuple(_attribute(attribute, path, words) for attribute in shape.attributes),
        group=shape.group,
        links=tuple(shape.links),
        where=files.where("scoring", "personas", number),
    )


def _counts(files: Files, shape: ScoringFile) -> dict[str, core.Count]:
    return {
        name: core.Count(name=name, where=files.where("scoring", "counts", name), **{**one.model_dump(), "kinds": tuple(one.kinds)})
        for name, one in shape.counts.items()
    }


def matrix_of(files: Files) -> tuple[core.Cell, ...]:
    """The cells of matrix.yaml."""
    shape: MatrixFile = files.shapes["matrix"]
    return tuple(_cell(files, number, cell) for number, cell in enumerate(shape.cells))


def _cell(files: Files, number: int, cell: CellShape) -> core.Cell:
    within = cell.within
    return core.Cell(
        **{name: getattr(cell, name) for name in ("name", "label", "means", "next_step", "owner")},
        fit=tuple(cell.fit),
        intent=tuple(cell.intent),
        within="business_days" if within.business_days is not None else "business_minutes",
        amount=within.business_days or within.business_minutes or 0,
        where=files.where("matrix", "cells", number),
    )


def _intent(files: Files) -> core.Intent:
    shape = files.shapes["scoring"].intent
    kinds = tuple(
        core.IntentKind(
            name=kind.name,
            activity=kind.activity,
            subjects=tuple(kind.subjects),
            outcomes=tuple(kind.outcomes),
            points=kind.points,
            cap=kind.cap,
            half_life_hours=kind.half_life_days * HOURS_PER_DAY,
            breaks_silence=kind.breaks_silence,
            hand_raise=kind.hand_raise,
        )
        for kind in shape.kinds
    )
    named = {part: _subjects(files, part, getattr(shape, part)) for part in ("forms", "campaigns", "pages")}
    bands = tuple(sorted(shape.bands.items(), key=lambda band: -band[1]))
    full = shape.full_points_hours
    return core.Intent(bar=shape.bar, rearm_below=shape.rearm_below, full_points_hours=full, kinds=kinds, bands=bands, **named)


def _subjects(files: Files, part: str, entries: list[Any]) -> tuple[core.SubjectKind, ...]:
    return tuple(
        core.SubjectKind(
            name=entry.name, ids=tuple(entry.ids), words=tuple(entry.words), where=files.where("scoring", "intent", part, number)
        )
        for number, entry in enumerate(entries)
    )
