"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import views, views_one

app_name = "datasets"

urlpatterns = [
    path("", views.index, name="list"),
    path("paste/", views.paste, name="paste"),
    path("synthetic/", views.synthetic, name="synthetic"),
    path("example/", views.example, name="example"),
    path("uploads/<str:upload_id>/discard/", views.discard, name="discard"),
    path("<str:dataset_id>/", views_one.detail, name="detail"),
    path("<str:dataset_id>/row/", views.row, name="row"),
    path("<str:dataset_id>/lines/", views_one.lines, name="lines"),
    path("<str:dataset_id>/download/", views_one.file, name="download"),
    path("<str:dataset_id>/paste/", views.paste, name="paste-version"),
    path("<str:dataset_id>/columns/", views_one.columns, name="columns"),
    path("<str:dataset_id>/task/", views_one.task, name="task"),
    path("<str:dataset_id>/rename/", views_one.rename, name="rename"),
    path("<str:dataset_id>/delete/", views_one.delete, name="delete"),
    path("<str:dataset_id>/versions/<int:number>/delete/", views_one.delete_version, name="delete-version"),
]
