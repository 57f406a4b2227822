"""What is seen of a running house: metrics, health, and what is wrong with an installation."""
