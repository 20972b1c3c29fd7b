import Glibc
public import Reports

/// `ipmi`: what the baseboard management controller (BMC) measures and has logged, through ipmitool(1).
///
/// A look asks for readings and states alone (`-c sdr elist all` against a repository that is kept in a file), for the
/// state of the event log and its new entries, and for the chassis. Limits, the list of sensors and the units' inventory
/// are asked for at the first look, when the repository changed, and once a day. One command is out at a time; a BMC that
/// does not answer in time is left alone for a while, and one whose command never comes back is not asked again.
public actor IPMI: Probe {
    public nonisolated let name = "ipmi"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(280)

    /// Time for one command; a BMC on a slow bus takes half a minute for 200 sensors with all their limits.
    static let commandDeadline = Duration.seconds(40)
    static let listDeadline = Duration.seconds(120)
    /// A BMC that did not answer is busy or restarting, which takes minutes.
    static let rest = Duration.seconds(300)
    static let listAge = Duration.seconds(86_400)
    /// Looks from one question for the repository's age and the self-test to the next.
    static let looksPerCheck = 10

    private let tree: SysTree
    private let input: String?
    private let tool: Tool
    private let connection: [String]
    private let cacheFile: String?
    private let asksThisMachine: Bool

    /// What is asked for seldom.
    private struct List {
        var sensors: [IPMISensor]
        var inventory: [Component]
        var parts: IPMIParts
        var readAt: Timestamp
        /// The answer to `sdr info`.
        var repository: [UInt8]
        var looks = 0
    }

    private var list: List?
    private var selfTest: String?
    private var tellsPower = true
    private var restsUntil: Timestamp?

    /// - Parameters:
    ///   - tree: where the device of the BMC and SMBIOS are looked for.
    ///   - input: a file with one recorded output of ipmitool or FreeIPMI, read in place of the BMC.
    ///   - cacheDirectory: where the sensor data repository is kept; nil: it is read from the BMC each time.
    ///   - program: the path of ipmitool; nil: where the system has it.
    ///   - connection: ipmitool's options for a BMC that is not this machine's own.
    public init(
        tree: SysTree, input: String? = nil, cacheDirectory: String? = nil, program: String? = nil,
        connection: [String] = []
    ) {
        self.tree = tree
        self.input = input
        cacheFile = cacheDirectory.map { "\($0)/ipmi.sdr" }
        self.connection = connection
        asksThisMachine = program == nil && connection.isEmpty
        tool = program.map { Tool(path: $0) } ?? Tool(named: "ipmitool")
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        try checkDevice()
        if let restsUntil, time < restsUntil, time >= restsUntil - IPMI.rest {
            throw .timedOut(after: IPMI.commandDeadline)
        }
        let past = IPMICursor(cursor)
        let (sensors, list) = try await readings(at: time)
        let signals = IPMISensorSignals(sensors, parts: list.parts, seen: Set(past?.seen ?? []), at: time)
        var result = signals.result
        let log = await log(since: past, list, at: time)
        if let events = log.events { result.add(events) }
        result.observations += log.observations
        result.take(ProbeResult(components: [IPMIParts.board] + list.inventory))
        result.take(await controller(hasSwitch: sensors.contains { $0.type == IPMIStates.physicalSecurity }, at: time))
        let read = log.cursor ?? past
        result.cursor = IPMICursor(
            last: read?.last ?? "", erased: read?.erased ?? .max, seen: signals.seen.sorted()
        ).stored(for: name)
        if read == nil { result.cursor = nil }
        return result
    }

    // MARK: Commands

    private func run(_ arguments: [String], within deadline: Duration = commandDeadline) async throws(Tool.Failure)
        -> [UInt8]
    {
        let cache = cacheFile.flatMap { unsafe access($0, R_OK) == 0 ? ["-S", $0] : nil } ?? []
        return try await tool.run(connection + cache + arguments, for: "bmc", deadline: deadline).bytes
    }

    /// The answer to a raw command: lines of bytes in hexadecimal; nil when there is none.
    private func raw(_ bytes: [UInt8]) async -> [UInt8]? {
        let arguments = ["raw"] + bytes.map { "0x" + hexadecimal(UInt64($0), digits: 2) }
        guard let output = try? await run(arguments) else { return nil }
        var answer: [UInt8] = []
        for line in String(decoding: output.prefix(4_096), as: UTF8.self).split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map { $0.count == 2 ? UInt8($0, radix: 16) : nil }
            if !words.contains(nil) { answer += words.compactMap { $0 } }
        }
        return answer
    }

    private func failure(_ error: Tool.Failure, at time: Timestamp) -> ProbeError {
        switch error {
        case .missing: return .absent(because: "ipmitool is not installed: apt-get install ipmitool")
        case .timedOut(let after):
            restsUntil = time + IPMI.rest
            return .timedOut(after: after)
        case .stuck: return .timedOut(after: IPMI.commandDeadline)
        case .tooMuchOutput(let limit): return .malformed(path: "ipmitool", problem: "printed more than \(limit) bytes")
        case .failed(let words): return .malformed(path: "ipmitool", problem: words)
        }
    }

    /// The files that the kernel makes for its own BMC (Documentation/driver-api/ipmi.rst).
    private static let devices = ["/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"]
    /// SMBIOS type 38: the firmware names a BMC.
    private static let firmwareType: UInt8 = 38

    private func checkDevice() throws(ProbeError) {
        guard asksThisMachine else { return }
        guard tree.isThisMachine else {
            throw .absent(because: "ipmitool asks a real BMC: for a recorded output give --input FILE")
        }
        guard !IPMI.devices.contains(where: tree.exists) else { return }
        let isNamed = !firmware().structures(ofType: IPMI.firmwareType).isEmpty
        throw .absent(
            because: isNamed
                ? "the firmware names a BMC, and /dev/ipmi0 is not there: modprobe ipmi_si ipmi_devintf"
                : "no BMC: /dev/ipmi0 is not there (if the server has one: modprobe ipmi_si ipmi_devintf)")
    }

    private func firmware() -> SMBIOS {
        SMBIOS(parsing: (try? tree.bytes(SMBIOS.path, limit: SMBIOS.tableBytes)) ?? [])
    }

    // MARK: Sensors

    /// Runs a command that the look cannot do without.
    private func ask(
        _ arguments: [String], within deadline: Duration = commandDeadline, at time: Timestamp
    ) async throws(ProbeError) -> [UInt8] {
        do throws(Tool.Failure) {
            return try await run(arguments, within: deadline)
        } catch {
            throw failure(error, at: time)
        }
    }

    /// The sensors with their readings of now.
    private func readings(at time: Timestamp) async throws(ProbeError) -> ([IPMISensor], List) {
        if var list, time - list.readAt < IPMI.listAge, time >= list.readAt {
            list.looks += 1
            self.list = list
            let isDue = list.looks % IPMI.looksPerCheck == 0
            if isDue { selfTest = await readSelfTest() }
            let repository = isDue ? try await ask(["sdr", "info"], at: time) : list.repository
            if repository == list.repository {
                let bytes = try await ask(["-c", "sdr", "elist", "all"], at: time)
                if let sensors = IPMISensorOutput.reading(bytes, of: list.sensors) { return (sensors, list) }
            }
        }
        return try await readList(at: time)
    }

    private func readList(at time: Timestamp) async throws(ProbeError) -> ([IPMISensor], List) {
        list = nil
        if let cacheFile {
            unsafe unlink(cacheFile)
            _ = try await ask(["sdr", "dump", cacheFile], within: IPMI.listDeadline, at: time)
        }
        let repository = try await ask(["sdr", "info"], at: time)
        let bytes = try await ask(["-v", "sdr", "list", "all"], within: IPMI.listDeadline, at: time)
        let sensors: [IPMISensor]
        do throws(IPMIRefusal) {
            sensors = try IPMISensorOutput(parsing: bytes).sensors
        } catch {
            throw .malformed(path: "ipmitool sdr list", problem: "the BMC gave no sensor: does it answer? \(error)")
        }
        let parts = IPMIParts(firmware: firmware())
        // The rest is good to have: a BMC without it is a BMC still.
        var inventory: [Component] = []
        if let units = try? await run(["fru", "print"], within: IPMI.listDeadline) {
            inventory = (try? IPMIInventory(parsing: units, parts: parts))?.components ?? []
        }
        if let info = try? await run(["mc", "info"]) {
            inventory += IPMIControllerOutput(parsing: info).result(at: time).components
        }
        selfTest = await readSelfTest()
        tellsPower = true
        let list = List(
            sensors: sensors, inventory: inventory, parts: parts, readAt: time, repository: repository)
        self.list = list
        return (sensors, list)
    }

    private func readSelfTest() async -> String? {
        (try? await run(["mc", "selftest"])).flatMap { IPMIControllerOutput(parsing: $0).selfTest }
    }

    /// The chassis, the power that it takes, and the BMC's self-test.
    private func controller(hasSwitch: Bool, at time: Timestamp) async -> ProbeResult {
        var result = ProbeResult()
        if let status = try? await run(["chassis", "status"]) {
            result.take(IPMIControllerOutput(parsing: status).result(hasSwitch: hasSwitch, at: time))
        }
        if tellsPower {
            let power = IPMIControllerOutput(parsing: (try? await run(["dcmi", "power", "reading"])) ?? [])
            // Most BMCs without DCMI say so at once; they are asked again with the next list.
            tellsPower = power.hasPower
            result.take(power.result(at: time))
        }
        if let selfTest {
            result.observations.append(
                Observation(
                    component: IPMIParts.board.id, signal: Signal("hw.bmc.self_test"), measurement: .state(selfTest),
                    time: time))
        }
        return result
    }

    // MARK: Event log

    private struct Log {
        var events: IPMIEventSignals?
        var observations: [Observation] = []
        /// nil: the log could not be read, and what was told before stands.
        var cursor: IPMICursor?
    }

    // Network function 0Ah (storage), chapter 31.
    private static let getInfo: [UInt8] = [0x0A, 0x40]
    private static let getTime: [UInt8] = [0x0A, 0x48]

    /// Get SEL Entry: no reservation, the record's number, all of it.
    private static func getEntry(_ record: UInt16) -> [UInt8] {
        [0x0A, 0x43, 0, 0, UInt8(record & 0xFF), UInt8(record >> 8), 0, 0xFF]
    }

    private func log(since past: IPMICursor?, _ list: List, at time: Timestamp) async -> Log {
        let signal = Signal("hw.event_log.used")
        func observation(_ measurement: Measurement) -> Observation {
            Observation(component: IPMIParts.board.id, signal: signal, measurement: measurement, time: time)
        }
        guard let info = await raw(IPMI.getInfo).flatMap({ IPMIEventLogInfo(parsing: $0) }) else {
            return Log(observations: [observation(.unavailable(.readError))])
        }
        var log = Log(observations: [observation(.reading(info.used))])
        var clock: UInt32?
        if past == nil, let bytes = await raw(IPMI.getTime), bytes.count == 4 {
            clock = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << UInt32(8 * $1) }
        }
        let read = try? await IPMIEventLog(since: past, info: info, clock: clock) { record in
            await self.raw(IPMI.getEntry(record)).flatMap { IPMIEventLogEntry(parsing: $0) }
        }
        if let read {
            log.events = IPMIEventSignals(read.events, sensors: list.sensors, parts: list.parts, at: time)
            log.cursor = IPMICursor(last: read.last, erased: info.erased, seen: [])
        }
        return log
    }

    // MARK: A recorded output

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        do throws(IPMIRefusal) {
            return try IPMIRecording(parsing: bytes, parts: IPMIParts(firmware: firmware()), at: time).result
        } catch {
            throw .malformed(path: file, problem: error.description)
        }
    }
}

extension ProbeResult {
    /// Takes `other` up; what both know of one component is joined.
    mutating func take(_ other: ProbeResult) {
        for component in other.components {
            guard let place = components.firstIndex(where: { $0.id == component.id }) else {
                components.append(component)
                continue
            }
            if components[place].part.serial == nil, component.part != Part() {
                let location = components[place].part.location
                components[place].part = component.part
                components[place].part.location = component.part.location ?? location
            }
            components[place].attributes.merge(component.attributes) { first, _ in first }
        }
        observations += other.observations
        asRead += other.asRead
    }
}
