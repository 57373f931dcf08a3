"""An account: one buyer's world, and the scenarios it can be put into."""
