extension IPMIDevice: IPMIDriver {
    func send(_ request: IPMIRequest, as id: Int) throws(SystemError) {
        try send(
            function: request.function, command: request.command, data: request.data, to: request.owner,
            channel: request.channel, unit: request.unit, as: id)
    }

    func receive() throws(SystemError) -> IPMIMessage? {
        guard let message = try next() else { return nil }
        return IPMIMessage(
            isResponse: message.isResponse, id: message.id, function: message.function, command: message.command,
            data: message.data)
    }
}
