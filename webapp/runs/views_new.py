"""The new-run page."""

from django.http import HttpResponse


def new(request):
    return HttpResponse()


def estimate(request):
    return HttpResponse()


def recipe(request):
    return HttpResponse()
