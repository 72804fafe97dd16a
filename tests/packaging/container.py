#!/usr/bin/env python3
"""Builds the image of contrib/container/Containerfile without a container engine, starts its command and asks it.

  container.py DEBS [WORK]      DEBS: the directory with the packages of contrib/make-deb; run by hand, as root

The base is a minimal Debian by debootstrap instead of the image that FROM names. COPY and RUN are carried out in it;
ENTRYPOINT and CMD run as USER in namespaces of their own, without a network."""
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
CONTAINERFILE = HERE.parent.parent / "contrib/container/Containerfile"


def instructions():
    text = re.sub(r"(?m)^#.*\n", "", CONTAINERFILE.read_text())
    for line in text.replace("\\\n", "").splitlines():
        if line.strip():
            yield line.split(None, 1)


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, **options)


def base(root):
    mirror = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Label: Debian"],
                            check=True, text=True, stdout=subprocess.PIPE).stdout.split()[0]
    run("debootstrap", "--variant=minbase", "bookworm", root, mirror, stdout=subprocess.DEVNULL)
    for file in ("/etc/resolv.conf", "/etc/apt/apt.conf"):
        if os.path.exists(file):
            shutil.copy(file, f"{root}{file}")


def build(root, debs):
    """Carries out the file. Returns the user and the command."""
    user, entry, arguments = "root", [], []
    for word, rest in instructions():
        if word == "FROM":
            base(root)
        elif word == "COPY":
            *sources, target = rest.split()
            os.makedirs(f"{root}{target}", exist_ok=True)
            for source in sources:
                for file in glob.glob(f"{debs}/{source}"):
                    shutil.copy(file, f"{root}{target}")
        elif word == "RUN":
            run("chroot", root, "sh", "-c", rest, stdout=subprocess.DEVNULL,
                env={"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        elif word == "USER":
            user = rest
        elif word == "ENTRYPOINT":
            entry = json.loads(rest)
        elif word == "CMD":
            arguments = json.loads(rest)
        elif word != "VOLUME":
            raise ValueError(f"{word}: this test does not know it")
    return user, entry + arguments


def main():
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("container.py: skipped: root and debootstrap are needed", file=sys.stderr)
        return 77
    debs = sys.argv[1]
    work = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else HERE.parent.parent / "build/container")
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    user, command = build(root, debs)
    if (root / "usr/lib/systemd/systemd").exists():
        print("container.py: the image has a systemd")
        return 1
    daemon = subprocess.Popen(["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount", "chroot",
                               f"--userspec={user}", root, *command, "--resolver", "127.0.0.1"])
    try:
        socket = root / "run/dcvd/dcvd.sock"
        answer = None
        for _ in range(100):
            answer = subprocess.run(["curl", "-s", "--unix-socket", socket, "-o", "/dev/null", "-w", "%{http_code}",
                                     "http://localhost/readyz"],
                                    check=False, text=True, stdout=subprocess.PIPE).stdout
            if answer == "200":
                break
            time.sleep(0.1)
        shown = subprocess.run(["chroot", root, "/usr/bin/dcvprobe", "explain", "dns_mismatch|example.com"], check=True,
                               text=True, stdout=subprocess.PIPE).stdout
    finally:
        daemon.kill()  # unshare passes no signal on, and --kill-child ends what it started
        daemon.wait()
    size = subprocess.run(["du", "-sm", root], check=True, text=True, stdout=subprocess.PIPE).stdout.split()[0]
    print(f"readyz {answer}, explain {len(shown)} bytes, image {size} MB, as {user}")
    return 0 if answer == "200" and "dns_mismatch" in shown else 1


if __name__ == "__main__":
    sys.exit(main())
