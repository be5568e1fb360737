"""Two convolutions with pooling, and two dense layers, on Fashion-MNIST."""
