"""What tests of minopt, and of things built on it, can build on."""
