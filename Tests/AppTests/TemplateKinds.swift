@testable import App

/// One kind of template that people write, what Argo makes of it, and what the review must say.
struct TemplateKind: Sendable {
    enum Change: Sendable {
        /// Conditions on the printed `jsonPath: "{$.summary}"`, or on the whole document.
        case summary(success: String?, failure: String?)
        case document(success: String?, failure: String?)
        /// A line of the printed template and what stands there instead.
        case line(String, String)
        /// What stands in the place of the printed `jsonBody`, the end of the template.
        case body(String)
    }

    let change: Change
    /// Argo's behaviour, as documented in its source or observed on the real controller.
    let argo: String
    /// The beginning of a finding; empty if the template is right.
    let says: String
    /// Whether that finding is a fault.
    var isFault = true
    /// The phases of healthy, degraded, unknown and unhealthy: S, I, F, E, and ? for undecided.
    var phases = "SIIF"
    /// The versions in which the finding applies.
    var versions = Self.all

    static let all = ["1.7.2", "1.8.4", "1.9.1", "1.10.0"]
    static let before110 = ["1.7.2", "1.8.4", "1.9.1"]
    static let since18 = ["1.8.4", "1.9.1", "1.10.0"]

    private static let unhealthy = #"result.status == "unhealthy""#

