import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import PatternChannel
import Reports

/// `GET /v1/channels/{name}/metadata/{file}` and `…/targets/{file}`: the mirrors of channels of patterns, byte for byte, for
/// agents and for the collectors of sites. What is not one of the mirror's files by its exact name is not there.
struct ChannelRoute: RouteProvider {
    let environment: CollectorEnvironment

    /// Bytes that are handed to the connection at a time: a slow reader holds no more.
    private static let portion = 64 << 10

    func addRoutes(to router: Router<CollectorContext>) {
        for folder in ["metadata", "targets"] {
            router.get("\(Routes.channel(":name"))/\(folder)/:file") { _, context in
                try file(
                    of: context.parameters.get("name") ?? "", "\(folder)/\(context.parameters.get("file") ?? "")")
            }
        }
    }

    private func file(of name: String, _ path: String) throws -> Response {
        // The name is one of the configuration, and the path one that was written by this collector: none leads elsewhere.
        guard let channel = environment.patterns.channel(name), channel.files.contains(path) else {
            // Each update ends by asking for a root that is not there yet: so the newest one is known (TUF 5.3.9).
            let isNextRoot = environment.patterns.channel(name) != nil && ChannelPath.isRoot(path)
            throw RequestProblem(
                .notFound, "not-found", "The mirrors of this collector hold no such file.", isUsual: isNextRoot)
        }
        let bytes: Data
        do {
            // Files are replaced whole and never changed: what is mapped stays as it was.
            bytes = try Data(
                contentsOf: URL(
                    filePath: "\(environment.configuration.dataDirectory)/channels/\(channel.name)/\(path)"),
                options: .mappedIfSafe)
        } catch {
            throw RequestProblem(
                .serviceUnavailable, "no-file", "The file cannot be read now. Try again later.", retryAfter: 60)
        }
        let isFixed = path != "metadata/timestamp.json"
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/json", .xContentTypeOptions: "nosniff",
                .cacheControl: isFixed ? "public, max-age=86400, immutable" : "no-cache",
            ],
            body: ResponseBody(contentLength: bytes.count) { writer in
                var rest = bytes[...]
                while !rest.isEmpty {
                    try await writer.write(ByteBuffer(bytes: rest.prefix(ChannelRoute.portion)))
                    rest = rest.dropFirst(ChannelRoute.portion)
                }
                try await writer.finish(nil)
            })
    }
}
