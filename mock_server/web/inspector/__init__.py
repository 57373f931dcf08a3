"""The inspector at `/_mock/`: pages for a browser that show what a client did, and move time."""
