"""The routes of the control plane, as data."""

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from sandbox.control.responses import HANDLERS, endpoint

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PREFIX = "/_sandbox"
PATHS: tuple[tuple[str, str], ...] = (
    ("GET", "/health"), ("POST", "/reset"), ("POST", "/seed"), ("GET", "/manifest"), ("POST", "/snapshot"), ("POST", "/restore"),
    ("GET", "/clock"), ("POST", "/clock"), ("GET", "/switches"), ("PUT", "/switches"), ("GET", "/limits"), ("PUT", "/limits"),
    ("GET", "/faults"), ("POST", "/faults"), ("DELETE", "/faults"), ("GET", "/counters"), ("POST", "/counters/reset"), ("GET", "/journal"),
    ("POST", "/act/rep"), ("POST", "/act/lead"), ("POST", "/act/automation"), ("GET", "/marketing"), ("PUT", "/marketing"),
)  # fmt: skip


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """One route per method and path; every other path of the control plane is refused by name."""
    made: list[BaseRoute] = [Route(PREFIX + path, endpoint(sandbox, HANDLERS[method, path]), methods=[method]) for method, path in PATHS]
    made.append(Route(PREFIX + "/{rest:path}", endpoint(sandbox, HANDLERS["*", "*"]), methods=["GET", "POST", "PUT", "DELETE", "PATCH"]))
    return made
