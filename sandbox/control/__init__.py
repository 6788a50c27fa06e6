"""The control plane: seeding, clock, faults, snapshots, and acting as a rep, a lead or another automation."""
