"""Figures of this installation against bounds and peers that are measured in the same run."""
