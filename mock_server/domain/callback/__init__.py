"""Callbacks: what is posted when a task ends, when it is due, and when it is retried."""
