"""Vocabulary of the made-up world: names, places, titles, technology. All domains end in .example, which nobody can register (RFC 2606)."""

from dataclasses import dataclass

from sandbox.world.draw import Table

FIRST_NAMES = (
    "James", "Olivia", "Noah", "Emma", "Lucas", "Sophia", "Daniel", "Amelia", "Ethan", "Grace", "Aaron", "Chloe", "Victor", "Nina",
    "Omar", "Leila", "Hiroshi", "Yuki", "Wei", "Mei", "Rahul", "Ananya", "Carlos", "Lucía", "José", "Inés", "Björn", "Astrid", "Søren",
    "Freja", "Łukasz", "Zofia", "Jürgen", "Käthe", "François", "Chloé", "Siobhán", "Niall", "Đorđe", "Milica", "Ayşe", "Emre", "Kwame",
    "Abena", "Thabo", "Lerato", "Mateus", "Beatriz", "Andrei", "Ioana", "Peter", "Laura", "Simon", "Rachel", "Marcus", "Dana", "Felix",
    "Irene", "Hugo", "Paula",
)  # fmt: skip
LAST_NAMES = (
    "Smith", "Johnson", "Brown", "Miller", "Davis", "Wilson", "Anderson", "Taylor", "Thomas", "Moore", "Martin", "Lee", "Walker",
    "Hall", "Young", "King", "Wright", "Scott", "Green", "Baker", "Nguyen", "Patel", "Kim", "Chen", "Tanaka", "Sato", "Müller",
    "Schäfer", "Weiß", "García", "Muñoz", "Fernández", "Núñez", "Ångström", "Sørensen", "Lindström", "Kowalski", "Wójcik", "Dvořák",
    "Novák", "Žižek", "O’Connor", "Dubois", "Lefèvre", "Beaumont", "Gonçalves", "Oliveira", "Popescu", "Yılmaz", "Öztürk", "Mensah",
    "Dlamini", "Haddad", "Cohen", "Fischer", "Rossi", "Bianchi", "Murphy", "Hughes", "Foster",
)  # fmt: skip

COMPANY_FIRST = (
    "Northwind", "Bluebird", "Silverline", "Ironwood", "Brightwater", "Redstone", "Greenfield", "Clearpath", "Stonebridge", "Lakeshore",
    "Summit", "Harbor", "Copper", "Willow", "Falcon", "Meridian", "Cascade", "Juniper", "Orchard", "Pinnacle", "Quartz", "Riverbend",
    "Sagebrush", "Tidewater", "Umbra", "Vantage", "Westgate", "Yarrow", "Zephyr", "Alder", "Beacon", "Cobalt", "Dune", "Ember", "Fjord",
    "Granite", "Heron", "Indigo", "Jasper", "Kestrel",
)  # fmt: skip
COMPANY_SECOND = (
    "Analytics", "Software", "Systems", "Health", "Logistics", "Foods", "Energy", "Labs", "Media", "Insurance", "Capital", "Robotics",
    "Textiles", "Education", "Payments", "Security", "Cloud", "Retail", "Materials", "Mobility", "Networks", "Pharma", "Consulting",
    "Outdoors", "Studios",
)  # fmt: skip
COMPANY_THIRD = ("", "Group", "Partners", "International", "Holdings", "Works", "Collective")

