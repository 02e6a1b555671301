"""Addresses of the queue."""

from django.urls import path

from webapp.queue import views

app_name = "queue"

urlpatterns = [
    path("", views.index, name="page"),
    path("<str:run_id>/<str:what>/", views.act, name="act"),
]
