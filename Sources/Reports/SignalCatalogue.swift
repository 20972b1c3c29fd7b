/// Every signal there is. Probes may emit, and patterns may name, only what stands here.
///
/// Names follow OpenTelemetry's hardware semantic conventions, v1.37 (development status:
/// https://opentelemetry.io/docs/specs/semconv/hardware/), extended under `hw.` where these have no word.
public enum SignalCatalogue {
    /// Version of the conventions that the names follow; change it here and nowhere else.
    public static let conventions = "1.37"

    public enum Kind: String, Sendable, Codable { case gauge, counter, event, state }

    /// What a fall of a counter means.
    public enum Counting: String, Sendable, Codable {
        /// It is kept over power cycles, and goes up for a part's whole life: a fall counts nothing, for what it counted
        /// is still there. It is a wrap, a glitch, or a reset by firmware.
        case persistent
        /// It goes up and down, as the number of pending sectors: a fall counts nothing.
        case level
        /// It counts anew with each scrub, from zero.
        case perScrub
        /// It begins at zero with each start, driver or sweep: after a fall it counts from zero.
        case volatile
    }

    /// One line of the catalogue.
    public struct Entry: Sendable {
        public var name: String
        public var kind: Kind
        /// UCUM unit: `V`, `Cel`, `{rpm}`, `By`, `s`; `1` for a ratio, `{error}` and the like for counts.
        public var unit: String
        /// Kinds of component that may have it; empty: any.
        public var components: [ComponentKind]
        /// Label keys that the signal must carry, with the values allowed; an empty list allows any value.
        public var labels: [String: [String]]
        public var description: String
        /// What a fall means, of a counter.
        var counting = Counting.volatile
        /// Where a label's value means another counting: by `key=value`.
        var countingByLabel: [String: Counting] = [:]
        /// Where a kind of component counts otherwise.
        var countingByKind: [ComponentKind: Counting] = [:]

        /// The entry of a counter that counts otherwise than from zero after a fall.
        fileprivate func counting(
            _ counting: Counting, byLabel: [String: Counting] = [:], byKind: [ComponentKind: Counting] = [:]
        ) -> Entry {
            var entry = self
            (entry.counting, entry.countingByLabel, entry.countingByKind) = (counting, byLabel, byKind)
            return entry
        }
    }

    /// What a fall of the counter means.
    /// - Parameter kinds: the kinds of component that it is a signal of; what holds of some only holds of none.
    public static func counting(of signal: Signal, on kinds: [ComponentKind] = []) -> Counting {
        guard let entry = byName[signal.name] else { return .volatile }
        if let kind = kinds.first, let counting = entry.countingByKind[kind],
            kinds.allSatisfy({ entry.countingByKind[$0] == counting })
        {
            return counting
        }
        for label in signal.labels {
            if let counting = entry.countingByLabel["\(label.key)=\(label.value)"] { return counting }
        }
        return entry.counting
    }

    public static func entry(named name: String) -> Entry? { byName[name] }

    /// Why `signal` with a `measurement` of a component of `kind` is not in the catalogue; nil when it is.
    public static func objection(to signal: Signal, of kind: ComponentKind, measurement: Measurement) -> String? {
        guard let entry = byName[signal.name] else { return "no signal is called \(signal.name)" }
        if let problem = objection(to: signal, entry) { return problem }
        if !entry.components.isEmpty, !entry.components.contains(kind) {
            return "\(signal.name) is not a signal of a \(kind)"
        }
        switch (entry.kind, measurement) {
        case (_, .unavailable), (.gauge, .reading), (.counter, .counter), (.event, .event), (.state, .state): return nil
        default: return "\(signal.name) is a \(entry.kind.rawValue)"
        }
    }

    /// Why the name or labels of `signal` are not in the catalogue; nil when they are.
    public static func objection(to signal: Signal) -> String? {
        guard let entry = byName[signal.name] else { return "no signal is called \(signal.name)" }
        return objection(to: signal, entry)
    }

    private static func objection(to signal: Signal, _ entry: Entry) -> String? {
        for (key, values) in entry.labels {
            guard let value = signal[label: key] else { return "\(signal.name) needs the label \(key)" }
            if !values.isEmpty, !values.contains(value) {
                return "\(signal.name){\(key)=\"\(value)\"}: the label is one of \(values.joined(separator: ", "))"
            }
        }
        for label in signal.labels where entry.labels[label.key] == nil {
            return "\(signal.name) has no label \(label.key)"
        }
        return nil
    }

    private static let byName = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    static let limitTypes = [
        "low.emergency", "low.critical", "low.degraded", "high.degraded", "high.critical", "high.emergency",
        "low.critical.hysteresis",
        "low.degraded.hysteresis", "high.degraded.hysteresis", "high.critical.hysteresis", "high.emergency.hysteresis",
        "cap", "cap.hysteresis", "rated.low", "rated.high", "average.low", "average.high",
    ]

