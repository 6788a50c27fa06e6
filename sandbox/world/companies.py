"""The employers of the leads: thirty named target accounts, then ordinary companies, then those that are not prospects."""

import unicodedata

from sandbox.world.draw import stream
from sandbox.world.story import Company
from sandbox.world.words import COMPANY_FIRST, COMPANY_SECOND, COMPANY_THIRD, INDUSTRIES, SIZES, TARGET_ACCOUNTS

RELATED = ("partner", "competitor", "vendor")
RELATED_COUNT = 12
CUSTOMER_COUNT = 24
_AE_TURN = ("ae_east", "ae_central", "ae_west", "ae_south")
_FOLD = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "’": ""})


def ascii_slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a name, as an address or a domain would spell it."""
    folded = unicodedata.normalize("NFKD", text.translate(_FOLD)).encode("ascii", "ignore").decode()
    return "".join(c if c.isalnum() else "-" for c in folded.lower()).strip("-").replace("--", "-")


def ordinary_count(leads: int) -> int:
    """How many companies a world has before those that are customers, partners, competitors and vendors."""
    return max(90, leads // 6)


def company_count(leads: int) -> int:
    """How many companies a world has."""
    return ordinary_count(leads) + RELATED_COUNT + CUSTOMER_COUNT


def company(seed: int, number: int, leads: int) -> Company:
    """The company with this number; 0 to 29 are the target accounts, the largest first."""
    if number < len(TARGET_ACCOUNTS):
        name, industry, employees, revenue = TARGET_ACCOUNTS[number]
        return Company(number, name, f"{ascii_slug(name)}.example", industry, employees, revenue, target=True, owner=_AE_TURN[number % 4])
    rng = stream(seed, 0xC0, number)
    low, high = SIZES.draw(rng)
    employees = rng.randint(low, high)
    industry = INDUSTRIES.draw(rng)
    ordinary = ordinary_count(leads)
    relation = "prospect"
    if number >= ordinary + RELATED_COUNT:
        relation = "customer"
    elif number >= ordinary:
        relation = RELATED[number % len(RELATED)]
    name = _name(number)
    return Company(number, name, f"{ascii_slug(name)}.example", industry, employees, employees * rng.randint(60, 260) * 1000, relation)


def _name(number: int) -> str:
    first = COMPANY_FIRST[number % len(COMPANY_FIRST)]
    number //= len(COMPANY_FIRST)
    second = COMPANY_SECOND[number % len(COMPANY_SECOND)]
    number //= len(COMPANY_SECOND)
    third = COMPANY_THIRD[number % len(COMPANY_THIRD)]
    number //= len(COMPANY_THIRD)
    return " ".join(part for part in (first, second, third, str(number + 1) if number else "") if part)
