import FoundationEssentials
public import Reports
import Transfer

/// Where a Redfish service is, and who asks it.
public struct RedfishAccess: Sendable, Hashable {
    /// `https://bmc.example:443`
    public var address: String
    /// `user:password`, as RFC 7617 joins them; nil: nobody in particular.
    public var credentials: String?
    /// The certificate authority of the BMC, or its own certificate, in PEM; nil: the authorities of the system.
    public var authorityPEM: String?

    public init(address: String, credentials: String? = nil, authorityPEM: String? = nil) {
        self.address = address
        self.credentials = credentials
        self.authorityPEM = authorityPEM
    }
}

/// `redfish`: a management controller's sensors, supplies, fans, memory, processors, drives and logs over HTTPS
/// (DSP0266), for servers whose BMC cannot be asked locally; and recorded trees of `index.json` files.
public actor RedfishProbe: Probe {
    public nonisolated let name = "redfish"
    public nonisolated let interval = Duration.seconds(300)
    public nonisolated let deadline = Duration.seconds(240)

    /// For one request; a whole look ends at the deadline.
    private static let requestDeadline = Duration.seconds(20)
    private static let responseBytes = 4 << 20

    private let tree: SysTree
    private let input: String?
    private let access: RedfishAccess?
    private let parts: PartsDirectory

    /// - Parameters:
    ///   - tree: where SMBIOS is read, and in a recorded tree the service's resources.
    ///   - input: a file with one recorded resource, read in place of a service.
    ///   - access: the service; nil: there is none to ask.
    ///   - parts: what the firmware names; nil: that is read from the tree.
    public init(
        tree: SysTree, input: String? = nil, access: RedfishAccess? = nil, parts: PartsDirectory? = nil
    ) {
        self.tree = tree
        self.input = input
        self.access = access
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) async throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        let source: any RedfishSource
        let name: String
        if !tree.isThisMachine {
            let root = ["/redfish/v1", ""].first { tree.exists("\($0)/index.json") }
            guard let root else {
                throw .absent(because: "no recorded Redfish service: redfish/v1/index.json is not there")
            }
            source = RecordedRedfish(tree: tree, root: root)
            name = "redfish/v1/index.json"
        } else if let access {
            let trust: Trust = access.authorityPEM.map { .pinned(caPEM: $0) } ?? .system
            source = RedfishService(
                transfer: HTTPTransfer(
                    HTTPTransfer.Options(
                        trust: trust, timeout: RedfishProbe.requestDeadline,
                        maximumResponseBytes: RedfishProbe.responseBytes)),
                access: access)
            name = access.address
        } else {
            throw .absent(
                because: "no address of a Redfish service: needed only where the BMC cannot be asked locally; "
                    + "then set redfish = https://… in agent.conf")
        }
        // The log's `DIMM_A1` is the module that SMBIOS lists and the kernel counts for.
        let known = IPMIParts(firmware: parts.parts().firmware.table)
        var walk = RedfishWalk(source, since: RedfishCursor(cursor), parts: known, at: time)
        do throws(RedfishError) {
            try await walk.run()
        } catch {
            switch error {
            case .denied: throw .denied(path: name)
            case .timedOut(let after): throw .timedOut(after: after)
            default: throw .malformed(path: name, problem: error.description)
            }
        }
        var result = walk.result
        if !result.components.contains(where: { $0.id == IPMIParts.board.id }) {
            result.components.append(IPMIParts.board)
        }
        result.cursor = walk.cursor.stored(for: self.name)
        return result
    }

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: RedfishProbe.responseBytes)
        } catch {
            throw error.probeError
        }
        do throws(RedfishRefusal) {
            return try RedfishRecording.result(of: bytes, at: time)
        } catch {
            throw .malformed(path: file, problem: error.description)
        }
    }
}

/// One recorded resource, or a list of log entries.
enum RedfishRecording {
    static func result(of bytes: [UInt8], at time: Timestamp) throws(RedfishRefusal) -> ProbeResult {
        let tree: JSONTree
        do throws(JSONTree.Malformed) {
            tree = try JSONTree(parsing: bytes)
        } catch {
            throw RedfishRefusal(description: error.problem)
        }
        let entries = tree["Members"]?.elements.compactMap { RedfishLog($0) } ?? []
        let single = RedfishResource.type(of: tree) == "LogEntry" ? RedfishLog(tree).map { [$0] } ?? [] : []
        guard entries.isEmpty, single.isEmpty else {
            var result = ProbeResult()
            result.add(
                IPMIEventSignals(
                    (entries + single).map(\.event), parts: IPMIParts(), oldest: IPMIEventSignals.anyAge, at: time))
            return result
        }
        if let members = tree["Members"]?.elements, members.allSatisfy({ $0.keys == ["@odata.id"] }) {
            throw RedfishRefusal(description: "a list of \(members.count) links: give one of the resources")
        }
        return try RedfishResource(tree, at: time).result
    }
}

/// A service that answers over HTTPS.
private struct RedfishService: RedfishSource {
    let transfer: HTTPTransfer
    let access: RedfishAccess

    func resource(_ path: String) async throws(RedfishError) -> JSONTree {
        var headers: [(name: String, value: String)] = [("Accept", "application/json"), ("OData-Version", "4.0")]
        if let credentials = access.credentials {
            headers.append(("Authorization", "Basic \(Data(credentials.utf8).base64EncodedString())"))
        }
        let address = access.address.hasSuffix("/") ? String(access.address.dropLast()) : access.address
        let response: HTTPResponse
        do throws(TransferError) {
            response = try await transfer.send(HTTPRequest(url: address + path, headers: headers))
        } catch {
            if case .timedOut(_, let after) = error { throw .timedOut(after: after) }
            throw .unreachable("\(error)")
        }
        switch response.status {
        case 200: break
        case 401, 403: throw .denied
        case 404, 405, 501: throw .missing
        default: throw .status(response.status)
        }
        do throws(JSONTree.Malformed) {
            return try JSONTree(parsing: Array(response.body))
        } catch {
            throw .malformed(error.problem)
        }
    }
}

/// A tree of `index.json` files, as DMTF's mockups are (DSP2043).
struct RecordedRedfish: RedfishSource {
    let tree: SysTree
    /// The folder that stands for `/redfish/v1`.
    let root: String

    func resource(_ path: String) async throws(RedfishError) -> JSONTree {
        let inside = path.dropFirst("/redfish/v1".count)
        do {
            return try JSONTree(parsing: try tree.bytes("\(root)\(inside)/index.json", limit: 4 << 20))
        } catch let error as JSONTree.Malformed {
            throw .malformed(error.problem)
        } catch {
            throw .missing
        }
    }
}