    private static func gauge(
        _ name: String, _ unit: String, _ components: [ComponentKind], _ labels: [String: [String]] = [:],
        _ text: String
    ) -> Entry {
        Entry(name: name, kind: .gauge, unit: unit, components: components, labels: labels, description: text)
    }

    private static func counter(
        _ name: String, _ unit: String, _ components: [ComponentKind], _ labels: [String: [String]] = [:],
        _ text: String
    ) -> Entry {
        Entry(name: name, kind: .counter, unit: unit, components: components, labels: labels, description: text)
    }

    private static func state(
        _ name: String, _ components: [ComponentKind], _ labels: [String: [String]] = [:], _ text: String
    ) -> Entry { Entry(name: name, kind: .state, unit: "", components: components, labels: labels, description: text) }

    private static func event(
        _ name: String, _ components: [ComponentKind], _ labels: [String: [String]] = [:], _ text: String
    ) -> Entry {
        Entry(name: name, kind: .event, unit: "{event}", components: components, labels: labels, description: text)
    }

    // MARK: The catalogue

    public static let entries: [Entry] =
        general + chipSensors + memory + disks + processors + power + pcieAndNetwork + volumes

    /// What patterns count with `active(…)`: open faults of a class, which no probe tells.
    public static let openFaults = gauge(
        "callhome.faults", "1", [], ["class": [], "scope": []], "parts that have an open fault of such a class")

    private static let general: [Entry] = [
        state("hw.status", [], [:], "ok, degraded, failed, predicted_failure, missing: what the device says of itself"),
        gauge("callhome.test", "1", [.test], [:], "1 while a test fault is to be seen; made by `callhome test`"),
        gauge("hw.clock.offset", "s", [.server, .board], [:], "real-time clock minus network time"),
        counter("hw.power_loss", "{event}", [.server, .ups], [:], "times the mains were lost"),
        event(
            "hw.watchdog", [.server, .board], [:], "the watchdog reset the server (IPMI 23h, watchdog's bootstatus)"),
        gauge("hw.uptime", "s", [.server], [:], "time since the kernel started"),
        gauge("hw.crash_dumps", "{dump}", [.server], [:], "what crashes left in pstore"),
        counter("hw.unclean_shutdowns", "{start}", [.server], [:], "starts that no orderly shutdown preceded").counting(
            .persistent),
        event(
            "hw.event_log.entry", [], ["sensor": [], "state": []],
            "one entry of the BMC's event log: the sensor's name, and asserted or deasserted or empty"),
        event(
            "hw.logged_event", [], ["severity": ["predicted", "critical", "fatal"]],
            "what a BMC, a controller or a driver logged of a part and no signal of its own reports, and how grave it is"
        ),
        gauge("hw.event_log.used", "1", [.server, .board], [:], "share of the system event log that is used, 0 to 1"),
        state(
            "hw.site.check", [.check], [:],
            "ok, warning, critical: what a check of the site says (plugin's exit code, STATUS=)"),
        gauge(
            "hw.site.value", "1", [.check], ["name": [], "unit": []],
            "a value that a check of the site prints, in its own unit"),
        counter(
            "hw.kernel_log.missed", "{message}", [.server], ["fate": ["lost", "suppressed", "untold", "trace_lost"]],
            "kernel messages this boot that were overwritten before they were read, left out by the kernel, or too many"
        ),
        event(
            "hw.nmi", [.server], ["reason": ["serr", "iock", "management", "panic", "unknown"]],
            "a non-maskable interrupt for an error, or the kernel's stop for one (panic)"),
        event("hw.overheated", [.server], [:], "the kernel shuts down for heat"),
        event(
            "hw.filesystem.error", [.disk, .server], [:], "the kernel found a file system damaged (ext4, XFS, btrfs)"),
        event("hw.usb.over_current", [.server, .pcieDevice, .disk], [:], "a USB port draws too much current"),
        state("hw.bmc.self_test", [.server, .board], [:], "passed or failed: IPMI Get Self Test Results"),
    ]

    private static let sensorKinds: [ComponentKind] = [
        .temperature, .voltage, .current, .power, .energy, .humidity, .fan,
    ]

