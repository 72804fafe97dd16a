#!/usr/bin/env python3
"""Lets whoever is in the lab's network change its zones: nsupdate -v with "server 127.0.0.1 5300" (updates.py). Runs until it
is killed; LAB/run/ready is there once it takes updates."""
import os
import pathlib
import time

from updates import Primary

primary = Primary()
(pathlib.Path(os.environ["LAB"]) / "run" / "ready").touch()
while True:
    time.sleep(0.2)
    if primary.changes:
        primary.changes = []
        time.sleep(0.2)  # the rest of the update
        primary.commit()
