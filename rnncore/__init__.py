"""rnncore: recurrent networks for sequences, from a file to a trained model.

The package stands alone: it knows nothing of the web studio around it. Importing it, or any of ``recipe``,
``catalog``, ``events``, ``errors``, ``plan`` and ``data``, does not import torch, so that a web process can
validate a recipe and read a file without paying for a tensor library.

>>> from rnncore.recipe import Recipe
>>> Recipe.parse({"task": {"kind": "language_model"}, "network": {"cell": "gru"}}).network.cell
'gru'
"""

__version__ = "0.1.0"
