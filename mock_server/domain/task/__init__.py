"""Tasks: what a submit asks for, and the life of a task."""
