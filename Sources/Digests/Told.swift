import Events

/// What the last message of an incident said: the measure of "changed".
struct Told: Sendable, Hashable {
    /// Status by place; places not listed were told as healthy.
    var statuses: [String: VerdictStatus] = [:]
    var metrics: Set<String> = []
    var notices: Set<String> = []
    var lastChance = false
    var policies = 0
    var binaries = 0
    var flapping = false
    /// Who was told.
    var receivers: Set<String> = []
}