# The thirty named target accounts, largest first: (name, industry, employees, annual revenue in USD).
TARGET_ACCOUNTS: tuple[tuple[str, str, int, int], ...] = (
    ("Continental Freightways", "Transportation", 184_000, 61_200_000_000), ("Halvorsen Grocers", "Retail", 152_000, 48_900_000_000),
    ("Union Pacific Mutual", "Insurance", 96_000, 44_100_000_000), ("Brandywine Pharmaceuticals", "Healthcare", 88_000, 39_700_000_000),
    ("Great Plains Energy Trust", "Energy", 61_000, 35_000_000_000), ("Castellan Motors", "Manufacturing", 143_000, 33_800_000_000),
    ("Sequoia National Bank", "Banking", 54_000, 27_400_000_000), ("Atlas Aerospace", "Manufacturing", 72_000, 26_100_000_000),
    ("Pembroke Telecom", "Telecommunications", 49_000, 24_600_000_000), ("Harcourt Hospitality", "Hospitality", 118_000, 19_300_000_000),
    ("Vandermeer Chemicals", "Chemicals", 36_000, 18_800_000_000), ("Rockwell Ridge Steel", "Manufacturing", 29_000, 16_500_000_000),
    ("Lakeland Health System", "Healthcare", 41_000, 12_700_000_000), ("Monarch Apparel", "Apparel", 33_000, 11_900_000_000),
    ("Keystone Payments", "Finance", 17_500, 9_800_000_000), ("Orbital Semiconductor", "Electronics", 21_400, 9_400_000_000),
    ("Bayfront Media", "Media", 12_800, 7_600_000_000), ("Tri-State Utilities", "Utilities", 14_900, 7_100_000_000),
    ("Whitfield Universities", "Education", 26_000, 5_900_000_000), ("Cumulus Software", "Technology", 11_200, 5_200_000_000),
    ("Dominion Foods", "Food & Beverage", 18_700, 4_800_000_000), ("Ferrous Machinery", "Machinery", 9_600, 3_900_000_000),
    ("Solstice Travel", "Hospitality", 7_400, 3_100_000_000), ("Northstar Biotech", "Biotechnology", 5_200, 2_700_000_000),
    ("Harbinger Security", "Technology", 4_300, 1_900_000_000), ("Ostrander Consulting", "Consulting", 6_100, 1_700_000_000),
    ("Palisade Robotics", "Technology", 2_900, 1_100_000_000), ("Everglade Outdoors", "Retail", 3_600, 940_000_000),
    ("Marlowe Insurance", "Insurance", 2_200, 810_000_000), ("Tessera Analytics", "Technology", 1_800, 620_000_000),
)  # fmt: skip

INDUSTRIES = Table((
    ("Technology", 30), ("Finance", 10), ("Healthcare", 10), ("Retail", 8), ("Manufacturing", 9), ("Education", 7), ("Media", 6),
    ("Consulting", 7),
    ("Insurance", 4), ("Transportation", 4), ("Not For Profit", 3), ("Government", 2),
))  # fmt: skip
SIZES = Table((((3, 19), 26), ((20, 49), 20), ((50, 199), 24), ((200, 999), 18), ((1000, 4999), 9), ((5000, 40000), 3)))

# (title, seniority, weight); the seniority words are options of HubSpot's hs_seniority.
TITLES = Table(tuple(
    ((title, seniority), weight)
    for title, seniority, weight in (
        ("Chief Revenue Officer", "executive", 2), ("Chief Marketing Officer", "executive", 2), ("CEO & Founder", "owner", 4), ("VP Sales",
        "vp", 5),
        ("VP Marketing", "vp", 4), ("Vice President, Revenue Operations", "vp", 2), ("Director of Demand Generation", "director", 7),
        ("Director of Sales Operations", "director", 5), ("Head of Growth", "director", 4), ("Marketing Operations Manager", "manager", 9),
        ("Sales Manager", "manager", 8), ("Salesforce Administrator", "senior", 6), ("IT Manager", "manager", 5),
        ("Senior Business Analyst", "senior", 6),
        ("Marketing Specialist", "entry", 9), ("Sales Development Representative", "entry", 6), ("Account Executive", "employee", 5),
        ("HR Business Partner", "employee", 3), ("Student", "entry", 4), ("Intern", "entry", 2), ("Freelance Consultant", "employee", 3),
    )
))  # fmt: skip
SENIOR_TITLES = (("Chief Information Officer", "executive"), ("VP Sales Operations", "vp"), ("Chief Revenue Officer", "executive"))

