"""A task: what a submit asks for, and what becomes of it."""
