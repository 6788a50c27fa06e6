"""The decision core: what should happen to a lead, as pure functions of recorded facts, policy and time.

Standard library and pydantic only. No I/O, no clock, no randomness; `now` is always an argument (aware, UTC).
"""
