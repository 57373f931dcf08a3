"""A small well-behaved client, variants of it that are as good, and mutants that are not."""