    private static let chipSensors: [Entry] = [
        gauge("hw.temperature", "Cel", [], [:], "temperature"),
        gauge("hw.temperature.limit", "Cel", [], ["limit_type": limitTypes], "a limit that the device holds"),
        gauge(
            "hw.temperature.extreme", "Cel", [], ["extreme": ["lowest", "highest"]], "lowest or highest since reset"),
        gauge("hw.voltage", "V", [], [:], "voltage"),
        gauge("hw.voltage.limit", "V", [], ["limit_type": limitTypes], "a limit that the device holds"),
        gauge(
            "hw.voltage.extreme", "V", [], ["extreme": ["lowest", "highest", "average"]],
            "extreme or average since reset"),
        gauge("hw.voltage.nominal", "V", [.voltage], [:], "what the rail should have, from configuration or its label"),
        gauge("hw.current", "A", [], [:], "current"),
        gauge("hw.current.limit", "A", [], ["limit_type": limitTypes], "a limit that the device holds"),
        gauge(
            "hw.current.extreme", "A", [], ["extreme": ["lowest", "highest", "average"]],
            "extreme or average since reset"),
        gauge("hw.power", "W", [], [:], "power"),
        gauge("hw.power.average", "W", [], [:], "power, averaged by the device"),
        gauge("hw.power.average_interval", "s", [], [:], "the span that the device averages over"),
        gauge("hw.power.limit", "W", [], ["limit_type": limitTypes], "a limit that the device holds"),
        gauge(
            "hw.power.extreme", "W", [],
            ["extreme": ["lowest", "highest", "average_lowest", "average_highest"]], "extreme since reset"),
        gauge("hw.energy", "J", [], [:], "energy used since the device was reset"),
        gauge(
            "hw.cooling.state", "1", [.cooling], [:],
            "share of what a cooling device of the kernel can do that it does: fans faster, processors slower"),
        gauge("hw.humidity", "%", [], [:], "relative humidity"),
        gauge("hw.fan.speed", "{rpm}", [.fan], [:], "fan speed"),
        gauge("hw.fan.speed.limit", "{rpm}", [.fan], ["limit_type": limitTypes], "a limit that the device holds"),
        gauge("hw.fan.speed_ratio", "1", [.fan], [:], "the drive of the fan (pwm), 0 to 1"),
        gauge("hw.fan.pulses", "{pulse}", [.fan], [:], "tachometer pulses for one revolution"),
        gauge("hw.fan.divisor", "1", [.fan], [:], "divisor of the tachometer's clock"),
        gauge("hw.sensor.type", "1", [.temperature], [:], "the chip's number for the kind of thermal sensor"),
        gauge("hw.sensor.offset", "Cel", [.temperature], [:], "what the chip adds to the reading"),
        gauge("hw.sensor.beep", "1", [], [:], "1 if the chip would beep"),
        gauge("hw.chip.beep_enable", "1", [.chip], [:], "1 if the chip may beep at all"),
        gauge("hw.sensor.other", "1", [], ["subfeature": []], "what a sensor reads and nothing here has a word for"),
        gauge("hw.chip.vid", "V", [.voltage], [:], "core voltage that the processor asks for"),
        state(
            "hw.alarm", [],
            [
                "alarm": [
                    "any", "low.critical", "low.degraded", "high.degraded", "high.critical", "high.emergency", "cap",
                ]
            ], "asserted or clear: an alarm bit of the chip"),
        state("hw.sensor.fault", [], [:], "asserted or clear: the sensor itself is faulty"),
        state(
            "hw.sensor.state", [], ["sensor": []],
            "what a sensor of states says, in its own words between commas, or none: IPMI discrete sensors"),
        state("hw.intrusion", [.intrusion], [:], "asserted or clear: the chassis was opened"),
        state(
            "hw.fan.redundancy", [.chassis, .cooling, .zone, .server], [:],
            "full, degraded, lost, none: IPMI redundancy sensor of the fans, Redfish FanRedundancy"),
    ]

    private static let memoryKinds: [ComponentKind] = [.dimm, .memoryRow, .memoryChannel, .memoryController]

    private static let memory: [Entry] = [
        counter(
            "hw.errors", "{error}", [],
            [
                "error.type": [
                    "corrected", "uncorrected", "corrected.noinfo", "uncorrected.noinfo", "deferred", "fatal", "crc",
                ]
            ], "errors that the hardware counted"),
        event(
            "hw.memory.error", memoryKinds,
            ["error.type": ["corrected", "uncorrected", "deferred", "fatal"]], "one error with its address"),
        event(
            "hw.memory.earlier_errors", [.dimm, .memoryRow, .memoryController], [:],
            "uncorrected errors that EDAC had counted this boot before the agent's first look"),
        event("hw.memory.page_error", memoryKinds, ["page": []], "one corrected error of one page"),
        event(
            "hw.memory.cell_error", memoryKinds,
            ["rank": [], "group": [], "bank": [], "row": [], "column": [], "device": []],
            "one error by cell; a rank or bank group that the source does not tell is `none`, a device `unknown`"),
        event(
            "hw.memory.error_bits", memoryKinds,
            [
                "lines": [], "beats": [], "line_span": [], "beat_span": [], "bits": [], "burst": ["8", "16"],
                "layout": ["skylake", "ice_lake", "double_burst"],
                "source": ["demand", "scrub"], "log": ["fresh", "locked"], "error": [],
            ],
            "the bits of one corrected error (RetryRdErrLog): how many of the device's four lines and of the `burst`'s beats, "
                + "from the first to the last, and how many in all; a locked log is that of an older error of the same "
                + "row; `error` is device.bank.row.column.parity, `layout` that of the registers"),
        event("hw.memory.address_parity", memoryKinds, [:], "address or command parity error"),
        event(
            "hw.memory.correction_limit", memoryKinds, [:],
            "IPMI 0Ch offset 05: logging limit of corrected errors reached"),
        event("hw.memory.spared", memoryKinds, [:], "a spare rank or mirror took over, or redundancy is lost"),
        counter(
            "hw.memory.retired_pages", "{page}", [.dimm, .memoryRow, .memoryController, .server, .gpu], [:],
            "pages taken out of use"
        ).counting(.volatile, byKind: [.gpu: .persistent]),
        event(
            "hw.memory.page_poisoned", [.server], [:], "the kernel took a page out of use (mm/memory-failure.c)"),
        gauge("hw.memory.poisoned", "By", [.server], [:], "HardwareCorrupted of /proc/meminfo"),
        gauge("hw.memory.size", "By", memoryKinds, [:], "size"),
        counter("hw.memory.scrub_rate", "By/s", [.memoryController], [:], "patrol scrub rate"),
    ]

