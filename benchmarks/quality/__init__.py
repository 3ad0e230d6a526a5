"""How good is the search? Normalised regret of minopt and of its peers on the same problems from the same seeds."""
