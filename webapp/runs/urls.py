"""Addresses of runs."""

from django.urls import path

from webapp.runs import views_new

app_name = "runs"

urlpatterns = [
    path("new/", views_new.new, name="new"),
    path("new/estimate/", views_new.estimate, name="estimate"),
    path("new/recipe/", views_new.recipe, name="recipe"),
]