    private static let disks: [Entry] = [
        counter(
            "hw.physical_disk.smart", "1", [.disk], ["attribute": []],
            "an ATA attribute's raw value; the label is its number, as in `197.raw`"
        ).counting(.persistent, byLabel: ["attribute=197.raw": .level, "attribute=198.raw": .level]),
        gauge(
            "hw.physical_disk.smart.normalized", "1", [.disk], ["attribute": []],
            "an ATA attribute's normalised value (as in `5.value`), worst (`5.worst`) or threshold (`5.thresh`)"),
        state("hw.physical_disk.smart.health", [.disk], [:], "passed or failed: the drive's own overall verdict"),
        state(
            "hw.physical_disk.smart.failing", [.disk], ["attribute": []],
            "now, past or never: attribute against its threshold"),
        state("hw.physical_disk.power_mode", [.disk], [:], "active, idle, standby, sleep"),
        state("hw.physical_disk.self_test", [.disk], [:], "passed, failed, aborted, running, none: the newest result"),
        gauge(
            "hw.physical_disk.self_test.age", "h", [.disk], [:], "power-on hours since the newest finished self-test"),
        counter("hw.physical_disk.error_log", "{error}", [.disk], [:], "entries in the drive's error log").counting(
            .persistent),
        counter("hw.physical_disk.power_on_time", "h", [.disk], [:], "hours of power").counting(.persistent),
        counter("hw.physical_disk.power_cycles", "{cycle}", [.disk], [:], "power cycles").counting(.persistent),
        counter("hw.physical_disk.unsafe_shutdowns", "{event}", [.disk], [:], "power losses without notice").counting(
            .persistent),
        counter("hw.physical_disk.start_stops", "{cycle}", [.disk], [:], "spindle starts").counting(.persistent),
        counter("hw.physical_disk.load_cycles", "{cycle}", [.disk], [:], "head loads").counting(.persistent),
        gauge("hw.physical_disk.size", "By", [.disk], [:], "capacity"),
        gauge("hw.physical_disk.spin_up_time", "s", [.disk], [:], "time to spin up"),
        gauge("hw.physical_disk.endurance_used", "1", [.disk], [:], "wear against the maker's rating; may exceed 1"),
        gauge("hw.physical_disk.spare", "1", [.disk], [:], "spare blocks left, 0 to 1"),
        gauge("hw.physical_disk.spare.threshold", "1", [.disk], [:], "spare at which the drive warns"),
        state(
            "hw.physical_disk.critical_warning", [.disk],
            [
                "warning": ["spare", "temperature", "reliability", "read_only", "volatile_backup", "persistent_memory"]
            ], "asserted or clear: a bit of NVMe's critical warning"),
        counter("hw.physical_disk.media_errors", "{error}", [.disk], [:], "NVMe media and data integrity errors")
            .counting(.persistent),
        counter("hw.physical_disk.error_log_entries", "{error}", [.disk], [:], "NVMe number of error log entries")
            .counting(.persistent),
        counter(
            "hw.physical_disk.throttle_time", "min", [.disk], ["level": ["warning", "critical", "operating"]],
            "time above the temperature limit; `operating` is the highest that the maker allows an ATA disk"
        ).counting(.persistent),
        counter(
            "hw.physical_disk.thermal_management_time", "s", [.disk], ["level": ["light", "heavy"]],
            "NVMe: time that the controller slowed itself down for heat, by its first (light) and second limit (heavy)"
        ).counting(.persistent),
        counter(
            "hw.physical_disk.reported_uncorrectable", "{error}", [.disk], [:],
            "errors that an ATA disk could not correct and told the host of (device statistics, page 04h)"
        ).counting(.persistent),
        counter(
            "hw.physical_disk.recorded_time", "h", [.disk], [:],
            "hours of power by the maker's own log, which SMART's may be checked by (Seagate's FARM)"
        ).counting(.persistent),
        counter(
            "hw.physical_disk.inner_errors", "{error}", [.disk], ["type": ["write", "assert"]],
            "writes that the disk could not do, and stops of its own program (Seagate's FARM)"
        ).counting(.persistent),
        state("hw.physical_disk.helium", [.disk], [:], "ok or leaking: whether the disk's own limit tripped (FARM)"),
        counter("hw.physical_disk.io", "By", [.disk], ["direction": ["read", "write"]], "data moved").counting(
            .persistent),
        counter("hw.physical_disk.commands", "{command}", [.disk], ["direction": ["read", "write"]], "commands")
            .counting(.persistent),
        counter("hw.physical_disk.busy_time", "min", [.disk], [:], "NVMe: time that the controller was busy").counting(
            .persistent),
        counter("hw.physical_disk.grown_defects", "{defect}", [.disk], [:], "SAS grown defect list").counting(
            .persistent),
        counter(
            "hw.physical_disk.scsi_errors", "{error}", [.disk],
            [
                "operation": ["read", "write", "verify"],
                "result": ["corrected_fast", "corrected_delayed", "rereads", "corrected", "uncorrected", "algorithm"],
            ], "SAS error counter log pages"
        ).counting(.persistent),
        counter("hw.physical_disk.non_medium_errors", "{error}", [.disk], [:], "SAS non-medium errors").counting(
            .persistent),
        state("hw.physical_disk.informational_exception", [.disk], ["asc": [], "ascq": []], "asserted: SAS IE page"),
        gauge("hw.physical_disk.await", "s", [.disk], ["direction": ["read", "write", "all"]], "mean time of one I/O"),
        gauge(
            "hw.physical_disk.await.hourly", "s", [.disk], [:],
            "mean time of one read or write over the last hour, each counting the same; told where 300 or more were finished"
        ),
        counter(
            "hw.physical_disk.requests", "{request}", [.disk],
            ["direction": ["read", "write", "discard", "flush"]], "requests finished since the start (diskstats)"),
        counter(
            "hw.physical_disk.moved", "By", [.disk], ["direction": ["read", "write", "discard"]],
            "bytes moved since the start (diskstats)"),
        gauge("hw.physical_disk.in_flight", "{request}", [.disk], [:], "requests that the disk has now (diskstats)"),
        gauge(
            "hw.physical_disk.stalled", "s", [.disk], [:],
            "time for which the disk has had requests and finished none; 0 while it works (diskstats)"),
        gauge("hw.physical_disk.busy", "1", [.disk], [:], "share of the time in which it had requests (diskstats)"),
        counter(
            "hw.physical_disk.failed_commands", "{command}", [.disk], [:],
            "commands that ended with an error: SCSI's ioerr_cnt of sysfs"),
        event(
            "hw.physical_disk.io_error", [.disk, .raidArray], ["operation": ["read", "write", "flush", "any"]],
            "one failed I/O"),
        event("hw.physical_disk.checksum_error", [.disk], [:], "data read and found wrong (ZFS, btrfs)"),
        event("hw.physical_disk.reset", [.disk, .raidArray], [:], "the kernel reset the link or controller"),
        counter("hw.physical_disk.background_scans", "{scan}", [.disk], [:], "SAS background scans since the format")
            .counting(.persistent),
        event(
            "hw.physical_disk.exception", [.disk, .raidArray], [:],
            "libata's error handler was called (exception Emask)"),
        event(
            "hw.physical_disk.command_timeout", [.disk, .raidArray], [:],
            "a command did not end in time and was aborted"),
        event("hw.physical_disk.lost", [.disk, .raidArray], [:], "the kernel gave the disk up"),
        event(
            "hw.physical_disk.sense", [.disk, .raidArray],
            ["key": ["recovered", "not_ready", "medium", "hardware", "aborted", "predicted", "fatal"]],
            "SCSI sense key of a failed command; of NVMe, a media status, or the controller's fatal status (fatal); "
                + "predicted: additional sense code 5Dh without a cause"),
        gauge("hw.physical_disk.pending_defects", "{defect}", [.disk], [:], "SAS pending defects log page (15h)"),
        gauge("hw.physical_disk.link_speed", "Gbit/s", [.disk], [:], "SATA link speed now"),
        gauge(
            "hw.physical_disk.link_speed.limit", "Gbit/s", [.disk], ["limit_type": limitTypes],
            "best link speed that the disk can"),
        counter(
            "hw.physical_disk.timeouts", "{command}", [.disk], [:], "commands timed out: SCSI's iotmo_cnt of sysfs"),
        state(
            "hw.physical_disk.kernel_state", [.disk], [:],
            "sysfs `state`: running, blocked, offline, transport-offline; NVMe: live, resetting, connecting, dead"
        ),
        state(
            "hw.physical_disk.pre_eol", [.disk], [:], "normal, warning or urgent: eMMC's pre_eol_info of sysfs (JESD84)"
        ),
        counter(
            "hw.physical_disk.phy_errors", "{error}", [.disk, .controller, .backplane],
            [
                "phy": [],
                "type": ["invalid_dword", "running_disparity", "loss_of_sync", "phy_reset"],
            ], "SAS phy counters"),
    ]

