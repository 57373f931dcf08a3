"""Reports: what people ask about an account. Reads only."""
