"""How each format becomes a table: ``read(path, name, kind, progress) -> Table``, one module a format."""
