"""Checks ledgerline's proofs with nothing of ledgerline: Python's own library and `cryptography` (Ed25519).

    verify.py bundle FILE VKEY                     a bundle of `ledgerline audit prove`
    verify.py consistency OLD-CHECKPOINT PROOF VKEY

PROOF is the text that a witness is asked with: `old N`, hashes, an empty line, the newer signed checkpoint.
Exit code 0: everything holds. 1: something does not, and is named. 2: wrong usage. The format is described in
docs/reference/proof.md, the tree in RFC 6962, 2.1.
"""

import base64
import hashlib
import io
import json
import sys
import tarfile
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NAMED = ["checkpoint", "events.sha256", "index.html", "index.json", "key.vkey"]
# A time stamp of the checkpoint, and the list of attached files (of an inspection): only in some bundles.
OPTIONAL = ["attached.sha256", "checkpoint.tsr"]
ATTACHED = "attached/"
RECORDINGS = "attached/recordings/"
FORMAT = "ledgerline-bundle/1"


class Wrong(Exception):
    """Something does not hold."""


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Wrong("base64 that is not in its only form")
    return data


def read_key(vkey):
    """Name, key id and public key of `<name>+<id>+<base64 of 0x01 and key>`."""
    name, key_id, typed = vkey.split("+", 2)
    typed = unbase64(typed)
    if typed[:1] != b"\x01" or len(typed) != 33:
        raise Wrong("the key is not one of Ed25519")
    if sha256(name.encode() + b"\n" + typed)[:4].hex() != key_id:
        raise Wrong("the key's id does not follow from it")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(typed[1:])


def open_note(signed, vkey):
    """The text of a signed note, when the key signed it, and how many signature lines there are."""
    name, key_id, key = read_key(vkey)
    text, separator, lines = signed.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise Wrong("the note is not signed")
    text += "\n"
    holds = 0
    signatures = lines[:-1].split("\n")
    for line in signatures:
        dash, signer, signature = line.split(" ")
        if dash != "—":
            raise Wrong("a signature line does not begin with an em dash")
        raw = unbase64(signature)
        if signer == name and raw[:4] == key_id:
            key.verify(raw[4:], text.encode())
            holds += 1
    if holds != 1:
        raise Wrong("the key has not signed the note")
    return text, len(signatures)


def read_checkpoint(signed, vkey):
    """Origin, size and root of a signed checkpoint."""
    text, _ = open_note(signed, vkey)
    origin, size, root, end = text.split("\n")
    if end or origin != vkey.split("+", 1)[0] or str(int(size)) != size or int(size) < 0:
        raise Wrong("the checkpoint is not origin, size and root")
    root = unbase64(root)
    if len(root) != 32:
        raise Wrong("the root is no hash")
    return origin, int(size), root


def node(left, right):
    return sha256(b"\x01" + left + right)