    private static let processors: [Entry] = [
        event(
            "hw.cpu.machine_check", [.cpu],
            [
                "unit": ["cache", "tlb", "bus", "internal", "memory", "link", "unknown"],
                "level": ["l0", "l1", "l2", "l3", "unknown"],
                "severity": ["corrected", "deferred", "uncorrected", "fatal"],
            ], "one machine check"),
        state(
            "hw.cpu.state", [.cpu],
            [
                "offset": [
                    "internal_error", "thermal_trip", "self_test", "hang_at_start", "initialisation", "configuration",
                    "uncorrectable", "presence", "disabled", "throttled", "machine_check", "correctable",
                ]
            ], "asserted or clear: IPMI sensor type 07h"),
        state("hw.cpu.cache_threshold", [.cpu], [:], "green or yellow: MCi_STATUS threshold-based error status"),
        counter("hw.cpu.throttle_time", "ms", [.cpu], ["scope": ["core", "package"]], "time throttled for heat"),
        counter("hw.cpu.throttles", "{event}", [.cpu], ["scope": ["core", "package"]], "times throttled for heat"),
        event(
            "hw.cpu.throttled", [.cpu], ["scope": ["core", "package"]], "the kernel said that it throttles for heat"),
        event("hw.cpu.lockup", [.cpu], ["type": ["soft", "hard"]], "a logical processor did not go on"),
        gauge("hw.cpu.speed", "Hz", [.cpu], [:], "current frequency"),
        gauge("hw.cpu.speed.limit", "Hz", [.cpu], ["limit_type": limitTypes], "frequency limits"),
        gauge("hw.cpu.threads", "{thread}", [.cpu], [:], "logical processors in use"),
        gauge("hw.cpu.core.count", "{core}", [.cpu], ["state": ["enabled", "present"]], "cores"),
    ]

