"""Addresses of datasets."""

from django.urls import path

from webapp.datasets import views

app_name = "datasets"

urlpatterns = [
    path("", views.index, name="list"),
    path("paste/", views.paste, name="paste"),
    path("synthetic/", views.synthetic, name="synthetic"),
    path("uploads/<str:upload_id>/discard/", views.discard, name="discard"),
    path("<str:dataset_id>/", views.detail, name="detail"),
    path("<str:dataset_id>/row/", views.row, name="row"),
    path("<str:dataset_id>/columns/", views.columns, name="columns"),
    path("<str:dataset_id>/rename/", views.rename, name="rename"),
    path("<str:dataset_id>/delete/", views.delete, name="delete"),
]
