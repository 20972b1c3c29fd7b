import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Reports
import Transfer

/// Reads request bodies within limits of size, time and of what is held at the same time.
///
/// First the body arrives, within the deadline, and counts as it comes. Only then is it inflated, which waits for nobody:
/// so nobody can hold what a few bytes inflate to by not sending the last one.
struct BodyReader: Sendable {
    /// For the whole body.
    var deadline: Duration
    let budget: ByteBudget

    /// Bytes held for each byte of a message while it is decoded: the text, its copy without base64, and what is made of
    /// it.
    private static let decodingFactor = 3

    /// The body as it came, held in `share`.
    /// - Parameter limit: bytes.
    func read(_ request: Request, limit: Int, in share: ByteBudget.Share) async throws -> Data {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw BodyReader.tooLarge(limit)
        }
        let body = request.body
        let bytes = try await withThrowingTaskGroup(of: Data?.self) { group in
            group.addTask {
                var data = Data()
                for try await piece in body {
                    guard piece.readableBytes <= limit - data.count else { throw BodyReader.tooLarge(limit) }
                    try share.take(piece.readableBytes)
                    data.append(contentsOf: piece.readableBytesView)
                }
                return data
            }
            group.addTask {
                try await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let bytes else {
            throw RequestProblem(
                .requestTimeout, "too-slow",
                "The request did not arrive whole within \(Int(deadline.inSeconds)) s: send less at once, or check the line."
            )
        }
        return bytes
    }

    /// How the body is written.
    /// - Returns: true for gzip.
    func isGzip(_ request: Request) throws(RequestProblem) -> Bool {
        let encoding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        guard encoding == "gzip" || encoding == "identity" else {
            throw RequestProblem(
                .unsupportedMediaType, "encoding",
                "The content encoding \(encoding.prefix(40)) is not read here: use gzip.")
        }
        return encoding == "gzip"
    }

    /// A JSON body of one noun.
    /// - Parameters:
    ///   - limit: bytes as they arrive.
    ///   - inflated: bytes after inflating, where that may be more.
    func decode<Value: Decodable & Sendable>(
        _ type: Value.Type, from request: Request, of peer: String, limit: Int, inflated: Int? = nil
    ) async throws -> Value {
        let share = budget.share(of: peer)
        defer { share.end() }
        let isGzip = try isGzip(request)
        let body = try await read(request, limit: limit, in: share)
        var pieces = BodyPieces(body, isGzip: isGzip, limit: inflated ?? limit)
        var data = Data()
        while let piece = try pieces.next() {
            try share.take(BodyReader.decodingFactor * piece.count)
            data.append(contentsOf: piece)
        }
        return try BodyReader.noun(type, from: data)
    }

    /// The noun in a body that has arrived.
    static func noun<Value: Decodable>(_ type: Value.Type, from data: Data) throws(RequestProblem) -> Value {
        if let objection = WireShape.objection(to: data, .message) {
            throw RequestProblem(.badRequest, "garbage", "The body is not the JSON that belongs here: \(objection).")
        }
        do {
            return try WireFormat.decode(type, from: data)
        } catch {
            throw RequestProblem(
                .badRequest, "garbage", "The body is not the JSON that belongs here: \(DecodingReason.words(error)).")
        }
    }

    static func tooLarge(_ limit: Int) -> RequestProblem {
        RequestProblem(
            .contentTooLarge, "too-large", "The body is larger than \(limit) bytes: send it in smaller parts.")
    }
}

/// A body, inflated if it came as gzip, a piece at a time: however much it inflates to, one piece is held.
struct BodyPieces {
    /// Bytes of one piece.
    static let size = 64 << 10

    private var rest: ArraySlice<UInt8>
    private let reader: Result<GzipReader, GzipError>?
    private let limit: Int
    private var made = 0
    private var buffer: [UInt8] = []

    /// - Parameter limit: bytes of all pieces.
    init(_ body: Data, isGzip: Bool, limit: Int) {
        rest = ArraySlice(body)
        self.limit = limit
        reader = isGzip ? Result { () throws(GzipError) in try GzipReader() } : nil
        if isGzip { buffer = [UInt8](repeating: 0, count: BodyPieces.size) }
    }

    /// nil at the end.
    mutating func next() throws(RequestProblem) -> ArraySlice<UInt8>? {
        let piece: ArraySlice<UInt8>
        if let reader {
            do {
                piece = try inflated(by: reader.get())
            } catch {
                throw RequestProblem(.badRequest, "garbage", "The body cannot be inflated: \(error).")
            }
        } else {
            piece = rest.prefix(BodyPieces.size)
            rest = rest.dropFirst(BodyPieces.size)
        }
        guard piece.count <= limit - made else { throw BodyReader.tooLarge(limit) }
        made += piece.count
        return piece.isEmpty ? nil : piece
    }

    private mutating func inflated(by reader: GzipReader) throws(GzipError) -> ArraySlice<UInt8> {
        guard !rest.isEmpty || !reader.isAtEnd else { return [] }
        let before = rest.count
        let count = try reader.inflate(&rest, into: &buffer, from: 0)
        if count == 0, rest.isEmpty || rest.count == before {
            guard reader.isAtEnd else { throw .truncated }
            return []
        }
        return buffer[..<count]
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
        let path = context.codingPath.prefix(12).map {
            $0.intValue.map(String.init) ?? String($0.stringValue.prefix(60))
        }
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
