import Testing

/// The table of ARCHITECTURE.md, "Targets and what each may import", held against the sources.
@Suite("Imports")
struct ImportTests {
    /// What the platform and re-exported dependencies add, by owner.
    private static let allowed: [String: Set<String>] = [
        "Reports": ["FoundationEssentials", "Crypto"],
        "FaultPatterns": ["Reports", "FoundationEssentials", "Glibc"],
        "PatternChannel": ["Reports", "FoundationEssentials"],
        "PatternMirror": ["Reports", "PatternChannel", "Transfer", "FoundationEssentials", "Glibc"],
        "Transfer": ["CCurl", "CZlib", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization"],
        "Daemon": ["Reports", "Logging", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization"],
        "SensorAgent": [
            "Reports", "FaultPatterns", "PatternChannel", "PatternMirror", "Transfer", "Daemon", "CSensors", "CUdev",
            "CSQLite", "CIPMI", "CLoader",
            "Logging", "Subprocess", "SystemPackage", "Crypto", "FoundationEssentials", "Glibc", "Dispatch",
            "Synchronization",
        ],
        "Collector": [
            "Reports", "PatternChannel", "PatternMirror", "Transfer", "Daemon", "Hummingbird", "HummingbirdCore",
            "HummingbirdTLS", "NIOCore", "NIOPosix", "NIOSSL", "HTTPTypes", "GRDB", "CPostgres", "Mustache", "X509",
            "SwiftASN1", "Crypto", "_CryptoExtras",
            "CryptoExtras", "Logging", "ServiceLifecycle", "UnixSignals", "FoundationEssentials", "Foundation", "Glibc",
            "Dispatch",
            "Synchronization",
        ],
        "callhome-agent": ["SensorAgent", "Reports", "ArgumentParser", "Glibc"],
        "callhome-collector": ["Collector", "Reports", "ArgumentParser", "Glibc"],
        "Backtest": [
            "Reports", "FaultPatterns", "Transfer", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization",
        ],
        "callhome": [
            "Reports", "FaultPatterns", "PatternChannel", "PatternMirror", "Transfer", "Backtest", "ArgumentParser",
            "Yams",
            "FoundationEssentials", "Glibc",
            "Synchronization",
        ],
    ]

    /// Modules that exactly one file of their owner imports: the wrapper of a C library, the parser of YAML.
    private static let oneFile: [String: Set<String>] = [
        "SensorAgent": ["CSensors", "CUdev", "CSQLite", "CIPMI", "CLoader"],
        "Transfer": ["CCurl", "CZlib"],
        "callhome": ["Yams"],
    ]

    @Test("Every target imports only what the architecture allows it", arguments: allowed.keys.sorted())
    func allowedImports(target: String) throws {
        let permitted = try #require(Self.allowed[target])
        for file in try SourceTree.swiftFiles(under: "Sources/\(target)") {
            for (line, module) in SourceTree.imports(of: file) {
                #expect(permitted.contains(module), "\(file.path):\(line) imports \(module)")
            }
        }
    }

    @Test("A C library and the YAML parser are each imported by one file", arguments: oneFile.keys.sorted())
    func oneImporter(target: String) throws {
        let files = try SourceTree.swiftFiles(under: "Sources/\(target)")
        for module in try #require(Self.oneFile[target]).sorted() {
            let importers = files.filter { SourceTree.imports(of: $0).contains { $0.module == module } }
            #expect(importers.count == 1, "\(module) is imported by \(importers.map(\.path))")
        }
    }

    @Test("Executables of daemons are one file each", arguments: ["callhome-agent", "callhome-collector"])
    func thinExecutables(target: String) throws {
        #expect(try SourceTree.swiftFiles(under: "Sources/\(target)").count == 1)
    }

    @Test("No folder of Sources is missing from the table")
    func complete() throws {
        let folders = Set(
            try SourceTree.swiftFiles(under: "Sources").compactMap { $0.path.split(separator: "/").dropFirst().first })
        #expect(Set(folders.map(String.init)).subtracting(Self.allowed.keys).isEmpty)
    }
}
