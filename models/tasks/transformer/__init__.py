"""The image's rows as tokens, two blocks of attention, on Fashion-MNIST."""
