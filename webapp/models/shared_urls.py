"""Addresses below /s/: what a shared link opens, without an account."""

from django.urls import path

from webapp.models import shared_ask, views_shared

app_name = "shared"

urlpatterns = [
    path("<str:secret>", views_shared.playground, name="playground"),
    path("<str:secret>/", views_shared.playground),
    path("<str:secret>/generate", shared_ask.generate, name="generate"),
    path("<str:secret>/predict", shared_ask.predict, name="predict"),
]