    private static let power: [Entry] = [
        gauge("hw.psu.input_voltage", "V", [.psu], [:], "input voltage"),
        gauge("hw.psu.input_power", "W", [.psu], [:], "input power"),
        gauge("hw.psu.output_power", "W", [.psu], [:], "output power"),
        gauge("hw.psu.output_current", "A", [.psu], [:], "output current"),
        state(
            "hw.psu.state", [.psu],
            [
                "offset": [
                    "presence", "failure", "predictive_failure", "input_lost", "input_range", "configuration",
                    "standby",
                ]
            ],
            "asserted or clear: IPMI sensor type 08h"),
        state("hw.psu.redundancy", [.chassis, .psu, .server], [:], "full, degraded, lost, none"),
        state("hw.psu.mode", [.psu], [:], "active, cold_redundant, hot_spare"),
        gauge("hw.battery.voltage", "V", [.boardBattery, .upsBattery], [:], "battery voltage"),
        gauge("hw.battery.nominal_voltage", "V", [.upsBattery], [:], "nominal voltage"),
        gauge("hw.battery.charge", "1", [.upsBattery, .controller], [:], "charge, 0 to 1"),
        gauge("hw.battery.time_left", "s", [.upsBattery], [:], "run time at this load"),
        gauge("hw.battery.impedance", "Ohm", [.upsBattery], [:], "impedance"),
        gauge("hw.battery.age", "s", [.upsBattery, .boardBattery], [:], "age of the battery"),
        state(
            "hw.battery.state", [.upsBattery, .controller, .boardBattery], [:],
            "ok, replace, failed, charging, learning"),
        gauge("hw.battery.learn_age", "s", [.controller], [:], "time since the cache battery's last learn cycle"),
        state(
            "hw.ups.status", [.ups], ["flag": []],
            "asserted or clear, for every flag of NUT's ups.status: OL, OB, LB, RB, BYPASS, OFF, …"),
        state("hw.ups.test_result", [.ups], [:], "passed, failed, running, aborted, warning, none"),
        gauge("hw.ups.load", "1", [.ups], [:], "load against the rating"),
        gauge("hw.ups.input_voltage", "V", [.ups], [:], "mains voltage"),
        gauge("hw.ups.input_voltage.nominal", "V", [.ups], [:], "mains voltage that the UPS is set to"),
        gauge(
            "hw.ups.input_voltage.limit", "V", [.ups], ["limit_type": limitTypes],
            "voltages at which the UPS leaves the mains (transfer limits)"),
        gauge("hw.ups.temperature", "Cel", [.ups, .upsBattery], [:], "temperature"),
    ]

    private static let linkKinds: [ComponentKind] = [.pcieDevice, .nic, .controller, .gpu, .disk, .slot]

