"""Generation: a network of characters continues texts, each character the likeliest after those before it."""
