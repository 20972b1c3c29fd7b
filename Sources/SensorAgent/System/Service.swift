/// A part of the agent that goes on until its task is cancelled.
protocol Service: Sendable {
    /// Returns once the task is cancelled and what the service holds is in order.
    func run() async throws
}
