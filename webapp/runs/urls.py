"""Addresses of runs."""

from django.urls import path

from webapp.runs import views, views_checkpoints, views_compare, views_data, views_list, views_new

app_name = "runs"

urlpatterns = [
    path("", views_list.index, name="list"),
    path("act/", views_list.act, name="act"),
    path("deleted/", views_list.deleted, name="deleted"),
    path("compare/", views_compare.index, name="compare"),
    path("new/", views_new.new, name="new"),
    path("new/estimate/", views_new.estimate, name="estimate"),
    path("new/recipe/", views_new.recipe, name="recipe"),
    path("<str:run_id>/", views.detail, name="detail"),
    path("<str:run_id>/evaluation/", views.evaluation, name="evaluation"),
    path("<str:run_id>/head/", views.head, name="head"),
    path("<str:run_id>/rename/", views.rename, name="rename"),
    path("<str:run_id>/publish/", views.publish, name="publish"),
    path("<str:run_id>/checkpoints/", views_checkpoints.index, name="checkpoints"),
    path("<str:run_id>/checkpoints/<int:step>.zip", views_checkpoints.download, name="download_checkpoint"),
    path("<str:run_id>/continue/", views_checkpoints.go_on, name="continue"),
    path("<str:run_id>/continue/estimate/", views_checkpoints.estimate, name="continue_estimate"),
    path("<str:run_id>/delete/", views.delete, name="delete"),
    *(path(f"<str:run_id>/{what}/", views.act, {"what": what}, name=what) for what in views.ACTS),
    path("<str:run_id>/history", views_data.history, name="history"),
    path("<str:run_id>/report", views_data.report, name="report"),
    path("<str:run_id>/log", views_data.log, name="log"),
    path("<str:run_id>/recipe.toml", views_data.recipe, name="download_recipe"),
]
