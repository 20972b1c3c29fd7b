import Foundation
import Testing

@testable import SensorAgent

@Suite("Files of the kernel that wake whoever waits")
struct FileEventsTests {
    @Test("a file that is not there, as mdstat without the driver, is nothing to wait for")
    func missing() async {
        for await event in FileEvents.changes(of: "/nonexistent/mdstat") { Issue.record("\(event)") }
    }

    @Test("a change that the kernel tells of is heard without looking again and again")
    func change() async throws {
        let scratch = try ScratchFolder()
        let folder = scratch.url.path
        // The mount table wakes as mdstat does, and may be changed without disks.
        guard try await run("mount", ["-t", "tmpfs", "none", folder]).0 == 0 else { return }
        try await run("umount", [folder])
        let heard = Task {
            for await event in FileEvents.changes(of: "/proc/self/mountinfo") { return event }
            return "nothing"
        }
        let churn = Task {
            while !Task.isCancelled {
                try await run("mount", ["-t", "tmpfs", "none", folder])
                try await run("umount", [folder])
            }
        }
        #expect(await heard.value == "/proc/self/mountinfo has changed")
        churn.cancel()
        _ = await churn.result
        try await run("umount", [folder])
    }
}