    private static let pcieAndNetwork: [Entry] = [
        counter(
            "hw.pcie.errors", "{error}", linkKinds,
            ["severity": ["correctable", "nonfatal", "fatal"], "error": []],
            "AER counters of sysfs, by error name; faults: the sum of those that mean one"),
        event(
            "hw.pcie.error", linkKinds, ["severity": ["correctable", "nonfatal", "fatal"]], "one AER event"),
        state(
            "hw.pcie.error_seen", linkKinds, ["severity": ["correctable", "nonfatal", "fatal"]],
            "asserted or clear: a bit of the Device Status register"),
        gauge("hw.pcie.link_speed", "GT/s", linkKinds, [:], "speed of the link now"),
        gauge("hw.pcie.link_speed.limit", "GT/s", linkKinds, ["limit_type": limitTypes], "best speed both ends can"),
        gauge("hw.pcie.link_width", "{lane}", linkKinds, [:], "lanes in use"),
        gauge("hw.pcie.link_width.limit", "{lane}", linkKinds, ["limit_type": limitTypes], "most lanes both ends can"),
        event("hw.pcie.link_lost", linkKinds, [:], "the link of a slot went down (pciehp)"),
        event("hw.pcie.contained", linkKinds, [:], "downstream port containment cut a device off"),
        event("hw.pcie.unreachable", linkKinds, [:], "a device answers no more"),
        event(
            "hw.controller.reset", [.controller, .pcieDevice],
            ["reason": ["fault", "hang", "diagnostic", "lost", "unknown"]],
            "its firmware reported a fault or is silent, its driver reset the chip or gave up: each once an incident"),
        event(
            "hw.controller.event", [.controller, .pcieDevice],
            ["about": ["volume_offline", "volume_degraded", "battery", "data_lost"]],
            "what the firmware of a RAID controller reports to its driver, of the controller"),
        event(
            "hw.network.hang", [.nic, .pcieDevice], [:],
            "transmit queue timed out, the unit hangs, or its firmware stopped"),
        event("hw.network.gone", [.nic, .pcieDevice], [:], "the adapter answers no more"),
        event("hw.network.link_lost", [.nic, .pcieDevice], [:], "the driver said that the link went down"),
        counter("hw.network.packets", "{packet}", [.nic], ["direction": ["receive", "transmit"]], "packets"),
        counter("hw.network.io", "By", [.nic], ["direction": ["receive", "transmit"]], "bytes"),
        counter(
            "hw.network.errors", "{error}", [.nic],
            ["direction": ["receive", "transmit"], "type": []], "errors by type: crc, frame, fifo, missed, dropped, …"),
        counter("hw.network.fec", "{block}", [.nic], ["result": ["corrected", "uncorrected"]], "FEC blocks"),
        counter("hw.network.carrier_changes", "{change}", [.nic], [:], "link went up or down"),
        state("hw.network.administrative", [.nic], [:], "up or down: what was asked for"),
        state("hw.network.link", [.nic], [:], "up or down: what is"),
        gauge("hw.network.bandwidth.limit", "By/s", [.nic], [:], "speed of the link"),
        state("hw.network.duplex", [.nic], [:], "full or half"),
        state("hw.network.bond.link", [.nic], [:], "up or down: what the bond finds of a port in it (MII)"),
        counter("hw.network.bond.failures", "{failure}", [.nic], [:], "times that the bond found a port's link lost"),
        gauge("hw.network.bond.ports", "{port}", [.bond], ["state": ["configured", "up"]], "ports of a bond"),
        state(
            "hw.network.bond.redundancy", [.bond], [:],
            "full; degraded, lost: of a bond that was full, two or more, or one or no link is up; none"),
        gauge("hw.optic.rx_power.limit", "dBm", [.optic], ["limit_type": limitTypes], "a limit that the module holds"),
        gauge("hw.optic.tx_power.limit", "dBm", [.optic], ["limit_type": limitTypes], "a limit that the module holds"),
        gauge("hw.optic.bias.limit", "A", [.optic], ["limit_type": limitTypes], "a limit that the module holds"),
        gauge("hw.optic.rx_power", "dBm", [.optic], ["lane": []], "received light"),
        gauge("hw.optic.tx_power", "dBm", [.optic], ["lane": []], "sent light"),
        gauge("hw.optic.bias", "A", [.optic], ["lane": []], "laser bias"),
        state(
            "hw.optic.alarm", [.optic],
            [
                "alarm": ["rx_power", "tx_power", "bias", "temperature", "voltage"].flatMap { quantity in
                    ["low.alarm", "low.warning", "high.alarm", "high.warning"].map { "\(quantity).\($0)" }
                }
            ], "asserted or clear: a flag of the module (SFF-8472, SFF-8636, CMIS; `ethtool -m`), any lane"),
    ]

