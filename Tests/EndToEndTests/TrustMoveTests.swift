import Foundation
import TestSupport
import Testing

/// A site and its partner that ran with version 0.1, whose CA was the root of TLS as well: taken over by the present
/// programs, and then attacked with everything that passed for a collector before.
@Suite("Moving from the CA of before to the TLS root", .serialized)
struct TrustMoveTests {
    /// The unpacked directories of 0.1, on ports of their own.
    private final class OldSite {
        let folder: URL
        let ports: (site: Int, partner: Int)
        let collector: Program
        let partner: Program
        let agent: Program
        let socket: String
        /// By the name that an agent of 0.1 could have its certificate say.
        var address: String { "https://localhost:\(ports.site)" }
        var partnerAddress: String { "https://127.0.0.1:\(ports.partner)" }

        init() throws {
            let outer = FileManager.default.temporaryDirectory
                .appending(path: "callhome-move-\(UUID().uuidString.prefix(8))")
            ports = (try freePort(), try freePort())
            let archive = Site.packageRoot.appending(path: "Tests/Fixtures/DataDirectories/0.1.tar.gz").path
            let unpacked = try Program.run(
                "/usr/bin/python3",
                [
                    OldSite.script("unpack"), archive, outer.path, "48443=localhost:\(ports.site)",
                    "48444=127.0.0.1:\(ports.partner)",
                ])
            guard unpacked.status == 0 else { throw ProgramError(what: unpacked.output) }
            folder = outer.appending(path: "data-0.1")
            // The pattern that opened the case, and that of `callhome test`.
            let patterns = folder.appending(path: "patterns")
            try FileManager.default.createDirectory(at: patterns, withIntermediateDirectories: true)
            for file in ["Tests/EndToEndTests/Patterns/dimm-test-fault.yaml", "patterns/test/callhome-test.yaml"] {
                let source = Site.packageRoot.appending(path: file)
                try FileManager.default.copyItem(
                    at: source, to: patterns.appending(path: source.lastPathComponent))
            }
            let built = try Program.run(
                Program.built("callhome"),
                ["patterns", "build", patterns.path, "-o", folder.appending(path: "patterns.json").path])
            guard built.status == 0 else { throw ProgramError(what: built.output) }
            socket = "\(folder.path)/a.sock"
            partner = Program(
                "partner", Program.built("callhome-collector"),
                ["serve", "--config", folder.appending(path: "partner.conf").path], in: folder)
            collector = Program(
                "collector", Program.built("callhome-collector"),
                ["serve", "--config", folder.appending(path: "collector.conf").path], in: folder)
            agent = Program(
                "agent", Program.built("callhome-agent"),
                ["run", "--config", folder.appending(path: "agent.conf").path], in: folder)
            try Site.write(
                """
                data = \(folder.path)/partner
                listen = 127.0.0.1:\(ports.partner)
                socket = no
                urls = \(partnerAddress)
                site.name = The partner
                """, to: folder.appending(path: "partner.conf"))
            try Site.write(
                """
                data = \(folder.path)/collector
                listen = 127.0.0.1:\(ports.site)
                socket = no
                urls = \(address)
                site.name = Test practice
                site.address = 12 Long Street
                site.contact = Dr Test
                heartbeat.interval = 1s
                outbox.retry = 1s
                outbox.longest-retry = 2s
                recipient.upstream.kind = partner
                recipient.upstream.url = \(partnerAddress)
                recipient.upstream.pairing = \(folder.path)/pairing
                """, to: folder.appending(path: "collector.conf"))
            try writeAgent("agent.conf", state: "honest/state", socket: socket)
        }

        deinit {
            for program in [agent, collector, partner] { program.killNow() }
            try? FileManager.default.removeItem(at: folder.deletingLastPathComponent())
        }

        static func script(_ name: String) -> String {
            Site.packageRoot.appending(path: "Tests/EndToEndTests/Servers/\(name).py").path
        }

        func writeAgent(_ file: String, state: String, socket: String) throws {
            try Site.write(
                """
                state.directory = \(folder.path)/\(state)
                control.socket = \(socket)
                patterns.pack = \(folder.path)/patterns.json
                hostname = honest
                root = \(folder.path)/honest/root
                heartbeat.interval = 1s
                probe.memory-errors.interval = 200ms
                probe.chip-sensors.enabled = no
                probe.disk-health.enabled = no
                probe.inventory.enabled = no
                """, to: folder.appending(path: file))
        }

