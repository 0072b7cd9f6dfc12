"""djangorestframework-simplejwt and dj-rest-auth as their documentation sets them up, with rotation, in one file.

`python server.py DATABASE PORT`. `JWT_AUTH_HTTPONLY=0` hands dj-rest-auth's refresh token to scripts.
"""

import os
import sys
from datetime import timedelta

import django
from django.conf import settings

database, port = sys.argv[1:3]
settings.configure(
    SECRET_KEY="the secret of the interop tests, long enough",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
        "dj_rest_auth",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    USE_TZ=True,
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["dj_rest_auth.jwt_auth.JWTCookieAuthentication"]},
    REST_AUTH={
        "USE_JWT": True,
        "TOKEN_MODEL": None,
        "SESSION_LOGIN": False,
        "JWT_AUTH_HTTPONLY": os.environ.get("JWT_AUTH_HTTPONLY", "1") == "1",
        "JWT_AUTH_COOKIE": os.environ.get("JWT_AUTH_COOKIE") or None,
        "JWT_AUTH_REFRESH_COOKIE": "refresh",
        "JWT_AUTH_RETURN_EXPIRATION": True,
    },
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(seconds=5),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
    },
)
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request):
    return Response({"id": request.user.id, "email": request.user.email})


@api_view(["POST"])
@permission_classes([AllowAny])
def end_sessions(request):
    for token in OutstandingToken.objects.all():
        BlacklistedToken.objects.get_or_create(token=token)
    return Response()


urlpatterns = [
    path("api/token/", TokenObtainPairView.as_view()),
    path("api/token/refresh/", TokenRefreshView.as_view()),
    path("api/token/blacklist/", TokenBlacklistView.as_view()),
    path("api/auth/", include("dj_rest_auth.urls")),
    path("api/me/", me),
    path("test/end-sessions", end_sessions),
]

call_command("migrate", verbosity=0)
User.objects.create_user("ada", "ada@example.org", "correct horse battery")

if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    with make_server("localhost", int(port), get_wsgi_application()) as server:
        print(f"running on {server.server_port}", flush=True)
        server.serve_forever()
