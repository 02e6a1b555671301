"""What a run began with: the weights of a model or of a checkpoint, or another run that it goes on with."""

import django.db.models.deletion
from django.db import migrations, models

import webapp.fields


class Migration(migrations.Migration):
    dependencies = [("models", "0004_only_versions"), ("runs", "0003_point_tiles")]

    operations = [
        migrations.AddField("run", "origin", webapp.fields.Json(default=dict)),
        migrations.AddField(
            "run", "from_version",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="led_to", to="models.version"
            ),
        ),
        migrations.AddField(
            "run", "from_run",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="led_to", to="runs.run"
            ),
        ),
    ]  # fmt: skip
