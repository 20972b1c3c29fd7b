"""A file system in memory that fails as a disk does: FUSE, spoken by itself over /dev/fuse (include/uapi/linux/fuse.h).

    failing_disk.py FOLDER

mounts it at FOLDER and prints one line of JSON. Each line on standard input says how it behaves from then on: `ok`; `eio`,
nothing can be read or written; `eio-write`, nothing can be written; `eio-sync`, only fsync fails; `erofs`, it is read-only;
`enospc`, it is full; `garbage`, it is read-only and reads give other bytes than were written. Each is answered by the same line.
"""
import ctypes
import errno
import json
import os
import stat
import struct
import sys
import threading

(LOOKUP, FORGET, GETATTR, SETATTR, MKNOD, MKDIR, UNLINK, RMDIR, RENAME, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH, INIT,
 OPENDIR, READDIR, RELEASEDIR, FSYNCDIR, ACCESS, CREATE, INTERRUPT, DESTROY, BATCH_FORGET, RENAME2) = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 20, 25, 26, 27, 28, 29, 30, 34, 35, 36, 38, 42, 45)
CHANGES = {SETATTR, MKNOD, MKDIR, UNLINK, RMDIR, RENAME, RENAME2, WRITE, CREATE}
SYNCS = {FSYNC, FSYNCDIR}
DIRECT_IO = 1


class Failure(Exception):
    pass


class Node:
    def __init__(self, mode):
        self.mode, self.data, self.children, self.links = mode, bytearray(), {}, 1


nodes = {1: Node(stat.S_IFDIR | 0o755)}
behaviour = "ok"


def refusal(opcode, flags):
    """errno of what the disk refuses now; 0: nothing."""
    writes = opcode in CHANGES or opcode == OPEN and flags & os.O_ACCMODE != os.O_RDONLY
    if behaviour == "eio" and opcode not in (FLUSH, RELEASE, RELEASEDIR, STATFS):
        return errno.EIO
    if behaviour == "eio-write" and (writes or opcode in SYNCS):
        return errno.EIO
    if behaviour == "eio-sync" and opcode in SYNCS:
        return errno.EIO
    if behaviour in ("erofs", "garbage") and writes:
        return errno.EROFS
    if behaviour == "enospc" and opcode in (WRITE, CREATE, MKDIR, MKNOD):
        return errno.ENOSPC
    return 0


def attributes(number):
    node = nodes[number]
    size = len(node.data)
    return struct.pack("<6Q10I", number, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, node.mode, node.links, os.getuid(),
                       os.getgid(), 0, 4096, 0)


def entry(number):
    return struct.pack("<4Q2I", number, 0, 0, 0, 0, 0) + attributes(number)


def child(parent, name):
    found = nodes[parent].children.get(name)
    if found is None:
        raise Failure(errno.ENOENT)
    return found


def make(parent, name, mode):
    number = max(nodes) + 1
    nodes[number] = Node(mode)
    nodes[parent].children[name] = number
    return number


def name_in(data):
    return data.split(b"\0")[0]


def answer(opcode, number, data):
    node = nodes.get(number)
    if opcode == INIT:
        return struct.pack("<4I2H2I2H2IH22x", 7, 31, 65536, 0, 16, 12, 131072, 1, 32, 0, 0, 0, 0)
    if opcode == LOOKUP:
        return entry(child(number, name_in(data)))
    if opcode == GETATTR:
        return struct.pack("<QII", 0, 0, 0) + attributes(number)
    if opcode == SETATTR:
        valid, _, _, size = struct.unpack_from("<IIQQ", data)
        mode, = struct.unpack_from("<I", data, 68)
        if valid & 1:
            node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        if valid & 8:
            del node.data[size:]
            node.data.extend(bytes(size - len(node.data)))
        return struct.pack("<QII", 0, 0, 0) + attributes(number)
    if opcode == MKDIR:
        mode, _ = struct.unpack_from("<II", data)
        return entry(make(number, name_in(data[8:]), stat.S_IFDIR | mode))
    if opcode in (UNLINK, RMDIR):
        nodes[child(number, name_in(data))].links = 0
        del node.children[name_in(data)]
        return b""
    if opcode in (RENAME, RENAME2):
        target, = struct.unpack_from("<Q", data)
        old, new = data[8 if opcode == RENAME else 16:].split(b"\0")[:2]
        nodes[target].children[new] = child(number, old)
        if (target, new) != (number, old):
            del node.children[old]
        return b""
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<QIi", 0, DIRECT_IO if opcode == OPEN else 0, 0)
    if opcode == CREATE:
        _, mode = struct.unpack_from("<II", data)
        made = make(number, name_in(data[16:]), stat.S_IFREG | mode)
        return entry(made) + struct.pack("<QIi", 0, DIRECT_IO, 0)
    if opcode == READ:
        _, offset, size = struct.unpack_from("<QQI", data)
        found = bytes(node.data[offset:offset + size])
        return bytes(byte ^ 0x5A for byte in found) if behaviour == "garbage" else found
    if opcode == WRITE:
        _, offset, size = struct.unpack_from("<QQI", data)
        node.data.extend(bytes(max(0, offset - len(node.data))))
        node.data[offset:offset + size] = data[40:40 + size]
        return struct.pack("<II", size, 0)
    if opcode == STATFS:
        free = 0 if behaviour == "enospc" else 1 << 20
        return struct.pack("<5Q4I24x", 1 << 20, free, free, 1 << 20, 1 << 20, 4096, 255, 4096, 0)
    if opcode == READDIR:
        _, offset, size = struct.unpack_from("<QQI", data)
        listing, written = b"", 0
        for index, (name, found) in enumerate(list(node.children.items())[offset:], offset + 1):
            piece = struct.pack("<QQII", found, index, len(name), stat.S_IFMT(nodes[found].mode) >> 12) + name
            piece += bytes(-len(piece) % 8)
            if len(listing) + len(piece) > size:
                break
            listing += piece
        return listing
    if opcode in (FLUSH, RELEASE, RELEASEDIR, FSYNC, FSYNCDIR, ACCESS, DESTROY):
        return b""
    raise Failure(errno.ENOSYS)


def serve(device):
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                continue
            return
        _, opcode, unique, number = struct.unpack_from("<IIQQ", request)
        data = request[40:]
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        flags = struct.unpack_from("<I", data)[0] if opcode == OPEN else 0
        code, body = refusal(opcode, flags) if opcode != INIT else 0, b""
        if not code:
            try:
                body = answer(opcode, number, data)
            except Failure as failure:
                code = failure.args[0]
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(body), -code, unique) + body)
        except OSError:
            # The one that asked has gone.
            pass


def main(folder):
    global behaviour
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"failing-disk", folder.encode(), b"fuse", 0, options.encode()) != 0:
        sys.exit(f"cannot mount {folder}: {os.strerror(ctypes.get_errno())}")
    threading.Thread(target=serve, args=(device,), daemon=True).start()
    print(json.dumps({"folder": folder}), flush=True)
    for line in sys.stdin:
        behaviour = line.strip()
        print(behaviour, flush=True)


main(sys.argv[1])
