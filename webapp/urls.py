"""Every address of the studio, one line an app."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
]
