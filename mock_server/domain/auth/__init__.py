"""Authentication: app codes, signatures, and why one was refused."""
