"""Fuzzing of what reads files: `docs/safety.md` says how."""
