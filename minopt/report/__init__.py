"""Pictures and descriptions of a search and of its space."""
