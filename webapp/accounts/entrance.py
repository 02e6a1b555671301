"""The forms of sign-in, sign-up and a new password: allauth's, whose placeholders say their labels once more."""

from __future__ import annotations

from typing import Any

from allauth.account import forms


class _Bare:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LoginForm(_Bare, forms.LoginForm):
    pass


class SignupForm(_Bare, forms.SignupForm):
    pass


class ChangePasswordForm(_Bare, forms.ChangePasswordForm):
    pass
