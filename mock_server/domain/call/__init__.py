"""A call: its parts, its errors, its limits, and what a log may show of it."""
