"""The compiled space and the objective: what one search is about."""
