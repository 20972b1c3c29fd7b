import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Reports
import Transfer

/// Reads request bodies within limits of size and time.
struct BodyReader: Sendable {
    /// For the whole body.
    var deadline: Duration

    /// The body as it came.
    func read(_ request: Request, limit: Int) async throws -> Data {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw BodyReader.tooLarge(limit)
        }
        let body = request.body
        let bytes = try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await body.collect(upTo: limit) }
            group.addTask {
                try await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            do {
                return try await group.next() ?? nil
            } catch is NIOTooManyBytesError {
                throw BodyReader.tooLarge(limit)
            }
        }
        guard let bytes else {
            throw RequestProblem(
                .requestTimeout, "too-slow",
                "The request did not arrive whole within \(Int(deadline.inSeconds)) s: send less at once, or check the line."
            )
        }
        return Data(bytes.readableBytesView)
    }

    /// The body, inflated if it came as gzip.
    /// - Parameter limit: bytes as they arrive.
    /// - Parameter inflated: bytes after inflating.
    func readInflated(_ request: Request, limit: Int, inflated: Int) async throws -> Data {
        let encoding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        guard encoding == "gzip" || encoding == "identity" else {
            throw RequestProblem(
                .unsupportedMediaType, "encoding",
                "The content encoding \(encoding.prefix(40)) is not read here: use gzip.")
        }
        let body = try await read(request, limit: limit)
        guard encoding == "gzip" else { return body }
        do {
            return try Gzip.decompress(body, limit: inflated)
        } catch .tooLarge {
            throw BodyReader.tooLarge(inflated)
        } catch {
            throw RequestProblem(.badRequest, "garbage", "The body cannot be inflated: \(error).")
        }
    }

    /// A JSON body of one noun.
    func decode<Value: Decodable>(_ type: Value.Type, from request: Request, limit: Int) async throws -> Value {
        let data = try await readInflated(request, limit: limit, inflated: max(limit, WireLimits.inflatedBytes))
        do {
            return try WireFormat.decode(type, from: data)
        } catch {
            throw RequestProblem(
                .badRequest, "garbage", "The body is not the JSON that belongs here: \(DecodingReason.words(error)).")
        }
    }

    private static func tooLarge(_ limit: Int) -> RequestProblem {
        RequestProblem(
            .contentTooLarge, "too-large", "The body is larger than \(limit) bytes: send it in smaller parts.")
    }
}

/// What a decoder objected to, short and without the data.
enum DecodingReason {
    static func words(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it is no JSON" }
        let (context, what): (DecodingError.Context, String) =
            switch error {
            case .keyNotFound(let key, let context): (context, "the field \(key.stringValue.prefix(60)) is missing")
            case .typeMismatch(_, let context): (context, "a field has the wrong type")
            case .valueNotFound(_, let context): (context, "a field is null")
            case .dataCorrupted(let context): (context, String(context.debugDescription.prefix(200)))
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "it cannot be decoded")
            }
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? String($0.stringValue.prefix(60)) }
        return path.isEmpty ? what : "\(what) at \(path.joined(separator: "."))"
    }
}

extension Response {
    /// A JSON answer.
    static func json(_ value: some Encodable, status: HTTPTypes.HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            ],
            body: .init(byteBuffer: ByteBuffer(bytes: try WireFormat.encode(value))))
    }
}
