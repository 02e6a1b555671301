"""Uploads that survive a closed lid: the tus 1.0.0 protocol (https://tus.io/protocols/resumable-upload).

A small ASGI application beside Django, because Django spools a whole request before a view sees it: here each block is
in the part file before the next is read. Extensions: creation, creation-with-upload, termination, expiration, checksum.

How far an upload has come is the length of its part file, nothing else: a restarted server needs no memory, and a cut
connection keeps what came. Bytes that were sent with a checksum are kept only whole and right.
"""

PATH = "/api/v1/uploads"
VERSION = "1.0.0"
