"""Reconstruction networks: (B, C, S, S) in [0, 1] to the same; by name or as a user's `module:Class`."""
