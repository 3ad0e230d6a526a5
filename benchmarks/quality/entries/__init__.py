"""Who takes part: one small adapter for each library, loaded only when its turn comes."""

from benchmarks.quality.entries.registry import ENTRIES, Entry, Missing, Runner

__all__ = ["ENTRIES", "Entry", "Missing", "Runner"]
