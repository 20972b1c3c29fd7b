import Daemon
import Glibc
public import Reports

/// `ups`: every UPS that the upsd(8) of this machine knows, over its protocol (RFC 9271), with the mains' voltage, load,
/// battery and test result.
///
/// A UPS whose driver does not answer (`DATA-STALE`) is `unavailable`: it is neither on the mains nor off them.
public actor UPSProbe: Probe {
    public nonisolated let name = "ups"
    public nonisolated let interval = Duration.seconds(10)
    public nonisolated let deadline = Duration.seconds(9)

    /// For all queries of one look.
    private static let conversation = Duration.seconds(6)
    /// RFC 9271, section 3.
    public static let port: UInt16 = 3493
    private static let upsLimit = 64

    private let input: String?
    private let asksThisMachine: Bool
    private let port: UInt16
    private let executor = BlockingExecutor(label: "callhome.ups")
    /// By upsd's name: what a UPS was when it answered last.
    private var known: [String: (ups: Component, battery: Component)] = [:]
    /// By upsd's name.
    private var mains: [String: MainsHistory] = [:]
    /// Serial numbers that two of them bore.
    private var shared: Set<String> = []

    /// - Parameters:
    ///   - input: a file with what upsc prints of one UPS, read in place of upsd.
    ///   - port: where upsd listens on 127.0.0.1.
    public init(tree: SysTree, input: String? = nil, port: UInt16 = UPSProbe.port) {
        self.input = input
        self.port = port
        asksThisMachine = tree.isThisMachine
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        guard asksThisMachine else {
            throw .absent(because: "upsd answers on a running machine: for a recorded output of upsc give --input FILE")
        }
        do throws(LineConnection.Failure) {
            return try look(at: time)
        } catch {
            let address = "upsd at 127.0.0.1:\(port)"
            switch error {
            case .refused(let errno) where errno == ECONNREFUSED || errno == ENETUNREACH:
                throw .absent(
                    because: "nobody listens at 127.0.0.1:\(port): if a UPS is attached, apt-get install nut-server "
                        + "and name it in /etc/nut/ups.conf")
            case .refused(let errno): throw .unreadable(path: address, errno: errno)
            case .timedOut: throw .timedOut(after: UPSProbe.conversation)
            case .closed: throw .malformed(path: address, problem: "hung up in the middle of an answer")
            case .lineTooLong(let limit):
                throw .malformed(path: address, problem: "sent a line of more than \(limit) bytes")
            }
        }
    }

    private func look(at time: Timestamp) throws(LineConnection.Failure) -> ProbeResult {
        let connection = try LineConnection(loopbackPort: port, deadline: UPSProbe.conversation)
        var answers: [(name: String, variables: UPSVariables?, error: String)] = []
        for name in try list("UPS", over: connection).lines.prefix(UPSProbe.upsLimit).compactMap({ $0.first }) {
            let answer = try list("VAR \(name)", over: connection)
            guard answer.error == nil else {
                answers.append((name, nil, answer.error ?? ""))
                continue
            }
            var variables = UPSVariables()
            for words in answer.lines where words.count >= 3 { variables.set(words[1], words[2]) }
            answers.append((name, variables, ""))
        }
        try connection.send(line: "LOGOUT")
        let bearers = Dictionary(grouping: answers.compactMap { $0.variables?.serial }, by: { $0 })
        shared.formUnion(bearers.filter { $0.value.count > 1 }.keys)
        var result = ProbeResult()
        for (name, variables, error) in answers {
            guard let variables else {
                result.take(silent(name, error, at: time))
                continue
            }
            let isShared = variables.serial.map(shared.contains) ?? false
            let parts = variables.components(name: name, isShared: isShared)
            known[name] = parts
            result.take(variables.result(name: name, isShared: isShared, at: time))
            mains[name, default: MainsHistory()].take(variables.isOnMains)
            result.observations.append(
                Observation(
                    component: parts.ups.id, signal: Signal("hw.power_loss"),
                    measurement: .counter(mains[name]?.losses ?? 0), time: time))
        }
        return result
    }

    /// A UPS for which upsd has no data now.
    private func silent(_ name: String, _ error: String, at time: Timestamp) -> ProbeResult {
        let (ups, battery) = known[name] ?? UPSVariables().components(name: name)
        let reason: Unavailable = error.hasPrefix("ACCESS") ? .denied : .readError
        return ProbeResult(
            components: [ups, battery],
            observations: UPSVariables.flags.map { flag in
                Observation(
                    component: ups.id, signal: Signal("hw.ups.status", ["flag": flag]),
                    measurement: .unavailable(reason), time: time)
            })
    }

    private struct Answer {
        var lines: [[String]] = []
        /// `DATA-STALE`, `DRIVER-NOT-CONNECTED`, `ACCESS-DENIED`.
        var error: String?
    }

    /// `LIST what` (RFC 9271, section 4.2.4): the lines between BEGIN and END, each without its first word.
    private func list(_ what: String, over connection: LineConnection) throws(LineConnection.Failure) -> Answer {
        try connection.send(line: "LIST \(what)")
        var answer = Answer()
        for _ in 0..<UPSVariables.variableLimit {
            let line = try connection.readLine()
            if line.hasPrefix("ERR ") {
                answer.error = String(line.dropFirst(4).prefix(80))
                return answer
            }
            if line.hasPrefix("END LIST") { return answer }
            if !line.hasPrefix("BEGIN LIST") { answer.lines.append(Array(UPSProbe.words(line).dropFirst())) }
        }
        throw .lineTooLong(limit: UPSVariables.variableLimit)
    }

    /// Words between blanks; one in quotes may hold blanks, and `\"` and `\\`.
    static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var (isQuoted, isEscaped, hasWord) = (false, false, false)
        for character in line {
            if isEscaped {
                word.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                hasWord = true
            } else if character == " ", !isQuoted {
                if hasWord || !word.isEmpty { words.append(word) }
                (word, hasWord) = ("", false)
            } else {
                word.append(character)
            }
        }
        if hasWord || !word.isEmpty { words.append(word) }
        return words
    }

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        do throws(UPSRefusal) {
            return try UPSVariables(parsing: bytes).result(name: "ups", at: time)
        } catch {
            throw .malformed(path: file, problem: error.description)
        }
    }
}
