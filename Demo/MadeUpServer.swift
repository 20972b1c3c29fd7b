import Foundation
import Logging
import SensorAgent

/// A server that does not exist, with the real agent on it: its disk, a memory module and a fan go bad in fast forward.
///
///     UMOCKDEV_DIR=FOLDER/tree umockdev-wrapper callhome-demo FOLDER CONFIGURATION
///
/// What happens to the machine is printed in lines that begin with `| `. The decay begins when `FOLDER/enrolled` is there.
@main
struct MadeUpServer {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 3 else {
            print("usage: callhome-demo FOLDER CONFIGURATION")
            exit(2)
        }
        let folder = URL(filePath: words[1])
        let tree = try MadeUpTree(root: folder.appending(path: "tree"))
        var configuration = try AgentConfiguration(path: words[2], mustExist: true)
        configuration.root = tree.root.path
        let decay = Decay(tree: tree, disk: folder.appending(path: "disk.json"))
        try decay.setDisk(pending: 0, reported: 0)
        let agent = try await Agent(configuration, probes: probes(of: tree), log: Logger(label: "made-up-server"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run(stopsOnSignals: true) }
            group.addTask { try await decay.run(once: folder.appending(path: "enrolled")) }
            try await group.next()
            try await group.waitForAll()
        }
    }
}

/// The agent's own probes: libsensors sees the tree through umockdev, smartctl is `Demo/bin/smartctl`, and what is read
/// from files is read in the tree. A real disk is asked every ten minutes; this one ages three hundred times as fast.
func probes(of tree: MadeUpTree) -> [any Probe] {
    let chips = AllProbes.make().filter { $0.name == "chip-sensors" }
    let live = chips + [DiskHealthProbe(tree: SysTree(), spacing: DiskHealthProbe.standardSpacing / 300)]
    let files = AllProbes.make(tree: SysTree(root: tree.root.path))
    return live + files.filter { probe in !live.contains { $0.name == probe.name } }
}

/// What goes wrong, and when.
struct Decay: Sendable {
    let tree: MadeUpTree
    let disk: URL

    func run(once enrolled: URL) async throws {
        while !FileManager.default.fileExists(atPath: enrolled.path) { try await Task.sleep(for: .milliseconds(200)) }
        try await Task.sleep(for: .seconds(6))
        tell("all is well: 4 fans turn, 4 memory modules and 1 disk are without errors")
        try await Task.sleep(for: .seconds(4))
        for pending in [2, 9, 24, 96, 310] {
            try setDisk(pending: pending, reported: pending / 20)
            tell("disk MADEUP-HDD-7: \(pending) sectors cannot be read")
            try await Task.sleep(for: .seconds(5))
        }
        try tree.set("\(MadeUpTree.memory)/dimm2/dimm_ce_count", to: "7")
        tell("memory module DIMM_C1: 7 errors corrected")
        try await Task.sleep(for: .seconds(5))
        try tree.set("\(MadeUpTree.memory)/dimm2/dimm_ue_count", to: "1")
        tell("memory module DIMM_C1: 1 error that could not be corrected")
        try await Task.sleep(for: .seconds(4))
        for speed in [3_900, 1_700, 0] {
            try tree.set("\(MadeUpTree.chip)/fan3_input", to: "\(speed)")
            if speed < 1_200 { try tree.set("\(MadeUpTree.chip)/fan3_alarm", to: "1") }
            tell(speed > 0 ? "Fan 3 slows down: \(speed) rpm" : "Fan 3 stands still, and its alarm is set")
            try await Task.sleep(for: .seconds(3))
        }
        tell("a fan is given half a minute to start again before it is called stopped")
    }

    func setDisk(pending: Int, reported: Int) throws {
        let state = ["pending": pending, "uncorrectable": pending, "reported": reported]
        try JSONSerialization.data(withJSONObject: state).write(to: disk, options: .atomic)
    }

    private func tell(_ what: String) {
        // Not print(), whose buffer a log would wait for.
        FileHandle.standardOutput.write(Data("| \(what)\n".utf8))
    }
}
