import Foundation
import Testing

/// The arrows between the folders of a target: a folder uses types of the folders below it, and none of those above.
///
/// Types are found by their names as text, comments and strings left out: what is declared at the beginning of a line
/// in one folder and named in another is an arrow.
@Suite("Folders")
struct FolderTests {
    /// The folders of one target, from the lowest up.
    struct Floors: Sendable, CustomTestStringConvertible {
        var target: String
        var folders: [Folder]
        var exceptions: [Exception] = []
        var testDescription: String { target }

        /// The lowest folder that a path of the target lies in, as the table calls it; `.` is the target's own.
        func folder(of path: String) -> String {
            let parents = path.split(separator: "/").dropFirst(2).dropLast()
            for length in (1...max(1, parents.count)).reversed() {
                let name = parents.prefix(length).joined(separator: "/")
                if folders.contains(where: { $0.name == name }) { return name }
            }
            return parents.first.map(String.init) ?? "."
        }
    }

    struct Folder: Sendable {
        var name: String
        /// Folders whose types it may use; each stands before it in the table, so that there is no circle.
        var uses: [String]

        init(_ name: String, _ uses: [String] = []) {
            self.name = name
            self.uses = uses
        }
    }

    /// One type that a folder may use though it lies above, and why.
    struct Exception: Sendable {
        var folder: String
        var type: String
        var because: String
    }

    // MARK: The table

    private static let machine = [
        "Machine/Firmware", "Machine/Processors", "Machine/Memory", "Machine/Cards", "Machine/Disks",
        "Machine/Sensors", "Machine",
    ]
    private static let probe = ["System", "Probes"] + machine
    private static let kinds = [
        "Probes/Board", "Probes/Disk", "Probes/Enclosure", "Probes/GPU", "Probes/Kernel", "Probes/Memory",
        "Probes/Network", "Probes/PCI", "Probes/Power", "Probes/Processor", "Probes/Raid", "Probes/Sensors",
        "Probes/Site",
    ]

    private static let agentFolders: [Folder] = {
        var folders = [
            Folder("System"),
            Folder("Machine/Firmware", ["System"]),
            Folder("Machine/Processors", ["System", "Machine/Firmware"]),
            Folder("Machine/Memory", ["System", "Machine/Firmware", "Machine/Processors"]),
            Folder("Machine/Cards", ["System", "Machine/Firmware"]),
            Folder("Machine/Disks", ["System", "Machine/Firmware", "Machine/Cards"]),
            Folder("Machine/Sensors", ["System", "Machine/Cards"]),
            Folder("Machine", ["System"] + machine.dropLast()),
            Folder("Probes", ["System"] + machine),
        ]
        // Each kind of probe knows the parts, and no other kind, but for the three below.
        for kind in kinds { folders.append(Folder(kind, probe)) }
        folders += [
            Folder("Probes/FileSystem", probe + ["Probes/Raid"]),
            Folder("Probes/IPMI", probe + ["Probes/Sensors"]),
            Folder("Probes/Redfish", probe + ["Probes/Sensors", "Probes/IPMI"]),
            Folder("Coverage", probe),
            Folder("Assessment", ["System", "Probes", "Coverage"]),
            Folder("Spool", ["System"]),
            Folder("History", ["System"]),
            Folder("History/Replay", ["System", "Coverage", "History"]),
            Folder("Patterns", ["System", "History", "History/Replay"]),
            Folder("Uplink", ["System", "Spool"]),
            Folder("Watch", probe + ["Coverage", "Spool", "History"]),
        ]
        // Configuration, wiring and control see all.
        folders.append(Folder(".", folders.map(\.name)))
        return folders
    }()

    static let agent = Floors(
        target: "SensorAgent", folders: agentFolders,
        exceptions: [
            Exception(
                folder: "Spool", type: "ProbeCursor",
                because: "how far a probe has read is stored in one transaction with what came of it")
        ])

    static let engine = Floors(
        target: "FaultPatterns",
        folders: [
            Folder("Source"),
            Folder("Model", ["Source"]),
            Folder("Language", ["Source", "Model"]),
            Folder("Patterns", ["Source", "Model", "Language"]),
            Folder("Memory", ["Source", "Language"]),
            Folder("Import", ["Source", "Model", "Language"]),
            Folder("Engine", ["Source", "Model", "Language", "Patterns", "Memory"]),
            Folder("Lint", ["Source", "Language", "Patterns"]),
            Folder("Explanation", ["Source", "Language", "Patterns", "Engine"]),
        ],
        exceptions: [
            Exception(
                folder: "Source", type: "Quantity", because: "a span of time is written with the digits of any quantity"
            ),
            Exception(
                folder: "Language", type: "Pattern",
                because: "an expression is put into words with the names that its pattern gives to values"),
        ])

