"""The contract: narrowed to readings, flattened for generators, and how much of it was covered."""
