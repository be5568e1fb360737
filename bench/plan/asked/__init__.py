"""What is asked for: presets, and the options of a run, of ladders and of models of one's own."""
