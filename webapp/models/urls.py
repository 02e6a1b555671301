"""Addresses of models."""

from django.urls import path

from webapp.models import views, views_card, views_shares

app_name = "models"

urlpatterns = [
    path("", views.index, name="list"),
    path("<str:model_id>/", views.detail, name="detail"),
    path("<str:model_id>/evaluation/", views.evaluation, name="evaluation"),
    path("<str:model_id>/edit/", views_card.edit, name="edit"),
    path("<str:model_id>/delete/", views.delete, name="delete"),
    path("<str:model_id>/versions/<int:number>/delete/", views.delete_version, name="delete-version"),
    path("<str:model_id>/shares/", views_shares.shares, name="shares"),
    path("<str:model_id>/shares/<str:share_id>/revoke/", views_shares.revoke, name="revoke"),
    path("<str:model_id>/download", views.download, name="download"),
]
