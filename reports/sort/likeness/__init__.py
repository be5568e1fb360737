"""What makes two runs alike or not: machine, options, set-up, code, recipe."""
