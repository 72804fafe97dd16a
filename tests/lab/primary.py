#!/usr/bin/env python3
"""A primary name server that takes updates of the lab's zones (updates.py), for nsupdate -v with "server 127.0.0.1
5300". Runs until it is killed; writes LAB/run/ready when it takes updates."""
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
