#!/usr/bin/env python3
"""Writes python-tuf.json beside itself: channels, and attacks on them, made with python-tuf (pip install tuf).

Each case has the pinned root, what the channel held at first, and what is offered then. What must come of it stands in
Tests/PatternChannelTests/PythonTUFTests.swift. Keys are new in each run.
"""

import copy
import datetime
import hashlib
import json
import pathlib

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Key, Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer

FUTURE = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)
PAST = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
TEXT = JSONSerializer(compact=True)


def pack(revision=1, ids=("disk.one", "disk.two")):
    return json.dumps({"engine_level": 3, "patterns": {name: revision for name in ids}}).encode()


class Channel:
    """A repository in memory: what it holds is a dictionary of paths."""

    def __init__(self):
        self.root_keys = [CryptoSigner.generate_ed25519() for _ in range(3)]
        self.online = CryptoSigner.generate_ed25519()
        self.files = {}
        self.version = 0
        self.packs = {"patterns.json": pack()}
        self.custom = {}
        self.expires = {}
        self.root = Root(version=1, expires=FUTURE, consistent_snapshot=True)
        for signer in self.root_keys:
            self.root.add_key(signer.public_key, "root")
        self.root.roles["root"].threshold = 2
        for role in ("targets", "snapshot", "timestamp"):
            self.root.add_key(self.online.public_key, role)
        self.sign_root(self.root_keys[:2])

    def sign_root(self, signers):
        metadata = Metadata(copy.deepcopy(self.root))
        for signer in signers:
            metadata.sign(signer, append=True)
        self.files[f"metadata/{self.root.version}.root.json"] = metadata.to_bytes(TEXT)

    def put(self, name, content, signer=None):
        metadata = Metadata(content)
        metadata.sign(signer or self.online)
        self.files[name] = metadata.to_bytes(TEXT)

    def targets(self, version):
        targets = Targets(version=version, expires=self.expires.get("targets", FUTURE))
        for name, content in self.packs.items():
            target = TargetFile.from_data(name, content, ["sha256"])
            listed = json.loads(content)
            target.unrecognized_fields["custom"] = {
                "engine_level": listed["engine_level"], "patterns": listed["patterns"], **self.custom}
            targets.targets[name] = target
            self.files[f"targets/{hashlib.sha256(content).hexdigest()}.{name}"] = content
        return targets

    def publish(self, signer=None):
        self.version += 1
        version = self.version
        self.put(f"metadata/{version}.targets.json", self.targets(version), signer)
        self.put(f"metadata/{version}.snapshot.json", Snapshot(
            version=version, expires=self.expires.get("snapshot", FUTURE),
            meta={"targets.json": MetaFile(version)}), signer)
        self.put("metadata/timestamp.json", Timestamp(
            version=version, expires=self.expires.get("timestamp", FUTURE), snapshot_meta=MetaFile(version)), signer)
        return dict(self.files)

    def rotate_online(self):
        """The key that was stolen is revoked: a new root has another one."""
        old = self.online
        self.online = CryptoSigner.generate_ed25519()
        for role in ("targets", "snapshot", "timestamp"):
            self.root.revoke_key(old.public_key.keyid, role)
            self.root.add_key(self.online.public_key, role)
        self.root.version += 1
        self.sign_root(self.root_keys[:2])
        return old

    def rotate_root_key(self):
        """One key of the root is replaced; two of before and two of now sign."""
        old = self.root_keys.pop(0)
        self.root_keys.append(CryptoSigner.generate_ed25519())
        self.root.revoke_key(old.public_key.keyid, "root")
        self.root.add_key(self.root_keys[-1].public_key, "root")
        self.root.version += 1
        self.sign_root(self.root_keys)


CASES = []


def case(name, before, offered, longer=None):
    """`longer`: bytes that follow a file that is offered, so that it has no end."""
    CASES.append({
        "name": name, "pinned": before["metadata/1.root.json"].decode(),
        "before": {path: data.decode() for path, data in sorted(before.items())},
        "offered": {path: data.decode() for path, data in sorted(offered.items())},
        "longer": longer or {}})


def newer(channel):
    """The next version, with the pack's next revision."""
    channel.packs = {"patterns.json": pack(revision=channel.version + 1)}
    return channel.publish()


def begun():
    channel = Channel()
    return channel, channel.publish()


