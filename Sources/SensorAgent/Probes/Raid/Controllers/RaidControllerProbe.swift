public import Reports

/// `raid-controllers`: controllers that hide their disks from the kernel, through their makers' programs where these are
/// installed: state of arrays and disks, bays, media errors, cache battery.
///
/// The programs ask the controller, and it answers from memory; each is run alone, with a deadline, and never again
/// before it has come back.
public actor RaidControllerProbe: Probe {
    public nonisolated let name = "raid-controllers"
    public nonisolated let interval = Duration.seconds(600)
    public nonisolated let deadline = Duration.seconds(300)

    /// Time for one run; a controller with a hundred disks takes half a minute.
    private static let runDeadline = Duration.seconds(90)

    /// How a program is asked.
    private enum Asking: Sendable {
        /// For all controllers at once.
        case all([[String]])
        /// For one controller after the other, whose numbers the program lists.
        case each(list: [String], first: Int, run: @Sendable (Int) -> [String])
    }

    private struct Program: Sendable {
        var tool: Tool
        var name: String
        var asking: Asking
    }

    private let input: String?
    private let programs: [Program]
    private let canAsk: Bool

    /// - Parameters:
    ///   - tree: of this machine; on a recorded one nothing is asked.
    ///   - input: a recorded output of one of the programs.
    ///   - paths: the paths of programs in place of those that the system has.
    public init(tree: SysTree, input: String? = nil, paths: [String: String]? = nil) {
        self.input = input
        canAsk = tree.isThisMachine || paths != nil
        // Disks that sit on the controller itself are in no enclosure.
        let storcli = Asking.all([
            ["/call", "show", "all", "J", "nolog"], ["/call/eall/sall", "show", "all", "J", "nolog"],
            ["/call/sall", "show", "all", "J", "nolog"],
        ])
        let megacli = Asking.all([
            ["-PDList", "-aALL", "-NoLog"], ["-LDInfo", "-Lall", "-aALL", "-NoLog"], ["-AdpBbuCmd", "-aALL", "-NoLog"],
        ])
        let smartArray = Asking.all([["ctrl", "all", "show", "config", "detail"]])
        let integrated = Asking.each(list: ["list"], first: 0) { ["\($0)", "display"] }
        let arcconf = Asking.each(list: ["LIST", "nologs"], first: 1) { ["GETCONFIG", "\($0)", "AL", "nologs"] }
        // Of programs for the same controllers the newest alone is asked.
        let families: [[(String, Asking)]] = [
            [("storcli64", storcli), ("storcli", storcli), ("MegaCli64", megacli), ("megacli", megacli)],
            [("perccli64", storcli), ("perccli", storcli)],
            [("ssacli", smartArray), ("hpssacli", smartArray), ("hpacucli", smartArray)],
            [("sas3ircu", integrated)], [("sas2ircu", integrated)], [("arcconf", arcconf)],
        ]
        programs = families.compactMap { family in
            for (name, asking) in family {
                let tool = paths.map { $0[name].map { Tool(path: $0) } } ?? Tool(named: name)
                if let tool, tool.isInstalled { return Program(tool: tool, name: name, asking: asking) }
            }
            return nil
        }
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        guard canAsk else {
            throw .absent(
                because: "RAID controllers are asked on their machine: for a recorded output give --input FILE")
        }
        guard !programs.isEmpty else {
            throw .absent(
                because: "no program for a RAID controller is installed (storcli64, perccli64, ssacli, arcconf, "
                    + "sas3ircu, MegaCli64): where a controller hides its disks, install its maker's")
        }
        var controllers: [RaidController] = []
        var problem: ProbeError?
        for program in programs {
            let (read, trouble) = await RaidControllerProbe.ask(program)
            problem = problem ?? trouble
            controllers.join(read, of: program.name)
        }
        guard !controllers.isEmpty else {
            throw problem ?? .absent(because: "the installed programs know no RAID controller")
        }
        var reading = ControllerReading(time: time)
        for controller in controllers { reading.add(controller) }
        return reading.result
    }

    /// What a program reports of its controllers, and the first thing that went wrong.
    private static func ask(_ program: Program) async -> ([RaidController], ProbeError?) {
        var controllers: [RaidController] = []
        var problem: ProbeError?
        func run(_ arguments: [String], number: Int?) async {
            do throws(ProbeError) {
                let bytes = try await output(of: program, arguments)
                do throws(ControllerOutput.Refusal) {
                    var read = try ControllerOutput.controllers(bytes)
                    // arcconf does not repeat which one it was asked for.
                    if let number { for index in read.indices { read[index].name = "c\(number)" } }
                    controllers.merge(read)
                } catch {
                    problem = problem ?? .malformed(path: program.name, problem: error.because)
                }
            } catch {
                problem = problem ?? error
            }
        }
        switch program.asking {
        case .all(let runs): for arguments in runs { await run(arguments, number: nil) }
        case .each(let list, let first, let arguments):
            // Old versions list nothing: their first controller is asked all the same.
            let listed = (try? await output(of: program, list)).map(ControllerList.numbers) ?? []
            for number in listed.isEmpty ? [first] : listed { await run(arguments(number), number: number) }
        }
        return (controllers, problem)
    }

    private static func output(of program: Program, _ arguments: [String]) async throws(ProbeError) -> [UInt8] {
        do throws(Tool.Failure) {
            return try await program.tool.run(
                arguments, for: arguments.joined(separator: " "), deadline: runDeadline
            ).bytes
        } catch {
            throw RaidControllerProbe.error(error, of: program.name)
        }
    }

    private static func error(_ failure: Tool.Failure, of program: String) -> ProbeError {
        switch failure {
        case .timedOut(let after): .timedOut(after: after)
        case .stuck: .timedOut(after: runDeadline)
        case .missing: .absent(because: "\(program) is not installed any more")
        case .tooMuchOutput(let limit): .malformed(path: program, problem: "printed more than \(limit) bytes")
        case .signalled(let signal): .malformed(path: program, problem: "failed: ended by signal \(signal)")
        case .failed(let words): .malformed(path: program, problem: "failed: \(words)")
        }
    }

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        do throws(ControllerOutput.Refusal) {
            var reading = ControllerReading(time: time)
            for controller in try ControllerOutput.controllers(bytes) { reading.add(controller) }
            return reading.result
        } catch {
            throw .malformed(path: file, problem: error.because)
        }
    }
}

extension [RaidController] {
    /// Joins what several runs of a program print of the same controllers.
    fileprivate mutating func merge(_ others: [RaidController]) {
        for other in others {
            guard let index = firstIndex(where: { $0.name == other.name }) else {
                append(other)
                continue
            }
            self[index].fill(from: other)
        }
    }

    /// Adds what another program reports. Each counts its controllers from the same number on: the same one is known by
    /// its place or serial number alone, and another of the same name is told apart by the program.
    fileprivate mutating func join(_ others: [RaidController], of program: String) {
        for var other in others {
            let same = firstIndex {
                ($0.pci != nil && $0.pci == other.pci) || ($0.serial != nil && $0.serial == other.serial)
            }
            if let same {
                self[same].fill(from: other)
                continue
            }
            if contains(where: { $0.name == other.name }) { other.name = "\(program) \(other.name)" }
            append(other)
        }
    }
}
