"""What is learned from: labels of loans, and the training set."""
