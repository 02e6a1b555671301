"""Inference: a trained network, one time step at a time.

Torch-free: numpy alone steps one sequence faster than a tensor library that is made for large batches, starts in a
fraction of the time and needs a fraction of the memory. Weights come from a *model folder* (``model.safetensors``,
``network.json``, ``tokenizer.json``); nothing that is loaded can run code.

    locate       which folder a path means
    steps        one time step of each cell
    runtime      the whole network: embedding, stack, scores
    conditioned  a network that writes for a label
    samplers     from scores to the next token
    writing      a request, and the text that answers it
    unknown      what a model does not know of what it is asked about
    beam         the best sequences that a decoder can write (with torch, for tasks)
    serve        many requests at once, over standard input and output
    command      ``rnncore generate`` and ``rnncore serve``
"""
