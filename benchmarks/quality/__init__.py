"""How good is the search? Regret of minopt and of its peers on the same problems and seeds."""
