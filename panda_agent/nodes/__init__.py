"""The steps of the loop, one module each: state in, plain update out. Nodes know nothing of each other."""
