"""The way out: callbacks and source images, to allowed hosts only."""
