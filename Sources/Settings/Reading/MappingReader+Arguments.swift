import Arguments
import Core
import Events
import Secrets

/// Readers of a probe's texts, in which `$rollout` and the other arguments may stand.
extension MappingReader {
    /// Reads a text with arguments.
    func withArguments(_ key: String, _ standard: String) -> String {
        guard let text = text(key) else { return standard }
        checkArguments(text, at: key)
        return text
    }

    /// Reads a mapping of texts to texts with arguments.
    func pairsWithArguments(_ key: String) -> [String: String] {
        let reader = mapping(key)
        var pairs: [String: String] = [:]
        for name in reader.keys {
            guard let text = reader.text(name) else {
                if case .empty = reader.value(name) {
                    reader.fault(name, "no value", "give it one")
                }
                continue
            }
            reader.checkArguments(text, at: name)
            pairs[name] = text
        }
        return pairs
    }

    /// Reads an address with arguments behind its host.
    func addressWithArguments(_ key: String, credentials: String) -> String {
        let text = withArguments(key, "")
        guard let parsed = try? ArgumentText(text) else { return text }
        if !parsed.arguments.isEmpty {
            let beginning = parsed.beginning
            let host = beginning.firstRange(of: "://").map { beginning[$0.upperBound...] } ?? ""
            if !host.contains(where: { "/?#".contains($0) }) {
                fault(
                    key, "an argument in the host, so that a caller could choose where it is sent",
                    "write the host itself: one probe for each, in analysis.policies")
                return text
            }
        }
        // Parsed above and filled for every argument, so that this cannot fail.
        let sample = (try? parsed.filled(with: .placeholders, in: .address)) ?? text
        _ = webAddress(key, sample, schemes: ["http", "https"], credentials: credentials)
        return text
    }

    /// Reads a PromQL expression with arguments. Only the server can check its syntax.
    func query(_ key: String) -> String {
        guard let text = text(key) else { return "" }
        if text.utf8.count > 4096 {
            fault(key, "longer than 4096 bytes", "make it a recording rule and query that")
        }
        guard checkVariables(text, at: key) else { return text }
        do throws(QueryText.Fault) { _ = try QueryText(text) } catch {
            switch error {
            case .syntax(let syntax): argumentFault(syntax, at: key)
            case .outsideOfString(let argument):
                fault(
                    key, "$\(argument.rawValue) stands outside of quotation marks",
                    "write it as a label's value, like {rollout=\"$\(argument.rawValue)\"}")
            }
        }
        return text
    }

    /// Parses a text with arguments; nil after a fault.
    @discardableResult
    func checkArguments(_ text: String, at key: String) -> ArgumentText? {
        guard checkVariables(text, at: key) else { return nil }
        do throws(ArgumentText.SyntaxFault) { return try ArgumentText(text) } catch {
            argumentFault(error, at: key)
            return nil
        }
    }

    private func checkVariables(_ text: String, at key: String) -> Bool {
        guard text.contains("${env:") else { return true }
        fault(
            key, "variables are not expanded here",
            "they are in node, az, data_dir, listen.address, forward.to, bucket and in secrets")
        return false
    }

    private func argumentFault(_ fault: ArgumentText.SyntaxFault, at key: String) {
        guard let name = fault.name else {
            return self.fault(key, "a ${ without its }", "close it, or write $$ for a dollar")
        }
        let known = MeasurementArgument.allCases.map(\.rawValue)
        let nearest =
            known.first { !name.isEmpty && $0.hasPrefix(name) }
            ?? Suggestion.nearest(to: name, among: known)
        self.fault(
            key, "\(InertText.quoted("$\(name)")) is not an argument",
            (nearest.map { "did you mean $\($0)? " }
                ?? "known are \(known.map { "$" + $0 }.joined(separator: ", ")); ")
                + "write $$ for a dollar")
    }
}
