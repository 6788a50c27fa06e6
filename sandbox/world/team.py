"""Company A's people: six development reps by territory, account executives, managers, marketing, and those who left."""

from dataclasses import dataclass

DOMAIN = "acme.example"
TERRITORIES = ("northeast", "southeast", "midwest", "southwest", "west", "mountain")


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the company; `territories` are the areas whose leads were routed to them."""

    key: str
    first: str
    last: str
    role: str
    territories: tuple[str, ...] = ()
    time_zone: str = "America/New_York"
    departed: bool = False

    @property
    def email(self) -> str:
        """The log-in name and address in both CRMs, the only link between the two accounts."""
        return f"{self.first}.{self.last}@{DOMAIN}".lower().replace("á", "a")

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


TEAM: tuple[Member, ...] = (
    Member("sdr_northeast", "Maya", "Okafor", "sdr", ("northeast",), "America/New_York"),
    Member("sdr_southeast", "Liam", "Brandt", "sdr", ("southeast",), "America/New_York"),
    Member("sdr_midwest", "Priya", "Raman", "sdr", ("midwest",), "America/Chicago"),
    Member("sdr_southwest", "Tomás", "Ibarra", "sdr", ("southwest",), "America/Chicago"),
    Member("sdr_west", "Hannah", "Koskinen", "sdr", ("west",), "America/Los_Angeles"),
    Member("sdr_mountain", "Devon", "Achterberg", "sdr", ("mountain",), "America/Denver"),
    Member("ae_east", "Elena", "Vasquez", "ae", ("northeast",), "America/New_York"),
    Member("ae_central", "Grant", "Whitlock", "ae", ("southeast", "midwest"), "America/Chicago"),
    Member("ae_west", "Sofia", "Lindqvist", "ae", ("west",), "America/Los_Angeles"),
    Member("ae_south", "Owen", "Baptiste", "ae", ("southwest", "mountain"), "America/Denver"),
    Member("manager_sdr", "Ruth", "Delacroix", "sdr_manager", (), "America/New_York"),
    Member("manager_ae", "Anders", "Holm", "ae_manager", (), "America/New_York"),
    Member("marketing", "Bianca", "Moretti", "marketing", (), "America/New_York"),
    Member("left_sdr_1", "Kyle", "Renner", "sdr", ("northeast", "midwest", "west"), "America/New_York", departed=True),
    Member("left_sdr_2", "Joanna", "Pietrzak", "sdr", ("southeast", "southwest", "mountain"), "America/Chicago", departed=True),
    Member("left_ae", "Marcus", "Feld", "ae", TERRITORIES, "America/New_York", departed=True),
)
BY_KEY = {member.key: member for member in TEAM}
SEQUENCER_NAME = "Sales-Sequencer"
SEQUENCER_EMAIL = f"sales-sequencer@{DOMAIN}"


def _by_territory(role: str, *, departed: bool) -> dict[str, str]:
    return {area: m.key for m in TEAM if m.role == role and m.departed is departed for area in m.territories}


SDR_BY_TERRITORY = _by_territory("sdr", departed=False)
AE_BY_TERRITORY = _by_territory("ae", departed=False)
LEFT_SDR_BY_TERRITORY = _by_territory("sdr", departed=True)


def is_active(key: str | None) -> bool:
    """True for a colleague who still works here; False for nobody and for those who left."""
    return key is not None and not BY_KEY[key].departed
