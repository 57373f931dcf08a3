"""A call: its parts, its errors, its limits, and how logs show it without credentials."""
