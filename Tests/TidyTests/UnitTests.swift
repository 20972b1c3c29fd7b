import Foundation
import Testing

/// The units as shipped, judged by systemd itself.
@Suite("systemd units")
struct UnitTests {
    private static let units = ["callhome-agent.service", "callhome-collector.service"]

    @Test("systemd-analyze verify has nothing to say")
    func verify() throws {
        // A root of its own, in which the programs exist: what a package would install.
        let root = FileManager.default.temporaryDirectory.appending(path: "callhome-units-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let (programs, unitFolder) = (root.appending(path: "usr/bin"), root.appending(path: "usr/lib/systemd/system"))
        for folder in [programs, unitFolder] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        for target in ["multi-user", "sysinit", "basic", "network", "network-online", "local-fs", "shutdown"] {
            try Data("[Unit]\nDescription=\(target)\n".utf8)
                .write(to: unitFolder.appending(path: "\(target).target"))
        }
        for unit in Self.units {
            try FileManager.default.copyItem(
                at: SourceTree.root.appending(path: "systemd/\(unit)"), to: unitFolder.appending(path: unit))
            let program = programs.appending(path: unit.replacing(".service", with: ""))
            try Data("#!/bin/sh\n".utf8).write(to: program)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        }
        let result = try run("systemd-analyze", ["verify", "--man=no", "--root=\(root.path)"] + Self.units)
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
    }

    @Test(
        "The sandbox leaves at most this much exposed (systemd-analyze security, 0 to 10)",
        arguments: zip(units, [3.5, 2.0]))
    func exposure(unit: String, limit: Double) throws {
        let result = try run(
            "systemd-analyze",
            ["security", "--offline=true", "--no-pager", SourceTree.root.appending(path: "systemd/\(unit)").path])
        let line = try #require(result.output.split(separator: "\n").last { $0.contains("Overall exposure level") })
        let exposure = try #require(line.split(separator: " ").compactMap { Double($0) }.first)
        #expect(exposure <= limit, "\(line)")
    }

    @Test(
        "Accounts and folders are accepted by systemd-sysusers and systemd-tmpfiles",
        arguments: ["callhome-agent", "callhome-collector"])
    func accounts(program: String) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "callhome-accounts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try FileManager.default.createDirectory(
            at: root.appending(path: "etc"), withIntermediateDirectories: true)
        let folder = SourceTree.root.appending(path: "systemd")
        let users = try run(
            "systemd-sysusers", ["--root=\(root.path)", folder.appending(path: "\(program).sysusers").path])
        #expect(users.status == 0, "\(users.output)")
        let passwd = try String(contentsOf: root.appending(path: "etc/passwd"), encoding: .utf8)
        #expect(passwd.contains(program))
        let files = try run(
            "systemd-tmpfiles",
            ["--create", "--root=\(root.path)", folder.appending(path: "\(program).tmpfiles").path])
        #expect(files.status == 0, "\(files.output)")
        #expect(FileManager.default.fileExists(atPath: root.appending(path: "var/lib/\(program)").path))
    }
}
