"""A simulated consulting firm behind faithful simulators of every vendor's API: the demo and the far side of tests."""
