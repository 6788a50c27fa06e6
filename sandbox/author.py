"""Who wrote: the author of a write, as both vendors' histories and the journal need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AuthorKind = Literal["app", "person", "automation", "integration", "marketing", "import", "system"]


@dataclass(frozen=True)
class Author:
    """One author. `hubspot_source` is a property-history sourceType such as CRM_UI; empty means 'by kind'."""

    kind: AuthorKind
    name: str
    app_id: str | None = None
    hubspot_source: str = ""
    hubspot_source_id: str | None = None
    hubspot_user_id: int | None = None
    salesforce_user_id: str | None = None

    @property
    def may_write_read_only(self) -> bool:
        """The vendor itself sets what an API client may not: calculated and marketing properties."""
        return self.kind in ("system", "marketing")


SYSTEM = Author(kind="system", name="system", hubspot_source="INTERNAL_PROCESSING")
