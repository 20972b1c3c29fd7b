import Foundation
import Testing

@Suite("Starting", .serialized)
struct StartTests {
    @Test("A collector whose port is taken says so and ends, instead of waiting for ever")
    func portTaken() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "callhome-start-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try freePort()
        let holder = Program(
            "holder", "/usr/bin/python3", ["-m", "http.server", "\(port)", "--bind", "127.0.0.1"], in: folder)
        try holder.start()
        defer { holder.killNow() }
        try await eventually(within: .seconds(10), "the port is taken") {
            try Program.run(
                "/usr/bin/python3", ["-c", "import socket; socket.create_connection(('127.0.0.1', \(port)))"]
            ).status == 0 ? true : nil
        }
        let configuration = folder.appending(path: "collector.conf")
        try Site.write("data = \(folder.path)/data\nlisten = 127.0.0.1:\(port)\nsocket = no", to: configuration)
        let result = try Program.run(
            "/usr/bin/timeout",
            ["-k", "1", "20", Program.built("callhome-collector"), "serve", "--config", configuration.path])
        #expect(result.status == 1, "\(result)")
        #expect(result.output.contains("cannot listen on 127.0.0.1:\(port)"), "\(result.output)")
        #expect(!result.output.contains("callhome enroll"), "it did not start, and must not say how to use it")
    }
}
