import Foundation
import Glibc
import Logging
import Reports
import SwiftASN1
import Testing
import Transfer
import X509

@testable import Collector

@Suite("The data directory", .serialized)
struct DataDirectoryTests {
    private let folder: TemporaryFolder
    private var data: String { "\(folder.path)/deep/data" }

    init() throws { folder = try TemporaryFolder() }

    private func configuration(_ name: String = "data", socket: String? = nil) -> CollectorConfiguration {
        var configuration = CollectorConfiguration()
        configuration.dataDirectory = "\(folder.path)/deep/\(name)"
        configuration.listenAddress = "127.0.0.1"
        configuration.listenPort = 0
        configuration.socket = socket
        return configuration
    }

    private func build(
        _ configuration: CollectorConfiguration, at time: Timestamp? = nil
    ) async throws -> CollectorProgram {
        try await CollectorProgram.build(
            configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { time ?? Timestamp(Date()) })
    }

    @Test("While the system's clock is in doubt, the TLS certificate is good by it and by the time that is held")
    func tlsInDoubt() async throws {
        func end(_ time: Timestamp) async throws -> (certificate: Timestamp, held: Timestamp) {
            let program = try await build(configuration(), at: time)
            let held = program.environment.now()
            try await program.environment.store.save(
                ClockReckoning(wall: held, uptime: TrustedClock.systemUptime()))
            await program.environment.store.close()
            let pem = try String(contentsOfFile: "\(data)/tls.pem", encoding: .utf8)
            return (Timestamp(try Certificate(pemEncoded: pem).notValidAfter), held)
        }
        let (start, years) = (SampleFault.time, Duration.seconds(3 * 365 * 86_400))
        let first = try await end(start)
        #expect(first.certificate >= start + ServerTLS.renewal)
        let ahead = try await end(start + years)
        #expect(ahead.held < start + .seconds(3_600), "the leap is in doubt")
        #expect(ahead.certificate > start + years + ServerTLS.renewal)
        let back = try await end(start - years)
        #expect(back.certificate > start + ServerTLS.renewal)
    }

    @Test("A command makes nothing where no collector has run, and says which folder and what to do")
    func nothingIsMade() throws {
        let missing = #expect(throws: DataDirectoryError.self) { try CollectorAdministration(configuration()) }
        #expect(missing?.description.contains(data) == true)
        #expect(missing?.description.contains("systemctl start callhome-collector") == true)
        #expect(missing?.description.contains("--config") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/deep"))
        // The package makes the folder, and the collector the rest.
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        #expect(throws: DataDirectoryError.self) { try CollectorAdministration(configuration()) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: data).isEmpty)
    }

    @Test("A command works with what a collector made before")
    func afterACollector() async throws {
        let program = try await build(configuration())
        let administration = try CollectorAdministration(configuration())
        #expect(administration.fingerprint == program.environment.tlsRoot.fingerprint)
        let token = try await administration.createToken(
            for: .server, note: "", lifetime: nil, at: Timestamp(Date()))
        #expect(token.caFingerprint == program.environment.tlsRoot.fingerprint)
        await administration.store.close()
    }

    @Test("A TLS root that is lost while servers trust it alone is not made anew: that would cut them off")
    func lostRoot() async throws {
        /// A start and an end, after which another one may start.
        func run(_ work: (CollectorProgram) async throws -> Void = { _ in }) async throws -> String {
            let program = try await build(configuration())
            try await work(program)
            await program.environment.store.close()
            return program.environment.tlsRoot.fingerprint
        }
        let first = try await run()
        try FileManager.default.removeItem(atPath: "\(data)/tls-root.key")
        // Nobody trusts it yet.
        let second = try await run { program in
            let (store, time) = (program.environment.store, Timestamp(Date()))
            try await store.save(
                IssuedToken(
                    id: "t", purpose: .server, secretHash: "", note: "", createdAt: time, expiresAt: time + .seconds(60)
                ))
            _ = try await store.enrol(
                AcceptedEnrolment(
                    tokenID: "t", host: "h1", hostname: "srv", key: SigningKey().publicKey, certificate: "PEM",
                    replaces: false, trust: AgentTrust(root: program.environment.tlsRoot.fingerprint)), at: time)
        }
        #expect(second != first)
        try FileManager.default.removeItem(atPath: "\(data)/tls-root.key")
        let error = await #expect(throws: DataDirectoryError.self) { _ = try await run() }
        #expect(error?.description.contains("tls-root.key") == true && error?.description.contains("backup") == true)
    }

