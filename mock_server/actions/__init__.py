"""The use cases. One function is one use case is one transaction."""
