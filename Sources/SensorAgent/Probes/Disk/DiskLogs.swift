import Reports

/// What smartctl writes of a disk's further logs into its JSON: ATA device statistics (`-l devstat`), Seagate's Field
/// Access Reliability Metrics (`-l farm`, smartctl 7.4 and later), and NVMe's thermal management.
///
/// Taken is what no attribute and no health log says as well. A number that no disk can have counts as none: firmware
/// fills fields that it does not know with ones, and smartctl passes them on.
struct DiskLogs: Sendable {
    private(set) var values: [(signal: Signal, measurement: Measurement)] = []
    /// Share of the maker's rated writes that is used, by the device statistics; 2.55 at most.
    private(set) var enduranceUsed: Double?

    /// Pages of the device statistics that are looked at, and statistics of each; ACS-5 has ten pages, of 16 at most.
    private static let pageLimit = 32
    private static let statisticLimit = 64
    /// Hours that no disk has run: 114 years.
    private static let hourLimit: UInt64 = 1_000_000
    /// Errors that no disk has counted: FARM's counters have 48 bits, and what is not kept is written as ones.
    private static let errorLimit: UInt64 = 1 << 40

    /// - Parameter tree: what `smartctl --json` printed of one disk.
    init(of tree: JSONTree) {
        addDeviceStatistics(tree["ata_device_statistics", "pages"]?.elements ?? [])
        addFARM(tree["seagate_farm_log"])
        addThermalManagement(tree["nvme_smart_health_information_log"])
    }

    private mutating func addCounter(
        _ name: String, _ labels: [String: String], _ value: UInt64?, below limit: UInt64
    ) {
        guard let value else { return }
        values.append(
            (Signal(name, labels), value < limit ? .counter(value) : .unavailable(.notPlausible)))
    }

    /// GP log 04h (ACS-5, 9.5): by page and offset, for the names differ between versions of smartctl.
    private mutating func addDeviceStatistics(_ pages: [JSONTree]) {
        for page in pages.prefix(DiskLogs.pageLimit) {
            guard let number = page["number"]?.unsigned else { continue }
            for entry in page["table"]?.elements.prefix(DiskLogs.statisticLimit) ?? [] {
                // A statistic that is not valid has no value. One that is normalised is on a scale of the maker's own:
                // recorded SSDs that say so of their wear contradict their own attribute of it (99 % against 46).
                guard let offset = entry["offset"]?.unsigned, let value = entry["value"]?.unsigned,
                    entry["flags", "valid"]?.flag != false, entry["flags", "normalized"]?.flag != true
                else { continue }
                switch (number, offset) {
                case (4, 0x08):
                    addCounter("hw.physical_disk.reported_uncorrectable", [:], value, below: .init(UInt32.max))
                case (5, 0x50):
                    addCounter(
                        "hw.physical_disk.throttle_time", ["level": "operating"], value, below: .init(UInt32.max))
                case (7, 0x08) where value <= UInt8.max: enduranceUsed = Double(value) / 100
                default: break
                }
            }
        }
    }

    /// GP log A6h of Seagate's disks. Older outputs say of it only whether the disk has it.
    private mutating func addFARM(_ log: JSONTree?) {
        guard let log else { return }
        addCounter(
            "hw.physical_disk.recorded_time", [:], log["page_1_drive_information", "poh"]?.unsigned,
            below: DiskLogs.hourLimit)
        let errors = log["page_3_error_statistics"]
        addCounter(
            "hw.physical_disk.inner_errors", ["type": "write"],
            errors?["number_of_unrecoverable_write_errors"]?.unsigned, below: DiskLogs.errorLimit)
        addCounter(
            "hw.physical_disk.inner_errors", ["type": "assert"], errors?["total_flash_led"]?.unsigned,
            below: DiskLogs.errorLimit)
        // The key is spelt so.
        if let trip = log["page_5_reliability_statistics", "helium_presure_trip"]?.unsigned {
            let states = ["ok", "leaking"]
            values.append(
                (
                    Signal("hw.physical_disk.helium"),
                    trip < states.count ? .state(states[Int(trip)]) : .unavailable(.notPlausible)
                ))
        }
    }

    /// Bytes 224 to 231 of the health log (NVM Express Base Specification 1.3 and later). smartctl leaves them out where
    /// they are nought.
    private mutating func addThermalManagement(_ log: JSONTree?) {
        guard let log else { return }
        for (number, level) in [(1, "light"), (2, "heavy")] {
            addCounter(
                "hw.physical_disk.thermal_management_time", ["level": level],
                log["thermal_mgmt_temperature_\(number)_total_time"]?.unsigned, below: .init(UInt32.max))
        }
    }
}
