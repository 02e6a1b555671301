from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="token",
            name="scopes",
            # Tokens from before may do what they could: all that their people may.
            field=models.CharField(default="read train share delete manage", max_length=100),
            preserve_default=False,
        ),
    ]
