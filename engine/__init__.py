"""The way of the data: pull, resolve, frame, decide, assign, plan, guard, apply, reconcile.

Knows no Prefect, no environment and no clock of its own.
"""
