import Events

/// What the messages of an incident have reported; changes are differences from it.
struct LastReport: Sendable, Hashable {
    /// The worst reported status by place. Places that are not listed count as healthy.
    var statuses: [String: VerdictStatus] = [:]
    var metrics: Set<String> = []
    var notices: Set<String> = []
    var lastChance = false
    var failureLimit = false
    var inconclusiveLimit = false
    var paused = false
    var policies = 0
    var binaries = 0
    var flapping = false
    var acknowledgement: Acknowledgement?
    /// The receivers of the last message.
    var receivers: Set<String> = []
}