def main():
    channel, first = begun()
    case("newer", first, newer(channel))

    channel, first = begun()
    channel.custom = {"withdrawals": [{"pattern": "disk.one", "because": "orders too much"}]}
    case("withdrawal", first, newer(channel))

    channel, first = begun()
    for _ in range(20):
        channel.rotate_root_key()
    channel.rotate_online()
    case("away for a year", first, newer(channel))

    channel, first = begun()
    second = newer(channel)
    case("rollback", second, first)

    channel, first = begun()
    channel.expires["timestamp"] = PAST
    second = newer(channel)
    case("freeze", second, second)

    channel, first = begun()
    second = newer(channel)
    case("replayed timestamp", second, {**newer(channel), "metadata/timestamp.json": first["metadata/timestamp.json"]})

    channel, first = begun()
    second = newer(channel)
    third = newer(channel)
    case("mix and match of snapshots", first, {**third, "metadata/3.snapshot.json": second["metadata/2.snapshot.json"]})
    case("mix and match of targets", first, {**third, "metadata/3.targets.json": second["metadata/2.targets.json"]})
    newest, of_before = [
        next(path for path in files if path.startswith("targets/") and path not in known)
        for files, known in ((third, second), (second, first))]
    case("mix and match of packs", first, {**third, newest: third[of_before]})

    channel, first = begun()
    channel.version = 1
    stranger = CryptoSigner.generate_ed25519()
    channel.packs = {"patterns.json": pack(revision=9)}
    case("wrong key", first, channel.publish(stranger))

    channel, first = begun()
    channel.online = CryptoSigner.generate_ed25519()
    for role in ("targets", "snapshot", "timestamp"):
        channel.root.add_key(channel.online.public_key, role)
    channel.root.version = 2
    channel.sign_root(channel.root_keys[:1])
    case("one key of two stolen", first, newer(channel))

    # The same key twice, under two names: it counts once.
    channel, first = begun()
    again = channel.root_keys[0]
    named = Key.from_dict("0" * 64, again.public_key.to_dict())
    channel.root.keys[named.keyid] = named
    channel.root.roles["root"].keyids.append(named.keyid)
    channel.root.version = 2
    metadata = Metadata(copy.deepcopy(channel.root))
    signature = metadata.sign(again)
    double = json.loads(metadata.to_bytes(TEXT))
    double["signatures"].append({"keyid": named.keyid, "sig": signature.signature})
    channel.files["metadata/2.root.json"] = json.dumps(double).encode()
    case("one stolen key under two names", first, newer(channel))

    channel, first = begun()
    old = channel.rotate_online()
    case("key revoked", first, {**newer(channel), **{
        path: data for path, data in channel.publish(old).items() if path.startswith("metadata/3.")
        or path == "metadata/timestamp.json"}})

    channel, first = begun()
    channel.version = 1 << 40
    fast = channel.publish()
    channel.rotate_online()
    channel.version = 1
    back = {path: data for path, data in newer(channel).items() if str(1 << 40)[:6] not in path}
    case("fast forward, and the way back", fast, back)

    channel, first = begun()
    channel.packs = {"patterns.json": pack()}
    second = newer(channel)
    endless = max((path for path in second if path.startswith("targets/")), key=lambda path: path not in first)
    case("endless pack", first, second, {endless: 1})
    case("endless timestamp", first, second, {"metadata/timestamp.json": 20_000})
    case("endless root", first, {**second, "metadata/2.root.json": b" "}, {"metadata/2.root.json": 600_000})

    channel, first = begun()
    channel.packs["more.json"] = pack(ids=("disk.one", "disk.three"))
    second = channel.publish()
    case("a further pack", first, second)
    # What is in the pack is not what is listed.
    listed = Channel.targets(channel, 3)
    listed.targets["more.json"].unrecognized_fields["custom"]["patterns"] = {"disk.one": 1}
    channel.version = 3
    channel.put("metadata/3.targets.json", listed)
    channel.put("metadata/3.snapshot.json", Snapshot(version=3, expires=FUTURE, meta={"targets.json": MetaFile(3)}))
    channel.put("metadata/timestamp.json", Timestamp(version=3, expires=FUTURE, snapshot_meta=MetaFile(3)))
    case("extraneous targets", first, dict(channel.files))

    channel, first = begun()
    channel.root.expires = PAST
    channel.root.version = 2
    channel.sign_root(channel.root_keys[:2])
    case("expired root", first, newer(channel))

    channel, first = begun()
    second = newer(channel)
    channel.put("metadata/3.snapshot.json", Snapshot(version=3, expires=FUTURE, meta={"targets.json": MetaFile(1)}))
    channel.put("metadata/timestamp.json", Timestamp(version=3, expires=FUTURE, snapshot_meta=MetaFile(3)))
    case("rollback of targets", second, dict(channel.files))

    channel, first = begun()
    second = newer(channel)
    channel.put("metadata/timestamp.json", Timestamp(version=3, expires=FUTURE, snapshot_meta=MetaFile(1)))
    case("rollback of the snapshot", second, dict(channel.files))

    output = pathlib.Path(__file__).with_name("python-tuf.json")
    output.write_text(json.dumps(CASES, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
