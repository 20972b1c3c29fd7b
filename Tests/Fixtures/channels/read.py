#!/usr/bin/env python3
"""Reads a channel with python-tuf's own client, and prints what it got: read.py CHANNEL PINNED-ROOT TARGET FOLDER."""

import json
import pathlib
import sys

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface


class Files(FetcherInterface):
    def _fetch(self, url):
        try:
            yield pathlib.Path(url.removeprefix("file://")).read_bytes()
        except FileNotFoundError as error:
            raise DownloadHTTPError(url, 404) from error


def main():
    channel, pinned, target, folder = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
    metadata, targets = folder / "metadata", folder / "targets"
    for made in (metadata, targets):
        made.mkdir(parents=True, exist_ok=True)
    updater = Updater(
        str(metadata), f"file://{channel}/metadata/", str(targets), f"file://{channel}/targets/", fetcher=Files(),
        bootstrap=pinned.read_bytes())
    updater.refresh()
    found = updater.get_targetinfo(target.name)
    path = pathlib.Path(updater.download_target(found))
    print(json.dumps({
        "root": str(updater._trusted_set.root.version), "bytes": str(path.stat().st_size),
        "sha256": found.hashes["sha256"], "patterns": str(len(found.custom["patterns"])),
        "withdrawals": ",".join(sorted(entry["pattern"] for entry in found.custom.get("withdrawals", [])))}))


if __name__ == "__main__":
    main()
