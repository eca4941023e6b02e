from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings


def stripe_event() -> dict[str, Any]:
    """Return the Stripe event of the demo."""
    file = Path(settings.BASE_DIR, "fixtures/events/charge_succeeded.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found
