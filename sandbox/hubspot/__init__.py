"""HubSpot's CRM API as documented and recorded; every point that is not verified is a named switch (see switches.py)."""
