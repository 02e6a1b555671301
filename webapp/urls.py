"""Every address of the studio, one line an app. Uploads and sockets have theirs in ``asgi.py``."""

from django.urls import include, path

urlpatterns = [
    path("", include("webapp.pages.urls")),
    path("", include("webapp.accounts.urls")),
    path("", include("webapp.teams.urls")),
    path("", include("webapp.api.urls")),
    path("datasets/", include("webapp.datasets.urls")),
    path("runs/", include("webapp.runs.urls")),
    path("models/", include("webapp.models.urls")),
    path("queue/", include("webapp.queue.urls")),
    path("s/", include("webapp.models.shared_urls")),
]
