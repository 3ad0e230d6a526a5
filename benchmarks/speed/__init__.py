"""The question: what does a trial cost beside the objective, in CPU time and memory."""
