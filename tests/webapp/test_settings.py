"""Settings as a shell, a file or docker-compose gives them."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings

ASK = "from webapp import settings; print(settings.DATABASES['default']['NAME'])"


def test_an_empty_variable_is_as_good_as_none(tmp_path):
    environ = os.environ | {"UNROLL_DATA": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "", "UNROLL_SIGNUP": ""}
    command = [sys.executable, "-c", ASK]
    said = subprocess.run(command, env=environ, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(tmp_path / "db.sqlite3")
