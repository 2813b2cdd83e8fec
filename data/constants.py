"""Numbers and names that the database functions and the processes have to agree on."""

from __future__ import annotations

from uuid import UUID

# Rows without a user (or thread) are kept under the nil UUID; every account together under the highest.
UNATTRIBUTED = UUID("00000000-0000-0000-0000-000000000000")
ALL_ACCOUNTS = UUID("ffffffff-ffff-ffff-ffff-ffffffffffff")

# Advisory lock keys (per database): the leader's, the doorbell's, the one who counts history, migrations.
LEADER_LOCK = 0x43505F4C4541
DOORBELL_LOCK = 0x43505F42454C
HISTORY_LOCK = 0x43505F484953
MIGRATE_LOCK = 0x43505F4D4947

DOORBELL_CHANNEL = "creditpulse_doorbell"
FOLDED_CHANNEL = "creditpulse_folded"
PREFERENCES_CHANNEL = "creditpulse_preferences"