    static let collector = Floors(
        target: "Collector",
        folders: [
            Folder("Identity"), Folder("Pairing"), Folder("Liveness"), Folder("Texts"), Folder("Clock"),
            Folder("Delivery", ["Texts"]),
            Folder("Fleet", ["Identity", "Texts"]),
            Folder("Patterns", ["Fleet", "Texts"]),
            Folder("Cases", ["Delivery", "Fleet", "Liveness"]),
            Folder("Accounts", ["Texts"]),
            Folder("HTTP", ["Identity", "Texts"]),
            Folder("Enrolment", ["Accounts", "HTTP", "Identity"]),
            Folder("Intake", ["Enrolment", "HTTP", "Identity"]),
            Folder("Mirror", ["Cases", "Intake"]),
            Folder(
                "Storage",
                [
                    "Accounts", "Cases", "Clock", "Delivery", "Enrolment", "Fleet", "HTTP", "Identity", "Intake",
                    "Liveness", "Mirror", "Pairing", "Patterns", "Texts",
                ]),
            Folder("Channels", ["Cases", "Delivery", "Identity", "Pairing", "Storage", "Texts"]),
            Folder(
                "Configuration",
                ["Cases", "Channels", "Delivery", "HTTP", "Identity", "Intake", "Patterns", "Storage"]),
            Folder("Access", ["Accounts", "Configuration", "HTTP", "Pairing", "Storage"]),
            Folder(
                "Services",
                [
                    "Channels", "Clock", "Configuration", "Delivery", "Identity", "Pairing", "Patterns", "Liveness",
                    "Storage", "Texts",
                ]),
            Folder(
                "API",
                [
                    "Access", "Accounts", "Cases", "Configuration", "Delivery", "Enrolment", "Fleet", "HTTP",
                    "Identity",
                    "Intake", "Pairing", "Patterns", "Services", "Storage", "Texts",
                ]),
            Folder(
                "Console",
                [
                    "API", "Access", "Accounts", "Cases", "Configuration", "Delivery", "Fleet", "HTTP", "Intake",
                    "Patterns", "Storage", "Texts",
                ]),
            Folder(
                ".",
                [
                    "API", "Access", "Accounts", "Channels", "Clock", "Configuration", "Console", "Delivery",
                    "Enrolment", "Fleet", "HTTP", "Identity", "Patterns", "Services", "Storage", "Texts",
                ]),
        ],
        exceptions: ["Accounts", "Enrolment", "Intake"].map { folder in
            Exception(
                folder: folder, type: "CollectorStore",
                because: "the store is a protocol in the words of this folder, which asks it")
        }
            + ["Accounts", "Enrolment", "HTTP"].map { folder in
                Exception(
                    folder: folder, type: "StoreError", because: "what the store throws is turned into an answer here")
            })

    // MARK: Rules

    @Test(
        "A folder uses types of the folders that its row names, and of no other", arguments: [agent, engine, collector])
    func arrows(floors: Floors) throws {
        let files = try FolderTests.files(of: floors)
        for use in FolderTests.uses(in: files, floors) {
            let mayUse = floors.folders.first { $0.name == use.folder }?.uses ?? []
            guard mayUse.isDisjoint(with: use.owners) else { continue }
            let isException = floors.exceptions.contains { $0.folder == use.folder && $0.type == use.type }
            #expect(
                isException,
                "\(use.path) is in \(use.folder) and uses \(use.type) of \(use.owners.sorted()), which it may not")
        }
    }

    @Test(
        "The table has each folder once, names only folders before it, and no exception that nothing needs",
        arguments: [agent, engine, collector])
    func table(floors: Floors) throws {
        let files = try FolderTests.files(of: floors)
        let names = floors.folders.map(\.name)
        #expect(Set(names).count == names.count)
        for file in files { #expect(names.contains(file.folder), "\(file.path) is in a folder that no row names") }
        for name in names { #expect(files.contains { $0.folder == name }, "\(name) is a row without a file") }
        for (place, folder) in floors.folders.enumerated() {
            let above = Set(folder.uses).subtracting(names.prefix(place))
            #expect(above.isEmpty, "\(folder.name) uses \(above.sorted()), which does not stand before it")
        }
        let uses = FolderTests.uses(in: files, floors)
        for exception in floors.exceptions {
            #expect(
                uses.contains { $0.folder == exception.folder && $0.type == exception.type },
                "\(exception.folder) does not use \(exception.type) any more")
        }
    }

    @Test("Names in comments and strings are no arrows; a type counts where it is declared at the start of a line")
    func reading() {
        let text = """
            import Reports

            /// Not a `Pattern`.
            public struct Probe: Reading {
                struct Inner { var word = "a \\"Spool\\" // of" } // Uplink
                let other = Kind.Member.first
            }
            final class Door {}
            """
        let words = SwiftWords(text)
        #expect(words.declared == ["Probe", "Door"])
        #expect(words.named.isSuperset(of: ["Reading", "Kind", "Inner"]))
        #expect(words.named.isDisjoint(with: ["Pattern", "Spool", "Uplink", "Member"]))
    }

    // MARK: Reading the sources

    private struct Source {
        var path: String
        var folder: String
        var words: SwiftWords
    }

    private struct Use {
        var path: String
        var folder: String
        var type: String
        /// Folders that declare a type of this name.
        var owners: Set<String>
    }

    private static func files(of floors: Floors) throws -> [Source] {
        let files = try SourceTree.swiftFiles(under: "Sources/\(floors.target)")
        #expect(!files.isEmpty)
        return files.map {
            Source(
                path: $0.path, folder: floors.folder(of: $0.path),
                words: SwiftWords($0.lines.joined(separator: "\n")))
        }
    }

    /// Types of other folders that each file names.
    private static func uses(in files: [Source], _ floors: Floors) -> [Use] {
        var owners: [String: Set<String>] = [:]
        for file in files { for type in file.words.declared { owners[type, default: []].insert(file.folder) } }
        return files.flatMap { file in
            file.words.named.sorted().compactMap { type in
                guard let folders = owners[type], !folders.contains(file.folder) else { return nil }
                return Use(path: file.path, folder: file.folder, type: type, owners: folders)
            }
        }
    }
}

extension [String] {
    fileprivate func isDisjoint(with others: Set<String>) -> Bool { others.isDisjoint(with: self) }
}
