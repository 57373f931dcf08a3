"""What a client did, read from the journal afterwards: its calls, its intents, what it paid for."""
