"""What a model family accepts, its successor when retired, and its prices, as data."""