    @Test("Folders and files of a collector are its user's alone, whatever the umask")
    func modes() async throws {
        let before = umask(0)
        defer { umask(before) }
        let program = try await build(configuration())
        try await program.environment.store.checkHealth()
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode("\(folder.path)/deep") == 0o700)
        #expect(try mode(data) == 0o700)
        let names = try FileManager.default.contentsOfDirectory(atPath: data)
        #expect(
            Set(["ca.key", "ca.pem", "collector.db", "lock", "signing.key", "tls-root.key", "tls-root.pem", "tls.key"])
                .isSubset(of: names))
        for name in names { #expect(try mode("\(data)/\(name)") == 0o600, "\(name)") }
    }

    @Test("A folder that was open to others is closed when the collector starts")
    func closesFolder() throws {
        try FileManager.default.createDirectory(
            atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        _ = try DataDirectory(path: data)
        #expect(try FileManager.default.attributesOfItem(atPath: data)[.posixPermissions] as? Int == 0o700)
    }

    @Test("What the system refuses about the directory says what to do, and has an exit code of its own")
    func advice() throws {
        let file = try folder.write("mine", to: "file")
        let noFolder = #expect(throws: DataDirectoryError.self) { try DataDirectory(path: "\(file)/data") }
        #expect(noFolder?.status == .cannotWrite)
        #expect(noFolder?.description.contains("is no folder: name another folder as `data`") == true)
        let missing = #expect(throws: DataDirectoryError.self) { try DataDirectory(existing: data) }
        #expect(missing?.status == .unavailable)
        let denied = DataDirectoryError(doing: "using", path: "/proc/none/data", code: EACCES)
        #expect(denied.status == .permission)
        #expect(denied.description.contains("Permission denied; /proc belongs to root"), "\(denied)")
        #expect(denied.description.contains("`data` in collector.conf"), "\(denied)")
        #expect(DataDirectoryError(doing: "using", path: data, code: ENOSPC).status == .cannotWrite)
    }

    @Test("A second collector in the same directory is refused, with the first one's process; after it, the next may")
    func locked() async throws {
        let first = try await build(configuration())
        do {
            _ = try await build(configuration())
            Issue.record("two collectors work in one directory")
        } catch let error as DataDirectoryError {
            #expect(error.description.contains("process \(getpid())"), "\(error)")
            #expect(error.description.contains(data), "\(error)")
        }
        withExtendedLifetime(first) {}
        let directory = try DataDirectory(path: "\(folder.path)/other")
        let lock = try DataDirectoryLock(directory)
        #expect(throws: DataDirectoryError.self) { try DataDirectoryLock(directory) }
        lock.release()
        _ = try DataDirectoryLock(directory)
    }

    @Test("A socket on which another collector answers is not taken away; the name that a dead one left is")
    func socket() async throws {
        let path = "\(folder.path)/c.sock"
        let asked = Transfer.HTTPRequest(url: "http://localhost\(Routes.api)/servers")
        let local = HTTPTransfer(HTTPTransfer.Options(timeout: .seconds(20), unixSocket: path))
        try await LiveCollector.with {
            $0.socket = path
        } _: { _ in
            #expect(try await local.send(asked).status == 200)
            do {
                _ = try await build(configuration(socket: path))
                Issue.record("the socket was taken")
            } catch let error as LocalSocketError {
                #expect(error.description.contains(path) && error.description.contains("`socket`"), "\(error)")
            }
            #expect(try await local.send(asked).status == 200)
        }
        // Its name stays where the server does not remove it.
        if !FileManager.default.fileExists(atPath: path) { try leaveSocket(at: path) }
        _ = try await build(configuration("next", socket: path))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("What is no socket is not removed in its place")
    func noSocket() async throws {
        let path = try folder.write("mine", to: "c.sock")
        await #expect(throws: LocalSocketError.self) { try await build(configuration(socket: path)) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    private func leaveSocket(at path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0)
    }
}
