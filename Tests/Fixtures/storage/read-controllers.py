#!/usr/bin/env python3
"""Reads recorded outputs of storcli, ssacli, arcconf and MegaCli in another way than the agent, for comparison.

Usage: read-controllers.py FILE...   prints per file: FILE DISKS ARRAYS SERIALS MEDIA-ERRORS
"""
import json
import os
import re
import sys


def storcli(tree):
    disks, arrays, serials, media = 0, 0, [], 0
    for controller in tree["Controllers"]:
        data = controller.get("Response Data") or {}
        for key in ("PD LIST", "Drive Information"):
            disks += sum(1 for row in data.get(key) or [] if "EID:Slt" in row)
        arrays += len(data.get("VD LIST") or data.get("Virtual Drives") or [])
        for key, value in data.items():
            if re.fullmatch(r"Drive /c\d+(/e\d+)?/s\d+", key):
                disks += 1
                details = data.get(key + " - Detailed Information", {})
                media += details.get(key + " State", {}).get("Media Error Count", 0)
                serial = details.get(key + " Device attributes", {}).get("SN", "").strip()
                serials += [serial] if serial else []
    return disks, arrays, serials, media


def smart_array(text):
    disks, serials, arrays = set(), [], 0
    slot, place = "", None
    for line in text.splitlines():
        heading = re.search(r"Smart (?:Array|HBA).* in Slot (\w+)", line)
        if heading:
            slot, place = heading.group(1), None
        drive = re.match(r"\s*physicaldrive (\S+)", line)
        if drive:
            disks.add((slot, drive.group(1)))
            place = drive.group(1)
        if re.match(r"\s*(logicaldrive|Logical Drive:) ?\d", line):
            arrays += 1
            place = None
        serial = re.match(r"\s*Serial Number:\s*(\S+)\s*$", line)
        if serial and place:
            serials.append(serial.group(1))
    return len(disks), arrays, serials, 0


def arcconf(text):
    disks = len(re.findall(r"Device is a (?:Hard drive|SSD)", text))
    arrays = len(re.findall(r"(?m)^\s*Logical (?:d|D)(?:evice|rive) number \d+", text))
    serials = re.findall(r"(?m)^\s*Serial number\s*:[ \t]*(\S+)", text)
    return disks, arrays, serials, 0


def ircu(text):
    disks = len(re.findall(r"Device is a Hard disk", text))
    arrays = len(re.findall(r"(?m)^\s*IR volume \d+", text))
    blocks = [b for b in text.split("Device is a ")[1:] if b.startswith("Hard disk")]
    serials = [s for b in blocks for s in re.findall(r"(?m)^\s*Serial No\s*:[ \t]*(\S+)", b) if s != "N/A"]
    return disks, arrays, serials, 0


def megacli(text):
    slots = re.findall(r"(?m)^\s*Enclosure Device ID: *(\S+)\s+Slot Number: *(\d+)", text)
    arrays = len(re.findall(r"(?m)^\s*(?:CacheCade )?Virtual Drive: *\d+", text))
    media = sum(int(n) for n in re.findall(r"Media Error Count: (\d+)", text))
    inquiries = re.findall(r"(?m)^\s*Inquiry Data: ([^\r\n]*)", text)
    return len(slots), arrays, [s for s in map(inquiry_serial, inquiries) if s], media


def inquiry_serial(inquiry):
    """Of ATA's 68 columns, or of SCSI's 48 where the parts stand apart; IBM's do not."""
    if len(inquiry) == 68:
        return inquiry[:20].strip()
    scsi = re.fullmatch(r"\S{1,7} +\S+ +\S{4}( *\w{8,16}) *", inquiry)
    return scsi.group(1).strip() if scsi and len(inquiry) == 48 else None


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        found = storcli(json.loads(text))
    elif re.search(r"Smart (?:Array|HBA).* in Slot", text):
        found = smart_array(text)
    elif "Read configuration has been initiated for controller" in text:
        found = ircu(text)
    elif re.search(r"(?i)controllers found|logical device (?:information|number)|physical device information", text):
        found = arcconf(text)
    else:
        found = megacli(text)
    disks, arrays, serials, media = found
    print(os.path.basename(path), disks, arrays, ",".join(sorted(serials)), media, sep="\t")
