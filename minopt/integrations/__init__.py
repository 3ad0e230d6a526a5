"""minopt among other libraries: in hyperopt's place, and scripts rewritten to use it."""
