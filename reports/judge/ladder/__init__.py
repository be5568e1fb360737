"""What the changes of a ladder do: each by itself, and as parts of the whole."""
