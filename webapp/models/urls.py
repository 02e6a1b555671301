"""Addresses of models."""

app_name = "models"

urlpatterns: list = []
