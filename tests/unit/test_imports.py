"""What a server loads before it serves: nothing that only other commands need, or only what comes later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic.script import ScriptDirectory

from data.migrate import alembic_config
from data.revisions import newest_revision

ROOT = Path(__file__).parent.parent.parent
LATER = ("alembic", "genai_prices", "redis", "rich")


def test_the_app_is_loaded_without_what_only_other_commands_need() -> None:
    code = f"import sys, app; print(*sorted({set(LATER)} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_newest_revision_is_the_one_that_alembic_upgrades_to() -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()