    private static let volumes: [Entry] = [
        state("hw.raid.state", [.raidArray, .pool], [:], "ok, degraded, rebuilding, failed, inactive"),
        gauge("hw.raid.missing", "{disk}", [.raidArray, .pool], [:], "members missing"),
        gauge("hw.raid.spares", "{disk}", [.raidArray, .pool], [:], "spares ready"),
        counter("hw.raid.mismatches", "{sector}", [.raidArray], [:], "mismatch_cnt after a scrub").counting(.perScrub),
        gauge(
            "hw.raid.scrub.age", "s", [.raidArray, .pool], [:],
            "time since the last full scrub; where none was ever seen nothing is told for 31 days, then for how long "
                + "the agent watches: the last one is at least as long ago"),
        state("hw.raid.member", [.disk], ["array": []], "in_sync, spare, faulty, rebuilding, missing"),
        state(
            "hw.raid.membership", [.disk], [:],
            "the worst of what the disk is in its arrays: missing, faulty, rebuilding, spare, in_sync; "
                + "replaced: another disk has taken its place"),
        gauge("hw.raid.members", "{disk}", [.raidArray, .pool], [:], "disks that the array is to have"),
        state(
            "hw.raid.activity", [.raidArray, .pool], [:],
            "idle, check, repair, resync, recovery, reshape, frozen: what the array does beside its work; queued: a "
                + "rebuild waits for its turn; pending: the array is whole, and waits for the first write"),
        gauge("hw.raid.progress", "1", [.raidArray, .pool], [:], "how much of the activity is done, 0 to 1"),
        counter(
            "hw.raid.corrected_reads", "{error}", [.disk], [:],
            "reads that failed and were mended from the other disks, over all arrays: md's `errors` of sysfs"),
        gauge("hw.raid.bad_ranges", "{range}", [.disk], [:], "ranges that md notes as unreadable, over all arrays"),
        counter(
            "hw.gpu.row_remaps", "{row}", [.gpu], ["cause": ["corrected", "uncorrected", "failed", "pending"]],
            "remapped rows"
        ).counting(.persistent),
        counter(
            "hw.gpu.ecc_errors", "{error}", [.gpu],
            ["counter": ["volatile", "aggregate"], "error.type": ["corrected", "uncorrected"]],
            "memory errors since the driver was loaded (volatile) or in the card's life (aggregate): NVML, amdgpu's ras"
        ).counting(.volatile, byLabel: ["counter=aggregate": .persistent]),
        counter("hw.gpu.pcie_replays", "{packet}", [.gpu], [:], "packets sent again over PCI Express (NVML, amdgpu)"),
        event("hw.gpu.xid", [.gpu], ["xid": []], "NVIDIA Xid"),
        event(
            "hw.gpu.uncorrected_error", [.gpu], [:],
            "the driver found errors that a block of the card could not correct (amdgpu's RAS)"),
        event("hw.gpu.lost", [.gpu], [:], "the driver says that the card left the bus, also without an Xid"),
        state(
            "hw.gpu.sram_threshold", [.gpu], [:],
            "asserted or clear: NVML, uncorrectable errors of the on-chip memory passed NVIDIA's threshold"),
        state(
            "hw.gpu.slowdown", [.gpu], ["reason": ["thermal", "power_brake"]],
            "asserted or clear: NVML, the hardware slows the clocks down for this reason"),
        counter(
            "hw.gpu.nvlink_errors", "{error}", [.gpu], ["type": ["crc", "replay", "recovery"]],
            "NVLink errors, summed over the links"),
        // Of the two only btrfs, which keeps its counts on the disks, counts what was flushed and of which generation it
        // is; the other three are also those of ZFS, which begin at zero with each import and `zpool clear`.
        counter(
            "hw.raid.device_errors", "{error}", [.disk, .pool],
            ["type": ["read", "write", "flush", "checksum", "generation"]],
            "errors that btrfs device stats or zpool status count for a device, or their sum for the pool"
        ).counting(.volatile, byLabel: ["type=flush": .persistent, "type=generation": .persistent]),
        gauge("hw.raid.damaged_files", "{file}", [.pool], [:], "files with permanent errors (zpool status -v)"),
        counter(
            "hw.physical_disk.controller_errors", "{error}", [.disk], ["type": ["media", "other", "predicted"]],
            "errors that a RAID controller counts for a disk behind it"),
        counter("hw.filesystem.errors", "{error}", [.volume], [:], "ext4's errors_count of sysfs").counting(
            .persistent),
        gauge(
            "hw.filesystem.error.age", "s", [.volume], ["which": ["first", "last"]],
            "time since the file system found its first or last error"),
        counter("hw.filesystem.written", "By", [.volume], [:], "written since it was made (ext4)").counting(
            .persistent),
        state(
            "hw.filesystem.state", [.volume], [:],
            "ok, errors, read_only (it was writable since the start), shut_down"),
        event("hw.raid.member_failed", [.disk], ["array": []], "md dropped the member from its array"),
        event("hw.raid.stopped", [.raidArray, .pool], [:], "the kernel cannot go on with the array or pool"),
        event(
            "hw.raid.member_stale", [.disk], [:],
            "md left the member out as it put the array together: it was away while the others were written"),
        event("hw.raid.read_error", [.disk], [:], "md could not read a member, and mended it or not"),
        state("hw.enclosure.slot", [.slot], [:], "ok, fault, empty"),
        gauge(
            "hw.backup.age", "s", [.server], ["backup": []],
            "time since the last good backup, by its name; `newest` for the youngest of all"),
    ]
}
