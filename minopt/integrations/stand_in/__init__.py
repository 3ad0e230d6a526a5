"""A folder for `PYTHONPATH`: what lies in it is found in hyperopt's place."""