TECHNOLOGY = (
    ("Salesforce", 45), ("HubSpot", 35), ("Marketo", 12), ("Segment", 12), ("Snowflake", 14), ("Google Analytics", 40), ("AWS", 30), ("SAP",
    9),
    ("Zendesk", 15), ("Slack", 30),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Area:
    """One United States state: code, name, a city, the first three digits of its zip codes, and the territory it belongs to."""

    code: str
    name: str
    city: str
    zip3: int
    territory: str


AREAS = Table(tuple(
    (Area(code, name, city, zip3, territory), weight)
    for code, name, city, zip3, territory, weight in (
        ("NY", "New York", "New York", 100, "northeast", 9), ("MA", "Massachusetts", "Boston", 21, "northeast", 5),
        ("PA", "Pennsylvania", "Philadelphia", 191, "northeast", 5), ("NJ", "New Jersey", "Newark", 71, "northeast", 3),
        ("CT", "Connecticut", "Hartford", 61, "northeast", 2), ("FL", "Florida", "Miami", 331, "southeast", 7),
        ("GA", "Georgia", "Atlanta", 303, "southeast", 4), ("NC", "North Carolina", "Charlotte", 282, "southeast", 4),
        ("VA", "Virginia", "Richmond", 232, "southeast", 4), ("TN", "Tennessee", "Nashville", 372, "southeast", 3),
        ("IL", "Illinois", "Chicago", 606, "midwest", 6), ("OH", "Ohio", "Columbus", 432, "midwest", 4), ("MI", "Michigan", "Detroit", 482,
        "midwest", 4),
        ("MN", "Minnesota", "Minneapolis", 554, "midwest", 3), ("MO", "Missouri", "St. Louis", 631, "midwest", 3),
        ("TX", "Texas", "Austin", 787, "southwest", 9), ("AZ", "Arizona", "Phoenix", 850, "southwest", 4), ("OK", "Oklahoma", "Tulsa", 741,
        "southwest", 2),
        ("NM", "New Mexico", "Albuquerque", 871, "southwest", 1), ("CA", "California", "San Francisco", 941, "west", 12),
        ("WA", "Washington", "Seattle", 981, "west", 5), ("OR", "Oregon", "Portland", 972, "west", 3), ("CO", "Colorado", "Denver", 802,
        "mountain", 4),
        ("UT", "Utah", "Salt Lake City", 841, "mountain", 3), ("ID", "Idaho", "Boise", 837, "mountain", 1), ("MT", "Montana", "Billings",
        591, "mountain", 1),
    )
))  # fmt: skip

# What people and forms typed for a country: (spelling, clean name, weight). The first of each country is the clean one.
COUNTRIES = Table(tuple(
    ((typed, clean), weight)
    for typed, clean, weight in (
        ("United States", "United States", 500), ("USA", "United States", 80), ("U.S.A.", "United States", 30), ("us", "United States", 25),
        ("United States of America", "United States", 25), ("Estados Unidos", "United States", 4), ("Canada", "Canada", 60), ("canada ",
        "Canada", 6),
        ("United Kingdom", "United Kingdom", 55), ("UK", "United Kingdom", 14), ("England", "United Kingdom", 8), ("Germany", "Germany",
        40),
        ("Deutschland", "Germany", 14), ("GERMANY", "Germany", 5), ("Spain", "Spain", 22), ("españa ", "Spain", 9), ("France", "France",
        22),
        ("FR", "France", 5), ("Netherlands", "Netherlands", 12), ("The Netherlands", "Netherlands", 5), ("Holland", "Netherlands", 3),
        ("Brazil", "Brazil", 12), ("Brasil", "Brazil", 6), ("India", "India", 18), ("Australia", "Australia", 12), ("n/a", "", 6), ("-", "",
        2),
    )
))  # fmt: skip
CITIES = {
    "Canada": ("Toronto", "ON", "M5H"), "United Kingdom": ("London", "", "EC1A"), "Germany": ("München", "Bayern", "80331"),
    "Spain": ("Sevilla", "", "41001"),
    "France": ("Lyon", "", "69001"), "Netherlands": ("Utrecht", "", "3511"), "Brazil": ("São Paulo", "SP", "01000"), "India": ("Pune", "MH",
    "411001"),
    "Australia": ("Sydney", "NSW", "2000"), "": ("", "", ""),
}  # fmt: skip
EU_COUNTRIES = frozenset({"Germany", "Spain", "France", "Netherlands", "United Kingdom"})
REGIONS = {
    "northeast": "Northeast", "southeast": "Southeast", "midwest": "Midwest", "southwest": "Southwest", "west": "West",
    "mountain": "Mountain and world",
}  # fmt: skip
