import Daemon
import Glibc
public import Reports

/// `ipmi`: what the baseboard management controller (BMC) measures and has logged.
///
/// A look asks this machine's own BMC through the kernel's device and starts no process: readings and states of each
/// sensor, the state of the event log and its new entries, the chassis, the power. What the readings mean stands in
/// the sensor data repository, which ipmitool(1) reads with the list of sensors, their limits and the units'
/// inventory: at the first look, when the repository changed, and once a day. One command is out at a time; a BMC that
/// does not answer in time is left alone for a while.
///
/// The device is opened for each look: that costs two system calls, leaves the driver free to be unloaded between
/// looks, and what a slow BMC returns after a look was given up is thrown away by the kernel.
public actor IPMIProbe: Probe {
    public nonisolated let name = "ipmi"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(280)

    /// Time for one run of ipmitool; a BMC on a slow bus takes half a minute for 200 sensors with all their limits.
    static let commandDeadline = Duration.seconds(40)
    static let listDeadline = Duration.seconds(120)
    /// Time for one answer; the kernel itself gives a byte up after 5 s.
    static let answerPatience = Duration.seconds(10)
    /// Time for all that one look asks the device.
    static let conversation = Duration.seconds(200)
    /// A BMC that did not answer is busy or restarting, which takes minutes.
    static let rest = Duration.seconds(300)
    static let listAge = Duration.seconds(86_400)
    /// Looks from one question for the repository's age and the self-test to the next.
    static let looksPerCheck = 10
    /// Bytes of a stored repository: 500 records have 30 KB.
    static let repositoryBytes = 4 << 20

    private let tree: SysTree
    private let input: String?
    private let tool: Tool
    private let connection: [String]
    private let cacheFile: String?
    private let parts: PartsDirectory
    private let asksThisMachine: Bool
    private let executor = BlockingExecutor(label: "callhome.ipmi")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    /// What is asked for seldom.
    private struct List {
        var sensors: [IPMISensor]
        /// One for each sensor; nil where ipmitool has to be asked for its reading.
        var records: [IPMISensorRecord?]
        var inventory: [Component]
        var parts: IPMIParts
        var readAt: Timestamp
        /// The answer to Get SDR Repository Info; empty where the BMC has none.
        var repository: [UInt8]
        var isByHP: Bool
        var looks = 0
    }

    private var list: List?
    private var selfTest: String?
    private var tellsPower = true
    private var restsUntil: Timestamp?

    /// - Parameters:
    ///   - tree: where the device of the BMC and SMBIOS are looked for.
    ///   - input: a file with one recorded output of ipmitool or FreeIPMI, read in place of the BMC.
    ///   - cacheDirectory: where the sensor data repository is kept; nil: it is forgotten when it was read.
    ///   - program: the path of ipmitool; nil: where the system has it.
    ///   - connection: ipmitool's options for a BMC that is not this machine's own, which is asked by ipmitool alone.
    ///   - parts: what the firmware names; nil: that is read from the tree.
    public init(
        tree: SysTree, input: String? = nil, cacheDirectory: String? = nil, program: String? = nil,
        connection: [String] = [], parts: PartsDirectory? = nil
    ) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
        self.input = input
        cacheFile = cacheDirectory.map { "\($0)/ipmi.sdr" }
        self.connection = connection
        asksThisMachine = program == nil && connection.isEmpty
        tool = program.map { Tool(path: $0) } ?? Tool(named: "ipmitool")
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        if let restsUntil, time < restsUntil, time >= restsUntil - IPMIProbe.rest {
            throw .timedOut(after: IPMIProbe.answerPatience)
        }
        let channel = try channel()
        let past = IPMICursor(cursor)
        let (sensors, list) = try await readings(over: channel, at: time)
        let signals = IPMISensorSignals(sensors, parts: list.parts, seen: Set(past?.seen ?? []), at: time)
        var result = signals.result
        let log = await log(since: past, list, over: channel, at: time)
        if let events = log.events { result.add(events) }
        result.observations += log.observations
        result.take(ProbeResult(components: [IPMIParts.board] + list.inventory))
        let hasSwitch = sensors.contains { $0.type == IPMIStates.physicalSecurity }
        result.take(await controller(over: channel).result(hasSwitch: hasSwitch, at: time))
        let read = log.cursor ?? past
        result.cursor = IPMICursor(
            last: read?.last ?? "", erased: read?.erased ?? .max, seen: signals.seen.sorted()
        ).stored(for: name)
        if read == nil { result.cursor = nil }
        return result
    }

    // MARK: Asking

    /// Runs ipmitool against the repository as it is stored.
    private func run(
        _ arguments: [String], stored: String?, within deadline: Duration = commandDeadline
    ) async throws(Tool.Failure) -> [UInt8] {
        let cache = stored.flatMap { unsafe access($0, R_OK) == 0 ? ["-S", $0] : nil } ?? []
        return try await tool.run(connection + cache + arguments, for: "bmc", deadline: deadline).bytes
    }

    /// Runs a command that the look cannot do without.
    private func ask(
        _ arguments: [String], stored: String?, within deadline: Duration = commandDeadline, at time: Timestamp
    ) async throws(ProbeError) -> [UInt8] {
        do throws(Tool.Failure) {
            return try await run(arguments, stored: stored, within: deadline)
        } catch {
            throw failure(error, at: time)
        }
    }

    /// Asks what the look cannot do without; empty where the BMC refuses.
    private func ask(
        _ request: IPMIRequest, over channel: any IPMIChannel, at time: Timestamp
    ) async throws(ProbeError) -> [UInt8] {
        do throws(IPMITransportError) {
            let answer = try await channel.answer(to: request)
            guard answer.completion != IPMIResponse.timeout else { throw .timedOut(after: IPMIProbe.answerPatience) }
            return answer.granted ?? []
        } catch {
            throw failure(error, at: time)
        }
    }

    private func failure(_ silence: IPMITransportError, at time: Timestamp) -> ProbeError {
        switch silence {
        case .tool(let error): return failure(error, at: time)
        case .failed(let errno): return .unreadable(path: IPMIProbe.devices[0], errno: errno)
        case .timedOut(let after):
            restsUntil = time + IPMIProbe.rest
            return .timedOut(after: after)
        }
    }

    private func failure(_ error: Tool.Failure, at time: Timestamp) -> ProbeError {
        switch error {
        case .missing: return .absent(because: "ipmitool is not installed: apt-get install ipmitool")
        case .timedOut(let after):
            restsUntil = time + IPMIProbe.rest
            return .timedOut(after: after)
        case .stuck: return .timedOut(after: IPMIProbe.commandDeadline)
        case .tooMuchOutput(let limit): return .malformed(path: "ipmitool", problem: "printed more than \(limit) bytes")
        case .signalled(let signal): return .malformed(path: "ipmitool", problem: "ended by signal \(signal)")
        case .failed(let words): return .malformed(path: "ipmitool", problem: words)
        }
    }

    /// The files that the kernel makes for its own BMC (Documentation/driver-api/ipmi.rst).
    private static let devices = ["/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"]
    /// SMBIOS type 38: the firmware names a BMC.
    private static let firmwareType: UInt8 = 38

    private func channel() throws(ProbeError) -> any IPMIChannel {
        guard asksThisMachine else {
            return IPMIToolChannel(tool: tool, connection: connection, deadline: IPMIProbe.commandDeadline)
        }
        guard tree.isThisMachine else {
            throw .absent(because: "the kernel's device asks a real BMC: for a recorded output give --input FILE")
        }
        guard let path = IPMIProbe.devices.first(where: tree.exists) else {
            let isNamed = !firmware().structures(ofType: IPMIProbe.firmwareType).isEmpty
            throw .absent(
                because: isNamed
                    ? "the firmware names a BMC, and /dev/ipmi0 is not there: modprobe ipmi_si ipmi_devintf"
                    : "no BMC: /dev/ipmi0 is not there (if the server has one: modprobe ipmi_si ipmi_devintf)")
        }
        do throws(SystemError) {
            return IPMIDriverChannel(
                with: try IPMIDevice(path), patience: IPMIProbe.answerPatience, whole: IPMIProbe.conversation,
                on: executor)
        } catch {
            switch error.code {
            case EACCES, EPERM: throw .denied(path: path)
            case ENXIO, ENODEV:
                throw .absent(because: "\(path) leads to no BMC, its driver is not loaded: modprobe ipmi_si")
            default: throw .unreadable(path: path, errno: error.code)
            }
        }
    }

    private func firmware() -> SMBIOS { parts.parts().firmware.table }

    // MARK: Sensors

    private static let repositoryInfo = IPMIRequest(function: 0x0A, command: 0x20)
    private static let deviceID = IPMIRequest(function: 0x06, command: 0x01)
    /// Hewlett-Packard's number (IANA private enterprise numbers).
    private static let enterpriseOfHP = 11

    /// The sensors with their readings of now.
    private func readings(
        over channel: any IPMIChannel, at time: Timestamp
    ) async throws(ProbeError) -> ([IPMISensor], List) {
        if var list, time - list.readAt < IPMIProbe.listAge, time >= list.readAt {
            list.looks += 1
            self.list = list
            let isDue = list.looks % IPMIProbe.looksPerCheck == 0
            if isDue { await readSelfTest(over: channel) }
            let repository = isDue ? try await ask(IPMIProbe.repositoryInfo, over: channel, at: time) : list.repository
            if repository == list.repository, let sensors = try await read(list, over: channel, at: time) {
                return (sensors, list)
            }
        }
        let list = try await readList(over: channel, at: time)
        // A list that was read by ipmitool alone has the readings of now in it.
        let isListed = list.records.allSatisfy { $0 == nil }
        return (isListed ? list.sensors : try await read(list, over: channel, at: time) ?? list.sensors, list)
    }

    /// Asks each sensor that there is a record for, and ipmitool for all others at once.
    /// - Returns: nil when the BMC has other sensors than those of the list.
    private func read(
        _ list: List, over channel: any IPMIChannel, at time: Timestamp
    ) async throws(ProbeError) -> [IPMISensor]? {
        let reader = IPMISensorReader(channel: channel, measuresWithStates: list.isByHP)
        let sensors: [IPMISensor]
        do throws(IPMITransportError) {
            sensors = try await reader.readings(of: list.sensors, list.records)
        } catch {
            throw failure(error, at: time)
        }
        guard list.records.contains(nil) else { return sensors }
        let bytes = try await ask(["-c", "sdr", "elist", "all"], stored: cacheFile, at: time)
        guard let told = IPMISensorOutput.reading(bytes, of: list.sensors) else { return nil }
        return zip(list.records, zip(sensors, told)).map { $0 == nil ? $1.1 : $1.0 }
    }

    private func readList(over channel: any IPMIChannel, at time: Timestamp) async throws(ProbeError) -> List {
        list = nil
        // First of all: a BMC that does not answer would keep ipmitool for minutes.
        let repository = try await ask(IPMIProbe.repositoryInfo, over: channel, at: time)
        let folder = cacheFile == nil ? IPMIProbe.temporaryFolder() : nil
        let stored = cacheFile ?? folder.map { "\($0)/ipmi.sdr" }
        defer {
            if let stored, let folder {
                unsafe unlink(stored)
                unsafe rmdir(folder)
            }
        }
        if let stored {
            unsafe unlink(stored)
            _ = try await ask(["sdr", "dump", stored], stored: nil, within: IPMIProbe.listDeadline, at: time)
        }
        let bytes = try await ask(
            ["-v", "sdr", "list", "all"], stored: stored, within: IPMIProbe.listDeadline, at: time)
        let sensors: [IPMISensor]
        do throws(IPMIRefusal) {
            sensors = try IPMISensorOutput(parsing: bytes).sensors
        } catch {
            throw .malformed(path: "ipmitool sdr list", problem: "the BMC gave no sensor: does it answer? \(error)")
        }
        var records: [IPMISensorRecord] = []
        var isByHP = false
        if asksThisMachine, let stored, let dump = try? SysTree().bytes(stored, limit: IPMIProbe.repositoryBytes) {
            records = IPMISensorRecord.records(in: dump)
            let device = try await ask(IPMIProbe.deviceID, over: channel, at: time)
            isByHP = device.count >= 9 && IPMIProbe.manufacturer(device) == IPMIProbe.enterpriseOfHP
        }
        let parts = IPMIParts(firmware: firmware())
        // The rest is good to have: a BMC without it is a BMC still.
        var inventory: [Component] = []
        if let units = try? await run(["fru", "print"], stored: stored, within: IPMIProbe.listDeadline) {
            inventory = (try? IPMIInventory(parsing: units, parts: parts))?.components ?? []
        }
        if let info = try? await run(["mc", "info"], stored: nil) {
            inventory += BMCStatus(parsing: info).result(at: time).components
        }
        await readSelfTest(over: channel)
        tellsPower = true
        let list = List(
            sensors: sensors, records: IPMISensorRecord.joined(records, with: sensors), inventory: inventory,
            parts: parts, readAt: time, repository: repository, isByHP: isByHP)
        self.list = list
        return list
    }

    /// The manufacturer's number in the answer to Get Device ID (section 20.1).
    private static func manufacturer(_ device: [UInt8]) -> Int {
        Int(device[6]) | Int(device[7]) << 8 | Int(device[8] & 0x0F) << 16
    }

    /// A folder that nobody else may look into; nil where none can be made.
    private static func temporaryFolder() -> String? {
        var path = Array("/tmp/callhome-ipmi.XXXXXX".utf8CString)
        return unsafe path.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
    }

    private func readSelfTest(over channel: any IPMIChannel) async {
        let answer = try? await channel.answer(to: BMCStatus.selfTestRequest)
        selfTest = answer?.granted.flatMap(BMCStatus.selfTest(parsing:))
    }

    /// The chassis, the power that it takes, and the BMC's self-test.
    private func controller(over channel: any IPMIChannel) async -> BMCStatus {
        var controller = BMCStatus(selfTest: selfTest)
        if let status = try? await channel.answer(to: BMCStatus.Chassis.request) {
            controller.chassis = status.granted.flatMap(BMCStatus.Chassis.init(parsing:))
        }
        if tellsPower, let answer = try? await channel.answer(to: BMCStatus.Power.request) {
            controller.power = answer.granted.flatMap(BMCStatus.Power.init(parsing:))
            // Most BMCs without DCMI refuse at once; they are asked again with the next list.
            tellsPower = controller.power != nil
        }
        return controller
    }

    // MARK: Event log

    private struct Log {
        var events: IPMIEventSignals?
        var observations: [Observation] = []
        /// nil: the log could not be read, and what was reported before stands.
        var cursor: IPMICursor?
    }

    // Network function 0Ah (storage), chapter 31.
    private static let getInfo = IPMIRequest(function: 0x0A, command: 0x40)
    private static let getTime = IPMIRequest(function: 0x0A, command: 0x48)

    /// Get SEL Entry: no reservation, the record's number, all of it.
    private static func getEntry(_ record: UInt16) -> IPMIRequest {
        IPMIRequest(
            function: 0x0A, command: 0x43, data: [0, 0, UInt8(record & 0xFF), UInt8(record >> 8), 0, 0xFF])
    }

    private func log(
        since past: IPMICursor?, _ list: List, over channel: any IPMIChannel, at time: Timestamp
    ) async -> Log {
        let signal = Signal("hw.event_log.used")
        func observation(_ measurement: Measurement) -> Observation {
            Observation(component: IPMIParts.board.id, signal: signal, measurement: measurement, time: time)
        }
        func granted(_ request: IPMIRequest) async -> [UInt8]? { (try? await channel.answer(to: request))?.granted }
        guard let info = await granted(IPMIProbe.getInfo).flatMap({ IPMIEventLogInfo(parsing: $0) }) else {
            return Log(observations: [observation(.unavailable(.readError))])
        }
        var log = Log(observations: [observation(.reading(info.used))])
        func shownTime() async -> UInt32? {
            guard let bytes = await granted(IPMIProbe.getTime), bytes.count == 4 else { return nil }
            return (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << UInt32(8 * $1) }
        }
        var clock = past == nil ? await shownTime() : nil
        let read = try? await IPMIEventLog(since: past, info: info, clock: clock) { record in
            (try? await channel.answer(to: IPMIProbe.getEntry(record)))?.granted.flatMap(
                IPMIEventLogEntry.init(parsing:))
        }
        if let read {
            // The BMC's clock is often of another zone, or wrong: the age of entries is taken by it.
            if clock == nil, !read.events.isEmpty { clock = await shownTime() }
            log.events = IPMIEventSignals(
                read.events, sensors: list.sensors, parts: list.parts, clock: clock, at: time)
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
