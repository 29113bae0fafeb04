extension Settings {
    /// `policy`: what a reload of the checks means to runs under way.
    public struct Policy: Sendable, Equatable {
        public enum MidRun: String, Sendable, CaseIterable {
            /// A run is judged to its end by the policy that it began under.
            case nextRun = "next_run"
            /// The new policy judges at once; a run judged by two policies is `unknown`.
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
