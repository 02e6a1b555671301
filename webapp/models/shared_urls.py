"""Addresses below /s/: what a shared link opens, without an account."""

app_name = "shared"

urlpatterns: list = []
