import Foundation
import Testing

@testable import SensorAgent

@Suite("A command of the system")
struct ToolTests {
    private func program(_ script: String) throws -> (ScratchFolder, Tool) {
        let scratch = try ScratchFolder()
        let path = try scratch.program("tool", "#!/bin/sh\n\(script)\n")
        return (scratch, Tool(path: path))
    }

    @Test("while a run for a device is out, none other is started for it; for another device it is")
    func oneAtATime() async throws {
        let (scratch, tool) = try program("echo run >>$0.runs; if [ $1 = sda ]; then read line <$0.go; fi; echo done")
        try await run("mkfifo", [scratch.url.appending(path: "tool.go").path])
        async let first = tool.run(["sda"], for: "sda", deadline: .seconds(30))
        while Recordings.text(scratch.url.appending(path: "tool.runs")).isEmpty { await Task.yield() }
        await #expect(throws: Tool.Failure.stuck) { try await tool.run(["sda"], for: "sda", deadline: .seconds(30)) }
        #expect(try await tool.run(["sdb"], for: "sdb", deadline: .seconds(30)).bytes == Array("done\n".utf8))
        try scratch.write("tool.go", "go\n")
        #expect(try await first.exitCode == 0)
        #expect(Recordings.text(scratch.url.appending(path: "tool.runs")) == "run\nrun\n")
    }

    @Test("a run past its deadline is killed, even where it ignores SIGTERM, and the device can be asked again")
    func late() async throws {
        let (scratch, tool) = try program("trap '' TERM; if [ $1 = hang ]; then while :; do sleep 1; done; fi")
        defer { withExtendedLifetime(scratch) {} }
        await #expect(throws: Tool.Failure.timedOut(after: .milliseconds(200))) {
            try await tool.run(["hang"], for: "sda", deadline: .milliseconds(200))
        }
        #expect(try await tool.run(["fine"], for: "sda", deadline: .seconds(30)).exitCode == 0)
    }

    @Test("output at the limit is taken, one byte more is refused")
    func limit() async throws {
        let (scratch, tool) = try program("head -c $1 /dev/zero")
        defer { withExtendedLifetime(scratch) {} }
        let output = try await tool.run(["\(Tool.outputBytes)"], for: "x", deadline: .seconds(30))
        #expect(output.bytes.count == Tool.outputBytes)
        await #expect(throws: Tool.Failure.tooMuchOutput(limit: Tool.outputBytes)) {
            try await tool.run(["\(Tool.outputBytes + 1)"], for: "x", deadline: .seconds(30))
        }
    }

    @Test("a program that is missing or dies of a signal says so")
    func endings() async throws {
        await #expect(throws: Tool.Failure.missing) {
            try await Tool(path: "/nonexistent").run([], for: "x", deadline: .seconds(30))
        }
        let (scratch, tool) = try program("kill -SEGV $$")
        defer { withExtendedLifetime(scratch) {} }
        await #expect(throws: Tool.Failure.signalled(11)) {
            try await tool.run([], for: "x", deadline: .seconds(30))
        }
    }
}
