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

    /// A program and how it is asked.
    private struct Program: Sendable {
        var tool: Tool
        var name: String
        var runs: [[String]]
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
        let storcli = [["/call", "show", "all", "J", "nolog"], ["/call/eall/sall", "show", "all", "J", "nolog"]]
        let megacli = [
            ["-PDList", "-aALL", "-NoLog"], ["-LDInfo", "-Lall", "-aALL", "-NoLog"], ["-AdpBbuCmd", "-aALL", "-NoLog"],
        ]
        let smartArray = [["ctrl", "all", "show", "config", "detail"]]
        // Of programs for the same controllers the newest alone is asked.
        let families: [[(String, [[String]])]] = [
            [("storcli64", storcli), ("storcli", storcli), ("MegaCli64", megacli), ("megacli", megacli)],
            [("perccli64", storcli), ("perccli", storcli)],
            [("ssacli", smartArray), ("hpssacli", smartArray), ("hpacucli", smartArray)],
            [("sas3ircu", [["0", "display"]])], [("sas2ircu", [["0", "display"]])],
            [("arcconf", [["GETCONFIG", "1", "AL", "nologs"]])],
        ]
        programs = families.compactMap { family in
            for (name, runs) in family {
                let tool = paths.map { $0[name].map { Tool(path: $0) } } ?? Tool(named: name)
                if let tool, tool.isInstalled { return Program(tool: tool, name: name, runs: runs) }
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
            for arguments in program.runs {
                do throws(Tool.Failure) {
                    let output = try await program.tool.run(
                        arguments, for: arguments.joined(separator: " "), deadline: RaidControllerProbe.runDeadline)
                    do throws(ControllerOutput.Refusal) {
                        controllers.merge(try ControllerOutput.controllers(output.bytes))
                    } catch {
                        problem = problem ?? .malformed(path: program.name, problem: error.because)
                    }
                } catch {
                    problem = problem ?? RaidControllerProbe.error(error, of: program.name)
                }
            }
        }
        guard !controllers.isEmpty else {
            throw problem ?? .absent(because: "the installed programs know no RAID controller")
        }
        var reading = ControllerReading(time: time)
        for controller in controllers { reading.add(controller) }
        return reading.result
    }

    private static func error(_ failure: Tool.Failure, of program: String) -> ProbeError {
        switch failure {
        case .timedOut(let after): .timedOut(after: after)
        case .stuck: .timedOut(after: runDeadline)
        case .missing: .absent(because: "\(program) is not installed any more")
        case .tooMuchOutput(let limit): .malformed(path: program, problem: "printed more than \(limit) bytes")
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
}
