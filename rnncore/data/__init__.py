"""From a file to tokens to streams: everything between a text on disk and a training step. Torch-free."""
