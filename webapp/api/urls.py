"""Addresses below /api/, and the health check."""

from django.urls import path, re_path

from webapp.api.api import api
from webapp.api.docs import docs
from webapp.api.health import health
from webapp.api.problems import nothing_here

urlpatterns = [
    path("healthz", health),
    path("api/v1/docs", docs, name="api-docs"),
    path("api/v1/", api.urls),
    re_path("^api/", nothing_here),
]
