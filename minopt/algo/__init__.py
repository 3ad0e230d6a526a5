"""The algorithms: each proposes points from the history, and knows nothing of the others."""
