"""The command `handoff`: the same engine without Prefect, and the supervisor that starts sandbox, Prefect server and worker."""