        func text(_ name: String) throws -> String {
            try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// What `callhome` prints with the login that 0.1 stored, or another one.
        func callhome(_ arguments: [String], login: String = "config") throws -> (status: Int32, output: String) {
            try Program.run(
                "/usr/bin/env",
                ["XDG_CONFIG_HOME=\(folder.path)/\(login)", Program.built("callhome")] + arguments)
        }

        func login(at address: String, fingerprint: String, to folder: String) throws -> (status: Int32, output: String)
        {
            try Program.run(
                "/bin/sh",
                [
                    "-c",
                    "XDG_CONFIG_HOME='\(self.folder.path)/\(folder)' '\(Program.built("callhome"))' login \(address) "
                        + "--password-stdin --ca-fingerprint \(fingerprint) < '\(self.folder.path)/password'",
                ])
        }

        func fingerprint(_ site: String) throws -> String {
            let printed = try Program.run(
                Program.built("callhome-collector"),
                ["fingerprint", "--config", folder.appending(path: "\(site).conf").path])
            return printed.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// How many certificates a server shows.
        func shown(_ port: Int) throws -> Int {
            let answer = try Program.run(
                "/bin/sh",
                ["-c", "openssl s_client -connect 127.0.0.1:\(port) -showcerts < /dev/null 2>&1"])
            return answer.output.components(separatedBy: "-----BEGIN CERTIFICATE-----").count - 1
        }

        func startCollectors() async throws {
            try partner.start()
            try collector.start()
            for program in [partner, collector] {
                try await eventually(within: .seconds(40), "the collector listens") {
                    program.output.contains("the collector listens") ? true : nil
                }
            }
        }

        /// `openssl x509` of a certificate in PEM.
        static func describe(_ pem: String, _ arguments: [String]) throws -> String {
            let result = try runProgram(
                "/usr/bin/openssl", ["x509", "-noout"] + arguments, input: Data(pem.utf8), withErrors: true)
            return String(decoding: result.output, as: UTF8.self)
        }

        /// What an impostor was asked beyond the CA.
        func requests(_ kind: String) -> String {
            (try? String(contentsOf: folder.appending(path: "\(kind).requests"), encoding: .utf8)) ?? ""
        }

        func enrolment() throws -> (root: String, certificate: String) {
            let data = try Data(contentsOf: folder.appending(path: "honest/state/identity.json"))
            guard let identity = try JSONSerialization.jsonObject(with: data) as? [String: Any],
                let enrolment = identity["enrolment"] as? [String: Any], let root = enrolment["ca"] as? String,
                let certificate = enrolment["certificate"] as? String
            else { throw ProgramError(what: "no enrolment") }
            return (root, certificate)
        }
    }

    private struct CaseLine: Decodable {
        var number: String
        var state: String
    }

    private func cases(_ site: OldSite) throws -> [CaseLine] {
        let answer = try site.callhome(["cases", "list", "--json"])
        guard answer.status == 0 else { throw ProgramError(what: answer.output) }
        return try JSONDecoder().decode([CaseLine].self, from: Data(answer.output.utf8))
    }

    @Test("Nothing is done by hand, nothing is lost, and whoever passed for the collector does so no more")
    func moves() async throws {
        let site = try OldSite()
        try await site.startCollectors()
        // Before anybody has moved: all that trusted the CA of before goes on, and who has to move is told.
        #expect(try site.shown(site.ports.site) == 2)
        let before = try cases(site)
        #expect(before.map(\.state) == ["open"], "\(before)")
        let servers = try site.callhome(["servers", "list"])
        for name in ["honest", "localhost"] {
            let line = servers.output.split(separator: "\n").first { $0.hasPrefix(name) }
            #expect(line?.contains("trusts the CA of before") == true, "\(servers.output)")
        }
        #expect(site.collector.output.contains("some still trust the CA of before"), "\(site.collector.output)")

        // The agent takes the root by a signed receipt, and a certificate that is named by its key.
        try site.agent.start()
        let root = try site.fingerprint("collector")
        try await eventually(within: .seconds(40), "the agent trusts the root alone") {
            let enrolment = try site.enrolment()
            let print = try OldSite.describe(enrolment.root, ["-fingerprint", "-sha256"]).replacing(":", with: "")
            let usage = try OldSite.describe(enrolment.certificate, ["-ext", "extendedKeyUsage"])
            return print.lowercased().contains(root) && usage.contains("Client Auth") ? true : nil
        }
        let certificate = try site.enrolment().certificate
        let said = try OldSite.describe(certificate, ["-text"])
        #expect(said.contains("X509v3 Extended Key Usage: critical"), "\(said)")
        #expect(!said.contains("Alternative Name") && !said.contains("9999"), "\(said)")
        try await eventually(within: .seconds(20), "the console names only who has not moved") {
            let lines = try site.callhome(["servers", "list"]).output.split(separator: "\n")
            let open = lines.filter { $0.contains("trusts the CA of before") }
            return open.count == 1 && open[0].hasPrefix("localhost") ? true : nil
        }
        // The site took its partner's root too, so that one shows the certificate of before no more; ours still does.
        try await eventually(within: .seconds(40), "the partner's last has moved") {
            try site.shown(site.ports.partner) == 1 ? true : nil
        }
        #expect(try site.shown(site.ports.site) == 2)

        // Nothing was lost, and a new fault goes all the way.
        #expect(try cases(site).map(\.number) == before.map(\.number))
        let test = try Program.run(
            Program.built("callhome"), ["test", "--wait", "--timeout", "40", "--socket", site.socket])
        #expect(test.status == 0 && test.output.contains("partner:upstream"), "\(test.output)")

        try refusesWhatNamesTheCAOfBefore(site, root: root)

        // The last one is gone: the certificate of before is shown no more.
        let revoked = try Program.run(
            Program.built("callhome-collector"),
            ["keys", "revoke", "localhost", "--because", "a test", "--config", "\(site.folder.path)/collector.conf"])
        #expect(revoked.status == 0, "\(revoked.output)")
        site.collector.killNow()
        try site.collector.start()
        try await eventually(within: .seconds(40), "the site shows its own certificate alone") {
            try site.shown(site.ports.site) == 1 ? true : nil
        }
        let stale = try site.callhome(["cases", "list"])
        #expect(stale.status == 69 && stale.output.contains("callhome login \(site.address)"), "\(stale)")
        #expect(try site.login(at: site.address, fingerprint: root, to: "config").status == 0)
        #expect(try cases(site).map(\.number) == before.map(\.number))

        try await impostorsFail(site, root: root)
    }

    /// A token that nobody used and a fingerprint that somebody noted.
    private func refusesWhatNamesTheCAOfBefore(_ site: OldSite, root: String) throws {
        let noted = try site.login(at: site.address, fingerprint: try site.text("fingerprint"), to: "other")
        #expect(noted.status == 77 && noted.output.contains(root), "\(noted)")
        let unused = try Program.run(
            Program.built("callhome"),
            ["enroll", site.address, "--token", try site.text("unused-token"), "--socket", site.socket])
        #expect(unused.status != 0 && unused.output.contains(root), "\(unused)")
        let tokens = try Program.run(
            Program.built("callhome-collector"), ["tokens", "list", "--config", "\(site.folder.path)/collector.conf"])
        let id = try site.text("unused-token").split(separator: ".")[1]
        let line = tokens.output.split(separator: "\n").first { $0.hasPrefix(id) }
        #expect(line?.contains("unused") == false, "\(tokens.output)")
        // Brought all the same, by somebody who was shown it, it lets nobody in.
        let parts = try site.text("unused-token").split(separator: ".")
        let token = "callhome1.\(parts[1]).\(parts[2]).\(root)"
        let brought = try Program.run(
            Program.built("callhome"), ["enroll", site.address, "--token", token, "--socket", site.socket])
        #expect(brought.status != 0 && brought.output.contains("token-outdated"), "\(brought)")
    }

    /// Every impostor, on the collector's own port: at the login, at an enrolment, and at the agent that has moved.
    private func impostorsFail(_ site: OldSite, root: String) async throws {
        let earlier = try site.text("fingerprint")
        try site.writeAgent("new.conf", state: "new/state", socket: "\(site.folder.path)/new.sock")
        let newAgent = Program(
            "new-agent", Program.built("callhome-agent"),
            ["run", "--config", site.folder.appending(path: "new.conf").path], in: site.folder)
        try newAgent.start()
        defer { newAgent.killNow() }
        try await eventually(within: .seconds(20), "the new agent answers") {
            FileManager.default.fileExists(atPath: "\(site.folder.path)/new.sock") ? true : nil
        }
        let made = try Site.json(
            Program.built("callhome-collector"),
            ["tokens", "create", "--json", "--config", "\(site.folder.path)/collector.conf"])
        let fresh = try #require(made["token"] as? String)
        site.collector.killNow()
        for kind in ["agent-of-before", "agent-of-now", "agent-as-authority", "agents-authority", "expired"] {
            for shown in ["collector/ca.pem", "collector/tls-root.pem"] {
                let impostor = try await impersonate(site, kind, showing: shown, at: site.ports.site)
                defer { impostor.killNow() }
                for fingerprint in [earlier, root] {
                    let login = try site.login(at: site.address, fingerprint: fingerprint, to: "deceived")
                    #expect(login.status != 0, "\(kind), showing \(shown): \(login)")
                }
                for token in [fresh, try site.text("unused-token")] {
                    let enrolled = try Program.run(
                        Program.built("callhome"),
                        ["enroll", site.address, "--token", token, "--socket", "\(site.folder.path)/new.sock"])
                    #expect(enrolled.status != 0, "\(kind), showing \(shown): \(enrolled)")
                }
                // The agent tries meanwhile: a new report makes it. (It looks at no CA that is shown, and a collector
                // tells nobody of more than 12 tests in an hour.)
                if shown == "collector/ca.pem" {
                    let test = try Program.run(
                        Program.built("callhome"), ["test", "--wait", "--timeout", "3", "--socket", site.socket])
                    #expect(test.status != 0, "\(kind): \(test)")
                }
                let stored = try site.callhome(["cases", "list"])
                #expect(stored.status == 69, "\(kind): \(stored)")
                #expect(site.requests(kind).isEmpty, "\(kind) was asked: \(site.requests(kind))")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "\(site.folder.path)/deceived/callhome/login.json"))

        // A site whose authority the partner certified, before and now, on the partner's port.
        let partnerOfBefore = try OldSite.describe(try site.text("partner/ca.pem"), ["-fingerprint", "-sha256"])
            .replacing(":", with: "").trimmingCharacters(in: .whitespacesAndNewlines)
        try site.collector.start()
        site.partner.killNow()
        for kind in ["site-as-partner", "site-as-partner-of-before"] {
            let impostor = try await impersonate(site, kind, showing: "partner/ca.pem", at: site.ports.partner)
            defer { impostor.killNow() }
            let login = try site.login(
                at: site.partnerAddress, fingerprint: String(partnerOfBefore.suffix(64)), to: "deceived")
            #expect(login.status != 0, "\(kind): \(login)")
            let test = try Program.run(
                Program.built("callhome"), ["test", "--wait", "--timeout", "30", "--socket", site.socket])
            #expect(test.status != 0 && test.output.contains("partner:upstream"), "\(kind): \(test)")
            #expect(site.requests(kind).isEmpty, "\(kind) was asked: \(site.requests(kind))")
        }
    }

    private func impersonate(
        _ site: OldSite, _ kind: String, showing ca: String, at port: Int
    ) async throws -> Program {
        let forged = try Program.run(
            "/usr/bin/python3", ["-W", "ignore", OldSite.script("forge"), site.folder.path, kind])
        guard forged.status == 0 else { throw ProgramError(what: forged.output) }
        let name = "\(kind)-\(UUID().uuidString.prefix(4))"
        let impostor = Program(
            name, "/usr/bin/python3",
            [
                "-u", OldSite.script("impostor"), "--port", "\(port)", "--chain", "\(site.folder.path)/\(kind).chain",
                "--key", "\(site.folder.path)/\(kind).key", "--ca", "\(site.folder.path)/\(ca)", "--log",
                "\(site.folder.path)/\(kind).requests",
            ], in: site.folder)
        try impostor.start()
        try await eventually(within: .seconds(20), "the impostor listens") {
            impostor.output.contains("the impostor listens") ? true : nil
        }
        return impostor
    }
}