def root_of_inclusion(leaf, index, size, path):
    """The root that an audit path leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Wrong("the event is not covered by the checkpoint")
    at, last, root = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            raise Wrong("the proof is too long")
        if at & 1 or at == last:
            root = node(hash_, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node(root, hash_)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return root


def check_tree(old_size, old_root, new_size, new_root, path):
    """That the newer tree begins with the older one (RFC 9162, 2.1.4.2)."""
    if old_size > new_size or old_size < 1:
        raise Wrong("there is no proof from this size to that")
    if old_size == new_size:
        if path or old_root != new_root:
            raise Wrong("two roots of one size")
        return
    path = list(path)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise Wrong("the proof is empty")
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for hash_ in path[1:]:
        if last == 0:
            raise Wrong("the proof is too long")
        if at & 1 or at == last:
            first, second = node(hash_, first), node(hash_, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, hash_)
        at, last = at >> 1, last >> 1
    if last or first != old_root or second != new_root:
        raise Wrong("the proof does not lead to both roots")


def hash_lines(text):
    """Base64 hashes up to an empty line, and what is behind it."""
    hashes = []
    while True:
        line, found, text = text.partition("\n")
        if not found:
            raise Wrong("the proof does not end")
        if not line:
            return hashes, text
        hash_ = unbase64(line)
        if len(hash_) != 32:
            raise Wrong("a line of the proof is no hash")
        hashes.append(hash_)


def header(name, size):
    """The only header that a bundle has for a file of this name and size."""
    fields = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2
    fields += b"%011o\0" % size + b"00000000000\0"
    rest = (b"0" + b"\0" * 100 + b"ustar\x0000").ljust(512 - 156, b"\0")
    checksum = sum(fields) + 8 * ord(" ") + sum(rest)
    return fields + b"%07o\0" % checksum + rest


def unpack(archive):
    """The files of an archive that is packed exactly as the format says."""
    files = {}
    again, last = [], ""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for member in tar:
            if not member.isreg() or member.name <= last:
                raise Wrong("the archive holds something else than files in order")
            content = tar.extractfile(member).read()
            files[member.name] = content
            last = member.name
            again += [header(member.name, len(content)), content, b"\0" * (-len(content) % 512)]
    if b"".join(again) + b"\0" * 1024 != archive:
        raise Wrong("the archive is not the one its files make")
    return files


def sums(files, names):
    return "".join(f"{sha256(files[name]).hex()}  {name}\n" for name in names)


def check_bundle(file, vkey):
    with open(file, "rb") as opened:
        files = unpack(opened.read())
    text = {name: files[name].decode() for name in [*NAMED, "MANIFEST"]}
    if text["key.vkey"] != vkey + "\n":
        raise Wrong("the key inside is not the one that is trusted")
    manifest, signatures = open_note(text["MANIFEST"], vkey)
    named = sorted(NAMED + [name for name in OPTIONAL if name in files])
    if signatures != 1 or manifest != f"{FORMAT}\n{sums(files, named)}":
        raise Wrong("a file is not the one MANIFEST names")
    below = sorted(name for name in files if name.startswith("events/"))
    if text["events.sha256"] != sums(files, below):
        raise Wrong("an event's file is not the one events.sha256 names")
    origin, size, root = read_checkpoint(text["checkpoint"], vkey)
    index = json.loads(text["index.json"])
    if (index["format"], index["origin"], index["size"]) != (FORMAT, origin, size):
        raise Wrong("index.json names another format or checkpoint")
    attached = check_attached(files)
    if len(files) != 1 + len(named) + len(attached) + 2 * len(index["events"]):
        raise Wrong("there are files that index.json does not name")
    recorded = set()
    for event in index["events"]:
        said = check_event(files, event, text["checkpoint"], size, root)
        if said["stream"].startswith("call-"):
            recorded.add((said["stream"].removeprefix("call-"), said["data"].get("recording_sha256")))
    for name in attached:
        if name.startswith(RECORDINGS):
            call = name.removeprefix(RECORDINGS).removesuffix(".wav")
            if (call, sha256(files[name]).hex()) not in recorded:
                raise Wrong(f"the recording of call {call} is not the one that its records name")
    print(f"{len(index['events'])} events under the checkpoint of {size} events of {origin}")


def check_attached(files):
    """Names of the attached files, once their list names all of them as they are."""
    attached = sorted(name for name in files if name.startswith(ATTACHED))
    listed = files.get("attached.sha256")
    expected = sums(files, attached).encode() if attached else None
    if listed != expected:
        raise Wrong("an attached file is not the one attached.sha256 names")
    return attached


def check_event(files, event, checkpoint, size, root):
    name = f"events/{event['index']:012d}"
    record, proof = files[name + ".record"], files[name + ".tlog-proof"].decode()
    said = json.loads(record)
    for member in ["stream", "stream_version", "kind"]:
        if said[member] != event[member]:
            raise Wrong(f"{name} is not what index.json says")
    recorded = datetime.strptime(event["recorded_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    micros = (recorded - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    leaf = sha256(b"\x00" + micros.to_bytes(8, "big", signed=True) + record)
    head = f"c2sp.org/tlog-proof@v1\nindex {event['index']}\n"
    if not proof.startswith(head):
        raise Wrong(f"{name}: the proof is of another event")
    path, rest = hash_lines(proof[len(head):])
    if rest != checkpoint or root_of_inclusion(leaf, event["index"], size, path) != root:
        raise Wrong(f"{name}: the proof does not lead to the checkpoint's root")
    return said


def check_consistency(old_file, proof_file, vkey):
    with open(old_file, encoding="utf-8", newline="") as opened:
        _, old_size, old_root = read_checkpoint(opened.read(), vkey)
    with open(proof_file, encoding="utf-8", newline="") as opened:
        proof = opened.read()
    head = f"old {old_size}\n"
    if not proof.startswith(head):
        raise Wrong("the proof begins at another size")
    path, rest = hash_lines(proof[len(head):])
    origin, size, root = read_checkpoint(rest, vkey)
    check_tree(old_size, old_root, size, root, path)
    print(f"the {size} events of {origin} begin with the {old_size} of before")


def main(args):
    try:
        match args:
            case ["bundle", file, vkey]:
                check_bundle(file, vkey)
            case ["consistency", old, proof, vkey]:
                check_consistency(old, proof, vkey)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    # Whatever an altered file makes a parser say is a refusal like any other.
    except (Wrong, InvalidSignature, ValueError, KeyError, TypeError, OSError, tarfile.TarError) as error:
        print(f"does not hold: {error or type(error).__name__}", file=sys.stderr)
        return 1
    print("holds")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
