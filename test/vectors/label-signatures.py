"""Makes label-signatures.json with nothing but Python's standard library, so that no code of ours or of the libraries
that we use has a say in what is right. Run: python3 label-signatures.py > label-signatures.json

DAG-CBOR: RFC 8949, keys sorted by length and then by byte. ECDSA: SEC 1 on secp256k1 with the nonce of RFC 6979
(SHA-256), and the low of the two values of s, as https://atproto.com/specs/cryptography asks.
"""
import hashlib, hmac, json, sys

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)

def head(major, n):
    if n < 24: return bytes([major << 5 | n])
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if n < 1 << 8 * size: return bytes([major << 5 | code]) + n.to_bytes(size, 'big')

def cbor(value):
    if value is True: return b'\xf5'
    if isinstance(value, int): return head(0, value)
    if isinstance(value, bytes): return head(2, len(value)) + value
    if isinstance(value, str): return head(3, len(value.encode())) + value.encode()
    keys = sorted(value, key=lambda key: (len(key), key))
    return head(5, len(keys)) + b''.join(cbor(key) + cbor(value[key]) for key in keys)

def add(a, b):
    if a is None: return b
    if b is None: return a
    if a[0] == b[0] and (a[1] + b[1]) % P == 0: return None
    slope = (3 * a[0] * a[0] * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P

def multiply(k, point):
    total = None
    while k:
        if k & 1: total = add(total, point)
        point, k = add(point, point), k >> 1
    return total

def nonce(secret, digest):
    v, k = b'\x01' * 32, b'\x00' * 32
    seed = secret.to_bytes(32, 'big') + (int.from_bytes(digest, 'big') % N).to_bytes(32, 'big')
    for mark in (b'\x00', b'\x01'):
        k = hmac.digest(k, v + mark + seed, 'sha256')
        v = hmac.digest(k, v, 'sha256')
    v = hmac.digest(k, v, 'sha256')
    return int.from_bytes(v, 'big')

def sign(secret, message):
    digest = hashlib.sha256(message).digest()
    k = nonce(secret, digest)
    r = multiply(k, G)[0] % N
    s = pow(k, -1, N) * (int.from_bytes(digest, 'big') + r * secret) % N
    return r.to_bytes(32, 'big') + min(s, N - s).to_bytes(32, 'big'), s > N - s

def did_key(secret):
    x, y = multiply(secret, G)
    number = int.from_bytes(b'\xe7\x01' + bytes([2 + y % 2]) + x.to_bytes(32, 'big'), 'big')
    text = ''
    while number:
        number, digit = divmod(number, 58)
        text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'[digit] + text
    return 'did:key:z' + text

SECRET = int.from_bytes(hashlib.sha256(b'harrier label signature vectors').digest(), 'big')
SRC = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
SUBJECT = 'did:plc:z72i7hdynmk6r22z27h6tvur'
CID = 'bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a'
LABELS = [
    ('an account', dict(src=SRC, uri=SUBJECT, val='spam', cts='2026-01-02T03:04:05.678Z')),
    ('one version of a record', dict(src=SRC, uri=f'at://{SUBJECT}/app.bsky.feed.post/3l4abcdefgh2x', cid=CID,
                                     val='known-image', cts='2026-01-02T03:04:05.679Z')),
    ('a negation', dict(src=SRC, uri=f'at://{SUBJECT}/app.bsky.feed.post/3l4abcdefgh2x', val='known-image', neg=True,
                        cts='2026-01-02T03:04:05.680Z')),
    ('an expiry', dict(src=SRC, uri=SUBJECT, val='a', cts='1970-01-01T00:00:00.000Z', exp='2026-02-03T00:00:00.000Z')),
    ('every field, and an address of more than 255 bytes',
     dict(src='did:web:labeler.example.com', uri=f'at://{SUBJECT}/app.bsky.feed.post/' + 'r' * 300, cid=CID,
          val='v' * 128, neg=True, cts='2026-12-31T23:59:59.999Z', exp='9999-12-31T23:59:59.999Z')),
]

vectors, flipped = [], 0
for name, label in LABELS:
    unsigned = cbor({'ver': 1, **label})
    sig, was_high = sign(SECRET, unsigned)
    flipped += was_high
    signed = cbor({'ver': 1, **label, 'sig': sig})
    vectors.append({'name': name, 'label': label, 'unsignedHex': unsigned.hex(), 'sigHex': sig.hex(),
                    'signedHex': signed.hex(), 'wasHighS': was_high})
assert 0 < flipped < len(vectors), 'the set must hold signatures of both kinds'
origin = 'label-signatures.py, beside this file: Python standard library only'
json.dump({'origin': origin, 'secretHex': SECRET.to_bytes(32, 'big').hex(), 'didKey': did_key(SECRET),
           'vectors': vectors}, sys.stdout, indent=2)
print()
