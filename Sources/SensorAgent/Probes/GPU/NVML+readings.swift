extension NVML {
    /// All cards; one that does not answer is reported under its last known name, its address.
    func readings() -> [GPUReading] { devices().map { reading($0) } }

    private func reading(_ device: Device) -> GPUReading {
        var reading = GPUReading()
        reading.maker = "NVIDIA"
        reading.model = PlaceholderText.removed(text(device, "nvmlDeviceGetName", 96))
        reading.uuid = PlaceholderText.removed(text(device, "nvmlDeviceGetUUID", 96))
        reading.serial = PlaceholderText.removed(text(device, "nvmlDeviceGetSerial", 30))
        reading.partNumber = PlaceholderText.removed(text(device, "nvmlDeviceGetBoardPartNumber", 80))
        reading.firmware = PlaceholderText.removed(text(device, "nvmlDeviceGetVbiosVersion", 32))
        reading.address = busAddress(device).flatMap { PCIAddress($0) }
        reading.isPersistent = number(device, "nvmlDeviceGetPersistenceMode").map { $0 != 0 }
        reading.temperature = number(device, "nvmlDeviceGetTemperature", 0).map(Double.init)
        for (limit, kind) in [("high.emergency", 0), ("high.critical", 1), ("high.degraded", 3)] as [(String, UInt32)] {
            // Where a card counts down to its limit instead, the number is a difference.
            if let value = number(device, "nvmlDeviceGetTemperatureThreshold", kind), (30...150).contains(value) {
                reading.temperatureLimits[limit] = Double(value)
            }
        }
        reading.power = number(device, "nvmlDeviceGetPowerUsage").map { Double($0) / 1000 }
        reading.powerLimit = number(device, "nvmlDeviceGetEnforcedPowerLimit").map { Double($0) / 1000 }
        reading.fan = number(device, "nvmlDeviceGetFanSpeed").map { Double($0) / 100 }
        for (scope, counter) in [("volatile", 0), ("aggregate", 1)] as [(String, UInt32)] {
            for (type, kind) in [("corrected", 0), ("uncorrected", 1)] as [(String, UInt32)] {
                reading.errors[.init(scope: scope, type: type)] = wide(
                    device, "nvmlDeviceGetTotalEccErrors", kind, counter)
            }
        }
        let retired = [0, 1].map { retiredPages(device, cause: $0) }
        if let first = retired[0], let second = retired[1] { reading.retiredPages = first &+ second }
        if let rows = remappedRows(device) {
            reading.remappedRows = [
                "corrected": UInt64(rows.corrected), "uncorrected": UInt64(rows.uncorrected),
                "pending": rows.pending == 0 ? 0 : 1, "failed": rows.failed == 0 ? 0 : 1,
            ]
        }
        if let reasons = wide(device, "nvmlDeviceGetCurrentClocksThrottleReasons") {
            reading.slowdowns = ["thermal": reasons & 0x40 != 0, "power_brake": reasons & 0x80 != 0]
        }
        reading.replays = number(device, "nvmlDeviceGetPcieReplayCounter").map(UInt64.init)
        readLinks(device, &reading)
        reading.isPastThreshold = isPastThreshold(device)
        return reading
    }

    /// Counters of NVLink: 0 replays, 1 recoveries, 2 CRC errors of flits, 3 of data.
    private func readLinks(_ device: Device, _ reading: inout GPUReading) {
        for link in activeLinks(device) {
            for (counter, type) in [(0, "replay"), (1, "recovery"), (2, "crc"), (3, "crc")] as [(UInt32, String)] {
                guard let value = wide(device, "nvmlDeviceGetNvLinkErrorCounter", link, counter) else { continue }
                reading.linkErrors[type, default: 0] &+= value
            }
        }
    }
}
