"""Addresses of people: sign-up, sign-in, passwords (allauth's views) and their settings.

Only what works without a mail server is here; allauth's other addresses are left out.
"""

from allauth.account import views as allauth
from django.urls import path

from webapp.accounts import views

urlpatterns = [
    path("accounts/login/", allauth.login, name="account_login"),
    path("accounts/signup/", allauth.signup, name="account_signup"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/inactive/", allauth.account_inactive, name="account_inactive"),
    path("accounts/password/change/", views.change_password, name="account_change_password"),
    path("settings/", views.settings, name="settings"),
    path("settings/tokens/", views.make_token, name="make_token"),
    path("settings/tokens/<str:token_id>/revoke/", views.revoke_token, name="revoke_token"),
]
