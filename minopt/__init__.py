"""minopt finds good hyperparameters."""
