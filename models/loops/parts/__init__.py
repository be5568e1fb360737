"""What loops are built of: epochs, event files, optimizers, names of weights, trials, ways declared."""
