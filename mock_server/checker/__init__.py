"""Contract checks of a server: generated calls, each answer judged, within a budget."""
