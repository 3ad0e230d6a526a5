"""How adaptive TPE's model is trained: try settings on problems, then learn which suits what."""
