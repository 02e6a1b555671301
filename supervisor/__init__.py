"""What `./studio` does: sets the environment up and keeps the studio's processes running.

It stands beside the three floors and is invisible to them: it imports only the standard library (it runs before there
is anything else), none of them imports it, and it knows them only as commands to run (:mod:`supervisor.services`).
"""
