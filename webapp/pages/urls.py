"""Addresses of the pages that belong to no app."""

urlpatterns: list = []
