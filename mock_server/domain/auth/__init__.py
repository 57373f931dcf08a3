"""Authentication: app codes, signatures, and why a signature was refused."""
