"""Verifies an export of Harrier's audit (harrier audit export) without Harrier, with nothing but Python 3.8 or newer.

    python3 verify-audit.py audit.jsonl did:key:zQ3sh...

The key is #atproto_label of the labeler's DID document at the time of the export. Exits with 1 at the first thing that is wrong.
"""
import hashlib, json, sys


def net(*texts):
    """Netstrings: <bytes>:<text>, for each text."""
    return b"".join(b"%d:%s," % (len(b), b) for b in (t.encode() for t in texts))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def need(holds, what):
    if not holds:
        sys.exit("BROKEN: " + what)


def verify_chain(lines):
    start = json.loads(next(lines))
    need(start["audit"] == "harrier-audit-1", "not an export of an audit that this knows")
    number, last = start["after"]["id"], start["after"]["hash"]
    need(number > 0 or last == sha256(net("harrier-audit-1", start["databaseId"])), "it does not begin with its database")
    for line in lines:
        row = json.loads(line)
        if "head" in row:
            need(next(lines, None) is None, "something follows the signed head")
            head = row["head"]
            need((head["databaseId"], head["id"], head["hash"]) == (start["databaseId"], number, last), "the head is of another row")
            return start["after"]["id"], head, row["sig"]
        number += 1
        need(row["id"] == number, "row %d is not where it belongs" % number)
        last = sha256(net(last, str(number), *(row[f] for f in ("at", "actor", "action", "subject", "details"))))
        need(row["hash"] == last, "row %d does not follow from the one before it" % number)
    need(False, "there is no signed head at the end")


# ECDSA over a SHA-256, with secp256k1 (did:key:zQ3sh...) or P-256 (did:key:zDn...): p, a, b, n, G.
K256 = (2**256 - 2**32 - 977, 0, 7, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
        (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8))
P256 = (2**256 - 2**224 + 2**192 + 2**96 - 1, -3, 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5))


def read_key(did_key):
    number = 0
    for letter in did_key[len("did:key:z"):]:
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(letter)
    data = number.to_bytes(35, "big")
    curve = {b"\xe7\x01": K256, b"\x80\x24": P256}[data[:2]]
    p, a, b = curve[:3]
    x = int.from_bytes(data[3:], "big")
    y = pow(x**3 + a * x + b, (p + 1) // 4, p)
    return curve, (x, y if y % 2 == data[2] % 2 else p - y)


def add(curve, P, Q):
    p, a = curve[:2]
    if P is None or Q is None:
        return P or Q
    if P[0] == Q[0] and (P[1] + Q[1]) % p == 0:
        return None
    s = ((3 * P[0] ** 2 + a) * pow(2 * P[1], -1, p) if P == Q else (Q[1] - P[1]) * pow(Q[0] - P[0], -1, p)) % p
    x = (s * s - P[0] - Q[0]) % p
    return x, (s * (P[0] - x) - P[1]) % p


def times(curve, k, P):
    result = None
    for bit in bin(k)[2:]:
        result = add(curve, result, result)
        result = add(curve, result, P) if bit == "1" else result
    return result


def verify_signature(did_key, data, sig):
    curve, key = read_key(did_key)
    n, G = curve[3:]
    r, s = int(sig[:64], 16), int(sig[64:], 16)
    if not (len(sig) == 128 and 0 < r < n and 0 < s <= n // 2):
        return False
    w = pow(s, -1, n)
    point = add(curve, times(curve, int(sha256(data), 16) * w % n, G), times(curve, r * w % n, key))
    return point is not None and point[0] % n == r


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    path, key = sys.argv[1:]
    with open(path, encoding="utf-8", newline="\n") as lines:
        after, head, sig = verify_chain(lines)
    signed = net("harrier-audit-head-1", head["did"], head["key"], head["databaseId"], str(head["id"]), head["hash"], head["at"])
    need(head["key"] == key and verify_signature(key, signed, sig), "the signature is not by " + key)
    print("OK: rows %d to %d, signed at %s as %s" % (after + 1, head["id"], head["at"], head["did"]))
