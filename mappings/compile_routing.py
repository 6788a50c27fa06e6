"""Turns routing.yaml and the cadences of sweep.yaml into the core's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handoff import policy as core
from mappings.conditions import Words
from mappings.shapes_routing import CadenceShape, HandRaiseShape, RoutingFile


def compile_routing(shape: RoutingFile, words: Words) -> dict[str, Any]:
    """The policy's pools, routes, roles, capacity and hand-raise clock; mistakes in conditions are noted in `words.problems`."""
    clock = shape.hand_raises
    return {
        "pools": {
            name: core.Pool(
                name=name,
                roles=tuple(pool.roles),
                keys=tuple(key.casefold() for key in pool.people),
                open_cap=pool.open_cap,
                new_per_day=pool.new_per_day,
                new_per_week=pool.new_per_week,
                field=pool.field,
            )
            for name, pool in shape.pools.items()
        },
        "capacity": core.Capacity(**shape.capacity.model_dump(exclude={"expects"})),
        "routes": tuple(
            core.RouteRule(
                name=route.name,
                when=words.compile(route.when, f"routes.{route.name}.when"),
                pool=route.pool,
                to_account_owner=route.to_account_owner,
                to_pair=route.to_pair,
                to_account_worker=route.to_account_worker,
            )
            for route in shape.routes
        ),
        "roles": tuple(core.RoleWords(role=role.role, words=tuple(role.words)) for role in shape.roles),
        "keep_owner_roles": tuple(shape.keep_owner_roles),
        "hand_raise": core.HandRaise(**{**clock.model_dump(), "reroute_after_minutes": tuple(clock.reroute_after_minutes)}),
    }


def compile_cadence(shape: CadenceShape, clock: HandRaiseShape, idle: Mapping[str, int]) -> core.Cadence:
    """A cadence with the idle days all share; one on the hand-raise's clock takes its minutes from routing.yaml, where they stand once."""
    values = {**shape.model_dump(), "idle_by_stage": {**idle, **shape.idle_by_stage}}
    if shape.clock == "hand_raise":
        lapse = clock.reroute_after_minutes[0] if clock.reroute_after_minutes else clock.manager_queue_after_minutes
        values |= {"respond_minutes": clock.respond_minutes, "remind_minutes": clock.remind_minutes, "accept_minutes": lapse}
    return core.Cadence(**values)
