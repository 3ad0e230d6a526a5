"""What does a trial cost beside the objective, in CPU time and memory, beside the peers?"""
