import Foundation
import Reports
import Transfer

/// How long honest agents and a logged-in person wait, at a pace that leaves the collector time.
///
///     callhome-load latency URL TOKENS SECONDS NAME PASSWORD
///
/// Each agent sends a report every 250 ms, one person asks for a page of the console every 250 ms. Prints
/// `reports COUNT P50 P99 FAILED` and `console COUNT P50 P99 FAILED`, in milliseconds.
enum CollectorLatency {
    private static let pace = Duration.milliseconds(250)

    private struct Times: Sendable {
        var milliseconds: [Double] = []
        var failed = 0

        mutating func add(_ other: Times) {
            milliseconds += other.milliseconds
            failed += other.failed
        }

        func percentile(_ share: Double) -> Double {
            let sorted = milliseconds.sorted()
            return sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }

        func line(_ name: String) -> String {
            let words = [0.5, 0.99].map { String(format: "%.1f", percentile($0)) }
            return "\(name) \(milliseconds.count) \(words.joined(separator: " ")) \(failed)"
        }
    }

    static func run(url: String, tokens: [JoinToken], seconds: Int, name: String, password: String) async throws {
        var agents: [LoadAgent] = []
        for (index, token) in tokens.enumerated() {
            agents.append(try await LoadAgent(index: index, url: url, token: token))
        }
        let person = try await Visitor(url: url, name: name, password: password)
        let end = ContinuousClock.now + .seconds(seconds)
        let (reports, pages) = try await withThrowingTaskGroup(of: (Bool, Times).self) { group in
            for agent in agents { group.addTask { (true, await measured(until: end) { try await agent.sendOne() }) } }
            group.addTask { (false, await measured(until: end) { try await person.look() }) }
            var (reports, pages) = (Times(), Times())
            for try await (isReport, times) in group {
                if isReport { reports.add(times) } else { pages.add(times) }
            }
            return (reports, pages)
        }
        print(reports.line("reports"))
        print(pages.line("console"))
    }

    private static func measured(until end: ContinuousClock.Instant, _ work: () async throws -> Void) async -> Times {
        var times = Times()
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            do {
                try await work()
                times.milliseconds.append((ContinuousClock.now - start).inSeconds * 1000)
            } catch {
                times.failed += 1
            }
            // Ends early only with the program.
            try? await Task.sleep(for: pace)
        }
        return times
    }
}

/// A person with a browser who is logged in.
actor Visitor {
    private let http = HTTPTransfer(HTTPTransfer.Options(trust: .unverified))
    private let url: String
    private let cookie: String

    init(url: String, name: String, password: String) async throws {
        self.url = url
        let form = try await http.send(HTTPRequest(method: "GET", url: "\(url)/login"))
        let page = String(decoding: form.body, as: UTF8.self)
        let csrf = page.components(separatedBy: "name=\"csrf\" value=\"").dropFirst().first?.prefix { $0 != "\"" } ?? ""
        let own = (form.headers["set-cookie"] ?? "").prefix { $0 != ";" }
        let answer = try await http.send(
            HTTPRequest(
                method: "POST", url: "\(url)/login",
                headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", String(own))],
                body: Data("name=\(name)&password=\(password)&csrf=\(csrf)".utf8)))
        let session = (answer.headers["set-cookie"] ?? "").prefix { $0 != ";" }
        guard answer.status == 303, session.hasPrefix("__Host-callhome=") else {
            throw Problem(code: "login", message: "the login was refused with status \(answer.status)")
        }
        cookie = String(session)
    }

    func look() async throws {
        let answer = try await http.send(
            HTTPRequest(method: "GET", url: "\(url)/servers", headers: [("Cookie", cookie)]))
        guard answer.status == 200 else { throw Problem(code: "page", message: "status \(answer.status)") }
    }
}

/// An enrolled agent that is hostile: it sends as fast as it can, up to its budget, what costs most.
///
///     callhome-load hostile URL TOKENS SECONDS
enum HostileLoad {
    static func run(url: String, tokens: [JoinToken], seconds: Int) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, token) in tokens.enumerated() {
                group.addTask {
                    let agent = try await LoadAgent(index: index, url: url, token: token)
                    var round = 0
                    while ContinuousClock.now < end {
                        round += 1
                        // What is refused is refused: the next round goes on.
                        try? await agent.attack(round: round)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension LoadAgent {
    /// One heartbeat and its receipt.
    func sendOne() async throws {
        try prepare(batch: 1, count: 1)
        _ = try await send(until: ContinuousClock.now + .seconds(60))
    }

    /// 64 tests, 256 changes of faults, or an inventory of 10,000 parts.
    func attack(round: Int) async throws {
        func fault(_ number: Int, test: String?) -> Fault {
            Fault(
                id: FaultID(rawValue: "f\(round)-\(number)"), pattern: "x", revision: 1, faultClass: "x",
                component: ComponentID(.disk, "d\(number)"),
                suspects: [
                    Suspect(
                        component: ComponentID(.disk, "d\(round)-\(number)"), kind: .disk, name: "d", part: Part(),
                        certainty: 1)
                ], urgency: .order, because: String(repeating: "x", count: 2_000),
                texts: ["en": FaultText(title: "t", description: "d", impact: "i", action: "a")], action: "x",
                provenance: "x", test: test, openedAt: Timestamp(Date()), updatedAt: Timestamp(Date()))
        }
        let contents: [ReportContent]
        switch round % 3 {
        case 0:
            contents = (0..<64).map { number in
                .test(TestFault(id: "t\(round)-\(number)", fault: fault(number, test: "t\(round)-\(number)")))
            }
        case 1:
            contents = [
                .faults(
                    (0..<256).map {
                        FaultChange(kind: .opened, fault: fault($0, test: nil), because: "x", time: Timestamp(Date()))
                    })
            ]
        default:
            contents = [
                .inventory(
                    Inventory(
                        components: (0..<10_000).map {
                            Component(id: ComponentID(.disk, "d\($0)"), kind: .disk, name: "disk \($0)")
                        }))
            ]
        }
        try await post(contents)
    }
}