    static let conditions: [TemplateKind] = [
        .init(
            change: .summary(
                success: #"result startsWith "healthy:""#,
                failure: #"result startsWith "unhealthy:""#),
            argo: "each status is its phase; the run keeps the line for people", says: ""),
        .init(
            change: .summary(
                success: #"result matches "^healthy:""#, failure: #"result matches "^unhealthy:""#),
            argo: "as `startsWith`", says: ""),
        .init(
            change: .summary(
                success: #"result == "healthy""#, failure: #"result == "unhealthy""#),
            argo: "the line is longer than the word: neither condition ever holds",
            says: "healthy becomes Inconclusive", phases: "IIII"),
        .init(
            change: .summary(
                success: #"result.status == "healthy""#, failure: #"result.status == "unhealthy""#),
            argo: "a text has no member: does not compile, Error", says: "every answer is an Error",
            phases: "EEEE"),
        .init(
            change: .document(
                success: #"result startsWith "healthy:""#,
                failure: #"result startsWith "unhealthy:""#),
            argo: "`startsWith` of an object: does not compile, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: #"result == "healthy""#, failure: #"result == "unhealthy""#),
            argo: "an object against a text: does not compile, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .summary(
                success: #"result contains "healthy""#, failure: #"result startsWith "unhealthy:""#),
            argo:
                "`unhealthy` contains `healthy`, but failure takes precedence; the line of any status may contain the word",
            says: "not decided for degraded, unknown", isFault: false, phases: "S??F"),
        .init(
            change: .summary(success: #"result matches "healthy""#, failure: nil),
            argo: "`unhealthy` matches, too: Successful", says: "unhealthy becomes Successful",
            phases: "S??S"),
        .init(
            change: .summary(success: #"not (result startsWith "unhealthy:")"#, failure: nil),
            argo: "whatever is not unhealthy is Successful", says: "unknown becomes Successful",
            phases: "SSSF"),
        .init(
            change: .summary(
                success: #"result matches "^(?!un)healthy""#,
                failure: #"result startsWith "unhealthy:""#),
            argo: "Go's expressions have no look-ahead: does not compile, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: #"result.status == "healthy""#, failure: unhealthy),
            argo: "each status is its phase", says: ""),
        .init(
            change: .document(
                success: #"result.status in ["healthy", "degraded"]"#, failure: unhealthy),
            argo: "degraded passes", says: "", phases: "SSIF"),
        .init(
            change: .document(
                success: #"result["status"] == "healthy""#,
                failure: #"result["status"] == "unhealthy""#
            ), argo: "brackets name a member", says: ""),
        .init(
            change: .document(success: "!result.degraded", failure: unhealthy),
            argo: "`degraded` is a boolean", says: ""),
        .init(
            change: .document(success: #"result.status != "unhealthy""#, failure: nil),
            argo: "unknown differs from unhealthy: Successful", says: "unknown becomes Successful",
            phases: "SSSF"),
        .init(
            change: .document(success: #"result.state != "unhealthy""#, failure: nil),
            argo: "a missing member is nil, and nil differs from every text: Successful",
            says: "no answer contains result.state", phases: "????"),
        .init(
            change: .document(success: #"result.status == "Healthy""#, failure: unhealthy),
            argo: "texts are compared letter by letter", says: "healthy becomes Inconclusive",
            phases: "IIIF"),
        .init(
            change: .document(success: #"result.status == "healthy""#, failure: nil),
            argo: "without failureCondition, what is not successful is Failed",
            says: "unknown becomes Failed", isFault: false, phases: "SFFF"),
        .init(
            change: .document(success: nil, failure: unhealthy),
            argo: "without successCondition, what is not failed is Successful",
            says: "unknown becomes Successful", phases: "SSSF"),
        .init(
            change: .document(success: nil, failure: nil),
            argo: "without conditions every answer is Successful",
            says: "unhealthy becomes Successful", phases: "SSSS"),
        .init(
            change: .document(success: #"result.status == "healthy""#, failure: "result.degraded"),
            argo: "failure takes precedence", says: "degraded becomes Failed", isFault: false,
            phases: "SFFF"),
        .init(
            change: .document(success: #"!result.status == "healthy""#, failure: unhealthy),
            argo: "`!` binds tighter than `==`: `!` of a text, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: #"not result.status == "unhealthy""#, failure: nil),
            argo: "`not` binds tighter than `==`: `not` of a text, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: #"not (result.status == "unhealthy")"#, failure: nil),
            argo: "parentheses make it right, and unknown passes",
            says: "unknown becomes Successful", phases: "SSSF"),
        .init(
            change: .document(success: "not result.degraded == true", failure: unhealthy),
            argo: "`(not degraded) == true`", says: ""),
        .init(
            change: .document(success: #"result.canary.5xx_rate < 0.01"#, failure: unhealthy),
            argo: "a name does not begin with a digit: does not compile, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: #"result.canary["5xx_rate"] < 0.01"#, failure: unhealthy),
            argo: "a value that could not be measured is null: `<` of nil, Error",
            says: "canary.5xx_rate may be null", isFault: false, phases: "????"),
        .init(
            change: .document(success: "result.canary.error_rate_5xx < 0.01", failure: unhealthy),
            argo: "as above", says: "canary.error_rate_5xx may be null", isFault: false,
            phases: "????"),
        .init(
            change: .document(success: "asFloat(result.score) > 90", failure: unhealthy),
            argo: "`asFloat` of null ends the measurement with an Error",
            says: "score may be null", isFault: false, phases: "????"),
        .init(
            change: .document(
                success: "isNil(result.canary.error_rate_5xx)", failure: unhealthy),
            argo: "`isNil` looks at the whole result, whatever is in its parentheses: false",
            says: "healthy becomes Inconclusive", phases: "IIIF"),
        .init(
            change: .document(success: "default(result.score, 100) > 90", failure: unhealthy),
            argo: "`default` gives the whole result: an object is not a number, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: #"result.reasons[0].state == "pass""#, failure: unhealthy),
            argo: "an empty list has no first element: Error",
            says: "reasons may have no element 0", isFault: false, phases: "????"),
        .init(
            change: .document(success: "len(result.reasons) == 0", failure: unhealthy),
            argo: "depends on the answer", says: "not decided for healthy", isFault: false,
            phases: "???F"),
        .init(
            change: .document(
                success: #"all(result.reasons, {.state != "fail"})"#, failure: unhealthy),
            argo: "depends on the answer", says: "not decided for healthy", isFault: false,
            phases: "???F"),
        .init(
            change: .document(success: "result.cart.errors < 5", failure: unhealthy),
            argo: "without such a probe `cart` is nil, and a member of nil is an Error",
            says: "result.cart is in the answer only if a probe measures cart.errors",
            isFault: false, phases: "????"),
        .init(
            change: .document(success: #"result.status = "healthy""#, failure: unhealthy),
            argo: "a single `=`: does not compile, Error", says: "every answer is an Error",
            phases: "EEEE"),
        .init(
            change: .document(success: "result.status == healthy", failure: unhealthy),
            argo: "a word without quotes is a name: does not compile, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: "result.status", failure: unhealthy),
            argo: "a text is not true or false: Error", says: "every answer is an Error",
            phases: "EEEE"),
        .init(
            change: .document(success: #"result.status == "healthy"#, failure: unhealthy),
            argo: "the text does not end: does not compile, Error",
            says: "every answer is an Error", phases: "EEEE"),
        .init(
            change: .document(success: "result.status == `healthy`", failure: unhealthy),
            argo: "backticks are known since 1.10; before, an Error",
            says: "every answer is an Error", phases: "EEEE", versions: before110),
        .init(
            change: .document(success: #"0 <= result.attempt.n < 1000"#, failure: unhealthy),
            argo: "chains are known since 1.10; before, a boolean against a number is an Error",
            says: "every answer is an Error", phases: "EEEE", versions: before110),
        .init(
            change: .document(
                success: #"result.status == "healthy" and result.score > 90"#, failure: unhealthy),
            argo: "the rest of the condition decides for healthy only",
            says: "not decided for healthy", isFault: false, phases: "?IIF"),
        .init(
            change: .document(
                success: #"let s = result.status; s == "healthy""#, failure: unhealthy),
            argo: "`let` names a value", says: "not decided for healthy, degraded, unknown",
            isFault: false, phases: "???F"),
    ]

    /// The template with the change.
    func yaml() throws -> String {
        switch change {
        case .summary(let success, let failure):
            return Self.with(success, failure, in: try AnalysisTemplate().yaml)
        case .document(let success, let failure):
            return Self.with(success, failure, in: try AnalysisTemplate(value: .document).yaml)
        case .line(let old, let new):
            let printed = try AnalysisTemplate().yaml
            guard let place = printed.firstRange(of: old) else { throw Missing(line: old) }
            return printed.replacingCharacters(place, with: new)
        case .body(let text):
            let printed = try AnalysisTemplate().yaml
            guard let place = printed.firstRange(of: "jsonBody:") else {
                throw Missing(line: "jsonBody:")
            }
            return "\(printed[..<place.lowerBound])\(text)\n"
        }
    }

    struct Missing: Error { let line: String }

    private static func with(_ success: String?, _ failure: String?, in yaml: String) -> String {
        yaml.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
            for (key, text) in [("successCondition", success), ("failureCondition", failure)]
            where line.hasPrefix("      \(key):") {
                return text.map { "      \(key): '\($0.replacing("'", with: "''"))'" }
            }
            return String(line)
        }.joined(separator: "\n")
    }

    /// What differs from a right template, for the table.
    var input: String {
        switch change {
        case .summary(let success, let failure), .document(let success, let failure):
            let conditions = [
                success.map { "`\($0)`" } ?? "no successCondition",
                failure == nil ? "no failureCondition" : "",
            ]
            let shown = conditions.filter { !$0.isEmpty }.joined(separator: ", ")
            if case .summary = change { return "on the summary: " + shown }
            return shown
        case .line(let old, let new):
            func clean(_ text: String) -> String {
                text.split(separator: "\n").map { line in
                    String(line.drop { $0 == " " })
                }.filter { $0 != "metrics:" && $0 != "web:" }.joined(separator: "; ")
            }
            return clean(new).isEmpty ? "without `\(clean(old))`" : "`\(clean(new))`"
        case .body(let text): return "instead of `jsonBody`: `\(text)`"
        }
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
