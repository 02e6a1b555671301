"""A model has versions: the tables and columns for them, beside the old ones."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import webapp.fields
import webapp.ids


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0001_initial"),
        ("models", "0001_initial"),
        ("runs", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.CharField(default=webapp.ids.new_id, editable=False, max_length=16, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(default=1)),
                ("step", models.BigIntegerField()),
                ("metrics", webapp.fields.Json(default=dict)),
                ("baseline", webapp.fields.Json(default=dict)),
                ("facts", webapp.fields.Json(default=dict)),
                ("bytes", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("dataset", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="datasets.dataset")),
                ("model", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="models.model")),
                ("run", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="published", to="runs.run")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("model", "number"), name="model_versions_are_numbered")],
            },
        ),
        migrations.AddField("model", "newest", models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="models.version")),
        migrations.AddField("model", "words", webapp.fields.Json(default=dict)),
        migrations.AddField("model", "tags", models.CharField(blank=True, max_length=1000)),
        migrations.AddField("model", "revision", models.PositiveIntegerField(default=1)),
        migrations.AddField("model", "changed_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("model", "changed_at", models.DateTimeField(null=True)),
        migrations.AddField("share", "version", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="models.version")),
        migrations.AddField("share", "last_opened_at", models.DateTimeField(null=True)),
    ]
