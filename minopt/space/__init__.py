"""Search spaces: the laws of parameters, the `hp` functions, the conditions between them."""
