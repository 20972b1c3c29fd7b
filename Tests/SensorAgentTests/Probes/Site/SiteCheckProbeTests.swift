import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Checks of a site")
struct SiteChecksTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    /// A folder of checks that belong to whoever runs the tests.
    private func folder(_ scripts: KeyValuePairs<String, String>) throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for (name, script) in scripts {
            _ = try scratch.program(name, "#!/bin/sh\n\(script)\n")
        }
        return scratch
    }

    private func observe(_ scratch: ScratchFolder, deadline: Duration = .seconds(30)) async throws -> ProbeResult {
        try await SiteCheckProbe(
            tree: SysTree(), folder: scratch.url.path, owner: geteuid(), checkDeadline: deadline
        ).observe(at: Self.now, since: nil)
    }

    private func value(_ result: ProbeResult, _ check: String, _ signal: Signal) -> Reports.Measurement? {
        result.observations.first { $0.component.rawValue == check && $0.signal == signal }?.measurement
    }

    private static let state = Signal("hw.site.check")

    @Test("a plugin's exit code is its state, and its performance data are values")
    func plugin() async throws {
        let scratch = try folder([
            "check_disk": "echo \"DISK WARNING | /=2643MB;5948;5958;0;5968 'a b=c'=12.5%;;; bad broken=x\"; exit 1",
            "check_ok": "echo fine", "check_lost": "exit 3", "check_odd": "exit 77",
        ])
        let result = try await observe(scratch)
        #expect(value(result, "check:check_disk", Self.state) == .state("warning"))
        #expect(
            value(result, "check:check_disk", Signal("hw.site.value", ["name": "/", "unit": "MB"])) == .reading(2643))
        #expect(
            value(result, "check:check_disk", Signal("hw.site.value", ["name": "a b=c", "unit": "%"])) == .reading(12.5)
        )
        #expect(result.observations.filter { $0.signal.name == "hw.site.value" }.count == 2)
        #expect(value(result, "check:check_ok", Self.state) == .state("ok"))
        #expect(value(result, "check:check_lost", Self.state) == .unavailable(.readError))
        #expect(value(result, "check:check_odd", Self.state) == .unavailable(.readError))
        let kinds = Dictionary(uniqueKeysWithValues: result.components.map { ($0.id, $0.kind) })
        for observation in result.observations {
            let kind = try #require(kinds[observation.component])
            #expect(
                SignalCatalogue.objection(to: observation.signal, of: kind, measurement: observation.measurement) == nil
            )
        }
    }

    @Test("the newest of several backups is told, and one that is silent does not count as fresh")
    func backups() async throws {
        let scratch = try folder([
            "backup-files": "echo BACKUP_AGE=7200; echo STATUS=ok",
            "backup-base": "echo BACKUP_TIME=\(1_763_712_000 - 3600)",
            "check_backup_off": "echo \"OK | age=2h;24;48 size=5GB\"", "backup-broken": "exit 3",
        ])
        let result = try await observe(scratch)
        let age = { (name: String) in self.value(result, "server:main", Signal("hw.backup.age", ["backup": name])) }
        #expect(age("backup-files") == .reading(7200))
        #expect(age("backup-base") == .reading(3600))
        #expect(age("check_backup_off") == .reading(7200))
        #expect(age("newest") == .reading(3600))
        #expect(age("backup-broken") == nil)
    }

    @Test(
        "a backup whose age or time is no number is not good, and says why",
        arguments: ["BACKUP_TIME=", "BACKUP_TIME=x", "BACKUP_AGE=3h", "BACKUP_AGE=nan", "STATUS=fine"])
    func unreadable(line: String) async throws {
        let result = try await observe(
            folder(["nightly": "echo '\(line)'", "sure": "echo '\(line)'; echo STATUS=critical"]))
        let key = String(line.prefix { $0 != "=" })
        #expect(value(result, "check:nightly", Self.state) == .unavailable(.readError))
        #expect(value(result, "check:sure", Self.state) == .state("critical"))
        let advice = result.components.first { $0.name == "nightly" }.flatMap(ComponentAdvice.advice)
        #expect(advice?.code == "site.unreadable-value" && advice?.values.last == key)
        if key != "STATUS" {
            let newest = Signal("hw.backup.age", ["backup": "newest"])
            #expect(value(result, "server:main", newest) == .unavailable(.readError))
        }
    }

    @Test("what others may write, what is no program and what belongs to somebody else is not run")
    func trust() async throws {
        let scratch = try folder(["open": "echo STATUS=ok", "plain": "echo STATUS=ok", "good": "echo STATUS=ok"])
        let set = { (name: String, mode: Int) in
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: scratch.url.appending(path: name).path)
        }
        try set("open", 0o777)
        try set("plain", 0o644)
        try scratch.link("linked", to: "good")
        try scratch.write("note~", "x")
        try scratch.write(".hidden", "x")
        let result = try await observe(scratch)
        for name in ["open", "plain", "linked"] {
            #expect(value(result, "check:\(name)", Self.state) == .unavailable(.denied))
        }
        #expect(value(result, "check:good", Self.state) == .state("ok"))
        let problems = Dictionary(
            uniqueKeysWithValues: result.components.compactMap { part in
                ComponentAdvice.advice(ofCheck: part).map { (part.name, $0) }
            })
        let path = { (name: String) in scratch.url.appending(path: name).path }
        #expect(
            problems == [
                "open": Advice("site.writable", path("open")), "plain": Advice("site.not-executable", path("plain")),
                "linked": Advice("site.not-regular", path("linked")),
            ])
        #expect(problems["open"]?.step(in: .german)?.contains("chmod go-w \(path("open"))") == true)
        #expect(!result.components.contains { $0.name.contains("note") || $0.name.contains("hidden") })
        let strangers = TrustedPrograms.list(in: scratch.url.path, owner: geteuid() + 1)
        #expect(strangers?.allSatisfy { $0.problem?.kind == .foreignOwner(geteuid()) } == true)
        try set("", 0o777)
        #expect(TrustedPrograms.list(in: scratch.url.path, owner: geteuid())?.allSatisfy { $0.problem != nil } == true)
    }

    @Test("the look itself says what is wrong with a check and what to do, and does not end as if all were well")
    func looked() async throws {
        let scratch = try folder(["plain": "echo STATUS=ok", "wrong": "echo STATUS=wrong", "good": "echo STATUS=ok"])
        let plain = scratch.url.appending(path: "plain").path
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: plain)
        let probe = SiteCheckProbe(tree: SysTree(), folder: scratch.url.path, owner: geteuid())
        let document = await ProbeDocument(observing: [probe], at: Self.now)
        #expect(document.text.contains("is not executable") && document.text.contains("chmod 755 \(plain)"))
        #expect(document.text.contains("STATUS must be ok, warning or critical"))
        // Neither rights nor a device of the machine are in the way.
        #expect(!document.text.contains("sudo") && !document.text.contains("journalctl"), "\(document.text)")
        #expect(document.hasBrokenCheck && document.exitCode == 0)
        #expect(try await AgentProgram.look(with: [probe], json: true) == ExitStatus.negative.rawValue)
        let well = try folder(["good": "echo STATUS=ok"])
        let good = SiteCheckProbe(tree: SysTree(), folder: well.url.path, owner: geteuid())
        #expect(try await AgentProgram.look(with: [good], json: true) == 0)
    }

    @Test("a check that cannot be run, or whose end says nothing, is told with its file and why")
    func named() async throws {
        let scratch = try ScratchFolder()
        for (name, text) in [
            "shell": "#!/nonexistent/zsh\necho STATUS=ok\n", "env": "#!/usr/bin/env no-such-python\nx\n",
            "windows": "#!/bin/sh\r\necho STATUS=ok\r\n", "odd": "#!/bin/sh\nexit 77\n",
            "good": "#!/usr/bin/env sh\necho STATUS=ok\n", "backup-odd": "#!/bin/sh\nexit 3\n",
        ] {
            _ = try scratch.program(name, text)
        }
        let result = try await observe(scratch)
        let path = { (name: String) in scratch.url.appending(path: name).path }
        let advices = result.components.compactMap { ComponentAdvice.advice(ofCheck: $0) }
        #expect(
            Set(advices) == [
                Advice("site.no-interpreter", path("shell"), "/nonexistent/zsh"),
                Advice("site.no-interpreter", path("env"), "no-such-python"), Advice("site.line-ends", path("windows")),
                Advice("site.exit-code", path("odd"), "77"), Advice("site.exit-code", path("backup-odd"), "3"),
            ])
        #expect(advices.allSatisfy { $0.hasStep && $0.because(in: .german)?.contains(scratch.url.path) == true })
        for name in ["shell", "env", "windows", "odd"] {
            #expect(value(result, "check:\(name)", Self.state) == .unavailable(.readError))
        }
        #expect(value(result, "check:good", Self.state) == .state("ok"))
        let gone = TrustedPrograms.program("gone", in: scratch.url.path, nil, owner: geteuid())
        #expect(gone.problem == TrustedPrograms.Problem(kind: .missing, path: path("gone")))
    }

    @Test("a check that hangs after half its answer is unavailable, and delays no other")
    func hangs() async throws {
        let scratch = try folder(["slow": "echo 'OK | a=1'; while :; do sleep 1; done", "fast": "echo STATUS=critical"])
        let result = try await observe(scratch, deadline: .seconds(8))
        #expect(value(result, "check:slow", Self.state) == .unavailable(.timedOut))
        #expect(value(result, "check:fast", Self.state) == .state("critical"))
    }

    @Test("a check that floods, or prints what is no text, is bounded")
    func floods() async throws {
        let scratch = try folder([
            "endless": "head -c 10000000 /dev/zero", "binary": "head -c 1000 /dev/urandom",
            "many": "i=0; while [ $i -lt 500 ]; do echo \"v$i=$i\"; i=$((i+1)); done",
        ])
        let result = try await observe(scratch)
        #expect(value(result, "check:endless", Self.state) == .unavailable(.malformed))
        #expect(value(result, "check:binary", Self.state) == .state("ok"))
        #expect(result.observations.filter { $0.component.rawValue == "check:many" }.count == 65)
    }

    @Test("a check is started without the agent's capabilities, and cannot get others")
    func capabilities() async throws {
        let scratch = try folder([
            "caps": "grep -q '^NoNewPrivs:.1' /proc/self/status && grep -q '^CapAmb:.0*$' /proc/self/status"
        ])
        #expect(value(try await observe(scratch), "check:caps", Self.state) == .state("ok"))
    }

    @Test("a folder that is not there, or empty, is absent and says what belongs there")
    func absent() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("empty/.keep", "")
        for folder in ["/nonexistent", scratch.url.appending(path: "empty").path] {
            let error = await #expect(throws: ProbeError.self) {
                try await SiteCheckProbe(tree: SysTree(), folder: folder, owner: geteuid()).observe(
                    at: Self.now, since: nil)
            }
            #expect(error?.coverageState == "absent")
        }
    }

    @Test(
        "answers are read in either form",
        arguments: [
            ("A=1\nB=\"2\"\n# no\n", 2), ("A=1\nsome words\n", 0), ("text | a=1 b=2;;;; c=3ms", 3), ("|", 0), ("=", 0),
            ("x | 'unended=1", 0), ("x | ''=1 =2 a= a=1 a=2", 1), ("x | a=nan b=inf", 0),
        ])
    func forms(text: String, count: Int) {
        let answer = SiteCheckOutput(parsing: Array(text.utf8), exitCode: 0, name: "x", at: Self.now)
        #expect(answer.values.count == count)
    }
}
