import Foundation
import Testing

/// `make run` stops what it started, whatever becomes of whoever reads it.
@Suite("The demonstration", .timeLimit(.minutes(2)))
struct DemonstrationTests {
    /// Programs in the place of the real ones: each notes its process and stays until it is stopped.
    private static let programs = [
        "callhome-collector": """
        case "$*" in *create*) echo '{"token": "t"}'; exit 0 ;; esac
        echo "callhome enroll"; echo "Login: admin"; echo "Password: x"
        """,
        "callhome-agent": ": > \"$(sed -n 's/^control.socket = //p' \"$3\")\"",
        "callhome-demo": "mkdir -p \"$1\"; : > \"$(sed -n 's/^control.socket = //p' \"$2\")\"",
        "callhome": """
        case "$1" in
        patterns) for last; do :; done; echo '{}' > "$last"; exit 0 ;;
        status) echo '{"coverage": [{"state": "ok", "probe": "x", "signals": 1, "components": 1}]}'; exit 0 ;;
        *) exit 0 ;;
        esac
        """,
        "umockdev-wrapper": "exec \"$@\"",
    ]

    /// Starts it as a shell does, with no signal blocked: the threads that run tests block all. One that never ends is ended
    /// by its alarm.
    private static let launcher = """
        import os, signal, sys
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        signal.alarm(100)
        os.execv(sys.argv[1], sys.argv[1:])
        """

    @Test("Whoever read it is gone when it is stopped: no program is left")
    func brokenPipe() throws {
        let files = FileManager.default
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = files.temporaryDirectory.appending(path: "callhome-demonstration-\(UUID().uuidString)")
        defer { try? files.removeItem(at: folder) }
        for name in ["Demo", "bin", "patterns", "pids"] {
            try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        try files.copyItem(at: root.appending(path: "Demo/show"), to: folder.appending(path: "Demo/show"))
        try Data("import time\nprint('ready', flush=True)\ntime.sleep(1000)\n".utf8)
            .write(to: folder.appending(path: "Demo/mailbox.py"))
        for (name, body) in Self.programs {
            let stays =
                name == "callhome" || name == "umockdev-wrapper" ? "" : "touch \(folder.path)/pids/$$\nexec sleep 1000"
            let file = folder.appending(path: "bin/\(name)")
            try Data("#!/bin/bash\n\(body)\n\(stays)\n".utf8).write(to: file)
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [
            "-c", Self.launcher, folder.appending(path: "Demo/show").path, "--build", "\(folder.path)/bin", "--folder",
            "\(folder.path)/run",
        ]
        process.environment = ["PATH": "\(folder.path)/bin:/usr/bin:/bin"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        var told = Data()
        while !String(decoding: told, as: UTF8.self).contains("Ctrl-C stops all of it") {
            let more = pipe.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            told += more
        }
        #expect(
            String(decoding: told, as: UTF8.self).contains("Console of the partner"),
            "\(String(decoding: told, as: UTF8.self))")
        try pipe.fileHandleForReading.close()
        process.interrupt()
        process.waitUntilExit()
        let started = try files.contentsOfDirectory(atPath: folder.appending(path: "pids").path).compactMap(Int32.init)
        #expect(started.count == 4)
        for program in started { #expect(kill(program, 0) != 0, "\(program) was left") }
        for program in started where kill(program, 0) == 0 { kill(program, SIGKILL) }
    }
}
