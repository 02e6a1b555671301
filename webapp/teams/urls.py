"""Addresses of teams, and of the links that let people in."""

from django.urls import path

from webapp.teams import views, views_history, views_invitations, views_people

app_name = "teams"

urlpatterns = [
    path("team/", views.current, name="current"),
    path("teams/new/", views.new, name="new"),
    path("teams/switch/", views.switch, name="switch"),
    path("teams/<str:team_id>/", views.detail, name="detail"),
    path("teams/<str:team_id>/history/", views_history.history, name="history"),
    path("teams/<str:team_id>/rename/", views.rename, name="rename"),
    path("teams/<str:team_id>/delete/", views.delete, name="delete"),
    path("teams/<str:team_id>/leave/", views_people.leave, name="leave"),
    path("teams/<str:team_id>/hand-over/", views_people.hand_over, name="hand_over"),
    path("teams/<str:team_id>/people/<str:person_id>/role/", views_people.role, name="role"),
    path("teams/<str:team_id>/people/<str:person_id>/remove/", views_people.remove, name="remove"),
    path("teams/<str:team_id>/invitations/", views_invitations.make, name="invite"),
    path("teams/<str:team_id>/invitations/<str:invitation_id>/revoke/", views_invitations.revoke, name="revoke"),
    path("teams/<str:team_id>/links/<str:share_id>/revoke/", views.revoke_link, name="revoke_link"),
    path("join/<str:secret>", views_invitations.join, name="join"),
]
