#!/usr/bin/env python3
"""Makes request tokens: a second implementation in another language, so that probes/ca/token.c is not tested with
itself.

usage: request_token.py KEY YYYYMMDDHHMMSS TEXT"""
import hashlib
import hmac
import sys

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def request_token(key: bytes, stamp: str, text: bytes) -> str:
    """14 digits of UTC time, then HMAC-SHA256 over those digits and the text, in base 36 padded to 50."""
    number = int.from_bytes(hmac.new(key, stamp.encode() + text, hashlib.sha256).digest(), "big")
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return stamp + digits.rjust(50, "0")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(request_token(sys.argv[1].encode(), sys.argv[2], sys.argv[3].encode()))
