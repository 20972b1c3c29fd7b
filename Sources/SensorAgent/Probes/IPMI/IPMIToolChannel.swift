/// Asks a BMC that is not this machine's own: by ipmitool(1), whose `raw` prints an answer's bytes in hexadecimal.
///
/// ipmitool prints the completion code of a refusal only among words on its standard error: it comes as FFh,
/// unspecified.
struct IPMIToolChannel: IPMIChannel {
    let tool: Tool
    /// ipmitool's options for the connection.
    let connection: [String]
    /// Time for one command.
    let deadline: Duration

    /// Characters read of an answer; a message has at most 272 bytes.
    private static let answerCharacters = 4_096

    func answer(to request: IPMIRequest) async throws(IPMITransportError) -> IPMIResponse {
        func word(_ byte: UInt8) -> String { "0x" + hexadecimal(UInt64(byte), digits: 2) }
        var arguments = connection
        if request.unit != 0 { arguments += ["-l", "\(request.unit)"] }
        if request.owner != IPMIRequest.bmc { arguments += ["-t", word(request.owner), "-b", "\(request.channel)"] }
        arguments += ["raw", word(request.function), word(request.command)] + request.data.map(word)
        let output: Tool.Output
        do throws(Tool.Failure) {
            output = try await tool.run(arguments, for: "bmc", deadline: deadline)
        } catch {
            throw .tool(error)
        }
        guard output.exitCode == 0 else { return IPMIResponse(completion: IPMIResponse.unspecified, data: []) }
        var data: [UInt8] = []
        let text = String(decoding: output.bytes.prefix(IPMIToolChannel.answerCharacters), as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map { $0.count == 2 ? UInt8($0, radix: 16) : nil }
            if !words.contains(nil) { data += words.compactMap { $0 } }
        }
        return IPMIResponse(completion: 0, data: data)
    }
}
