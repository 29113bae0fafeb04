extension Settings {
    /// `policy`: how a reload of the checks affects runs in progress.
    public struct Policy: Sendable, Equatable {
        public enum MidRun: String, Sendable, CaseIterable {
            /// A run is judged to its end by the policy that it started with.
            case nextRun = "next_run"
            /// The new policy applies at once; a run judged by two policies is `unknown`.
            case apply
        }

        public var midRun = MidRun.nextRun

        public init() {}
    }
}

extension Settings.Policy {
    init(reading r: MappingReader) {
        self.init()
        midRun = r.choice("mid_run", midRun)
        r.finish()
    }
}
