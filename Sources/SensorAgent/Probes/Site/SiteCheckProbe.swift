import Glibc
public import Reports

/// `site`: what a site checks by itself: any monitoring plugin or `KEY=value` script in a folder of its own
/// (`/etc/callhome/site.d`): the age of backups, replication, services.
///
/// Each check is a component `check:NAME` with its state and values; the age of backups stands on the server. A check
/// runs as the agent's user and without the capabilities that the agent reads hardware with.
public actor SiteCheckProbe: Probe {
    public nonisolated let name = "site"
    public nonisolated let interval = Duration.seconds(300)
    public nonisolated let deadline = Duration.seconds(280)

    public static let standardFolder = "/etc/callhome/site.d"

    /// Checks run at once.
    private static let parallel = 4

    private let tree: SysTree
    private let folder: String
    private let owner: UInt32
    private let checkDeadline: Duration
    /// Drops the capabilities that it would inherit, then becomes the check: setpriv(1) of util-linux. Taking the
    /// inheritable ones too would take capset(2), which the unit forbids.
    private let runner = Tool(named: "setpriv")

    /// - Parameters:
    ///   - folder: where the checks lie.
    ///   - owner: whom they must belong to.
    ///   - checkDeadline: time for one check.
    public init(
        tree: SysTree, folder: String = SiteCheckProbe.standardFolder, owner: UInt32 = 0,
        checkDeadline: Duration = .seconds(30)
    ) {
        self.tree = tree
        self.folder = folder
        self.owner = owner
        self.checkDeadline = checkDeadline
    }

    private enum Answer: Sendable {
        /// With what is wrong where its exit code means nothing.
        case told(SiteCheckOutput, SiteCheckProblem?)
        case silent(Unavailable, SiteCheckProblem)
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        guard tree.isThisMachine else {
            throw .absent(because: "checks of a site run on the machine itself, never on a recorded tree")
        }
        guard let programs = TrustedPrograms.list(in: folder, owner: owner), !programs.isEmpty else {
            throw .absent(
                because: "no check in \(folder): a monitoring plugin or a script that prints KEY=value, put there by "
                    + "root, is run every five minutes")
        }
        let answers = await answers(of: programs, at: time)
        var result = ProbeResult(components: [.server])
        var ages: [Double] = []
        var watchesBackups = false
        for (program, answer) in answers {
            add(program, answer, at: time, &result)
            switch answer {
            case .told(let answer, _):
                guard let age = answer.backupAge else {
                    let isBackup = answer.unreadableKey?.uppercased().hasPrefix("BACKUP") ?? false
                    watchesBackups = watchesBackups || isBackup
                    continue
                }
                ages.append(age)
                result.observations.append(SiteCheckProbe.backup(program.name, .gauge(age), at: time))
            case .silent: watchesBackups = watchesBackups || program.name.lowercased().contains("backup")
            }
        }
        // While one of them is silent, another may be younger than those that are known: only for sure they are not older.
        if let newest = ages.min() {
            result.observations.append(SiteCheckProbe.backup("newest", .gauge(newest), at: time))
        } else if watchesBackups {
            result.observations.append(SiteCheckProbe.backup("newest", .unavailable(.readError), at: time))
        }
        return result
    }

    private static func backup(_ name: String, _ measurement: Measurement, at time: Timestamp) -> Observation {
        Observation(
            component: .server, signal: Signal("hw.backup.age", ["backup": name]), measurement: measurement, time: time)
    }

    private func add(
        _ program: TrustedPrograms.Program, _ answer: Answer, at time: Timestamp, _ result: inout ProbeResult
    ) {
        let id = ComponentID(.check, program.name)
        var attributes = ["path": program.path]
        let problem: SiteCheckProblem? =
            switch answer {
            case .told(_, let problem): problem
            case .silent(_, let problem): problem
            }
        attributes.merge(problem?.attributes ?? [:]) { $1 }
        result.components.append(
            Component(id: id, kind: .check, parent: .server, name: program.name, attributes: attributes))
        func add(_ signal: Signal, _ measurement: Measurement) {
            result.observations.append(Observation(component: id, signal: signal, measurement: measurement, time: time))
        }
        switch answer {
        case .told(let answer, _):
            add(Signal("hw.site.check"), answer.state.map { .state($0) } ?? .unavailable(.readError))
            for value in answer.values {
                add(Signal("hw.site.value", ["name": value.name, "unit": value.unit]), .gauge(value.value))
            }
        case .silent(let reason, _): add(Signal("hw.site.check"), .unavailable(reason))
        }
    }

    // MARK: Running

    private func answers(
        of programs: [TrustedPrograms.Program], at time: Timestamp
    ) async -> [(TrustedPrograms.Program, Answer)] {
        var answers: [(TrustedPrograms.Program, Answer)] = []
        await withTaskGroup(of: (TrustedPrograms.Program, Answer).self) { group in
            var waiting = programs[...]
            for program in waiting.prefix(SiteCheckProbe.parallel) {
                group.addTask { (program, await self.answer(of: program, at: time)) }
            }
            waiting = waiting.dropFirst(SiteCheckProbe.parallel)
            for await answer in group {
                answers.append(answer)
                if let program = waiting.popFirst() {
                    group.addTask { (program, await self.answer(of: program, at: time)) }
                }
            }
        }
        return answers.sorted { SysTree.naturallyOrdered($0.0.name, $1.0.name) }
    }

    private func answer(of program: TrustedPrograms.Program, at time: Timestamp) async -> Answer {
        if let problem = program.problem {
            return .silent(problem.kind == .missing ? .readError : .denied, SiteCheckProblem(problem))
        }
        if let problem = SiteCheckProblem.ofInterpreter(program.path) { return .silent(.readError, problem) }
        let arguments = ["--no-new-privs", "--ambient-caps=-all", program.path]
        do throws(Tool.Failure) {
            let output = try await runner.run(arguments, for: program.name, deadline: checkDeadline)
            let answer = SiteCheckOutput(parsing: output.bytes, exitCode: output.exitCode, name: program.name, at: time)
            if let key = answer.unreadableKey {
                return .told(answer, SiteCheckProblem("unreadable-value", program.path, key))
            }
            let isUnknown = answer.state == nil
            return .told(
                answer, isUnknown ? SiteCheckProblem("exit-code", program.path, "\(output.exitCode)") : nil)
        } catch { return .silent(error.unavailable, SiteCheckProblem(error, of: program.path)) }
    }
}
