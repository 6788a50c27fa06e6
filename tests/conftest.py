"""What holds for every test: generated cases are judged by what they show, never by how long a busy machine takes to make them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("busy-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("busy-machine")
