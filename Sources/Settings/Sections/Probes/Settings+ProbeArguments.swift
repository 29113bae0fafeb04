public import Arguments
import Secrets

/// The arguments (`$rollout` and the others) in a probe's texts.
extension Settings.Probe {
    /// The arguments that select the source: those in the address, user, headers, command and
    /// file names. Each combination of their values is a source of its own.
    public var sourceArguments: Set<MeasurementArgument> {
        var used: Set<MeasurementArgument> = []
        // The closure throws nothing.
        _ = try? mapped { (text, _) throws(ArgumentFault) in
            used.formUnion((try? ArgumentText(text))?.arguments ?? [])
            return text
        }
        return used
    }

    /// All arguments, also those that select data of one source: in queries and labels.
    public var arguments: Set<MeasurementArgument> {
        var used = sourceArguments
        switch kind {
        case .prometheus(let page):
            for text in [page.select, page.canary, page.stable].flatMap(\.values) {
                used.formUnion((try? ArgumentText(text))?.arguments ?? [])
            }
        case .prometheusQuery(let query):
            for text in query.queries.values.flatMap(\.expressions) {
                used.formUnion((try? QueryText(text))?.arguments ?? [])
            }
        default: break
        }
        return used
    }

    /// The signals of canary and stable whose data is the same for several rollouts of a namespace:
    /// nothing that selects it contains an argument of one rollout.
    public var sharedSignals: [String] {
        guard !sourceArguments.contains(where: \.isOfOneRollout) else { return [] }
        return rolloutSignals.filter { signal in
            switch kind {
            case .prometheus(let page):
                let version = signal.hasPrefix("canary.") ? page.canary : page.stable
                return ![page.select, version].flatMap(\.values).contains { text in
                    (try? ArgumentText(text))?.arguments.contains(where: \.isOfOneRollout) ?? false
                }
            case .prometheusQuery(let query):
                // A proportion of two queries is of one rollout only if both are.
                return (query.queries[signal]?.expressions ?? []).contains { text in
                    !((try? QueryText(text))?.arguments.contains(where: \.isOfOneRollout) ?? false)
                }
            default: return true
            }
        }
    }

    /// The signals of canary and stable.
    public var rolloutSignals: [String] {
        signals.filter { $0.hasPrefix("canary.") || $0.hasPrefix("stable.") }
    }

    /// The probe with the values in its address, user, headers, command and file names, and `$` in
    /// place of `$$`.
    public func filled(with values: MeasurementArguments) throws(ArgumentFault) -> Settings.Probe {
        try mapped { (text, place) throws(ArgumentFault) in
            let parsed: ArgumentText
            do throws(ArgumentText.SyntaxFault) { parsed = try ArgumentText(text) } catch {
                // Reading has refused such a text.
                return text
            }
            return try parsed.filled(with: values, in: place)
        }
    }

    fileprivate typealias Fill = (String, ArgumentPlace) throws(ArgumentFault) -> String

    /// Applies `fill` to each text that may contain arguments and selects the source.
    private func mapped(_ fill: Fill) throws(ArgumentFault) -> Settings.Probe {
        var probe = self
        switch kind {
        case .disk(var disk):
            disk.path = try fill(disk.path, .path)
            probe.kind = .disk(disk)
        case .process(var life):
            life.pidFile = try fill(life.pidFile, .path)
            life.process = try fill(life.process, .exact)
            probe.kind = .process(life)
        case .http(var http):
            http.access = try http.access.mapped(fill)
            probe.kind = .http(http)
        case .prometheus(var page):
            page.access = try page.access.mapped(fill)
            probe.kind = .prometheus(page)
        case .prometheusQuery(var query):
            query.access = try query.access.mapped(fill)
            probe.kind = .prometheusQuery(query)
        case .file(var report):
            report.path = try fill(report.path, .path)
            if report.schema == .textfile {
                for (name, series) in report.fields {
                    report.fields[name] = try fill(series, .quoted)
                }
            }
            probe.kind = .file(report)
        case .queue(var queue):
            queue.folder = try fill(queue.folder, .path)
            queue.suffix = try fill(queue.suffix, .path)
            queue.access = try queue.access.mapped(fill)
            probe.kind = .queue(queue)
        case .command(var command):
            command.command = try command.mapped(fill)
            command.environment = try Self.mapped(command.environment, fill)
            probe.kind = .command(command)
        case .tcp, .certificate: break
        }
        return probe
    }

    /// Applies `fill` to the texts that are not secret and contain no variable.
    fileprivate static func mapped(
        _ secrets: [String: Secret], _ fill: Fill
    ) throws(ArgumentFault) -> [String: Secret] {
        var secrets = secrets
        for (name, secret) in secrets {
            guard let text = secret.visibleText else { continue }
            secrets[name] = .visible(try fill(text, .exact))
        }
        return secrets
    }
}

extension Settings.Probe.Access {
    fileprivate func mapped(_ fill: Settings.Probe.Fill) throws(ArgumentFault) -> Self {
        var access = self
        access.url = try fill(url, .address)
        access.headers = try Settings.Probe.mapped(headers, fill)
        access.username = try fill(username, .user)
        return access
    }
}

extension Settings.Probe.Command {
    fileprivate func mapped(_ fill: Settings.Probe.Fill) throws(ArgumentFault) -> [String] {
        var filled: [String] = []
        // Behind `--` nothing is an option.
        var isPlain = false
        for (index, argument) in command.enumerated() {
            filled.append(
                index == 0
                    ? argument : try fill(argument, isPlain ? .exact : .commandArgument))
            isPlain = isPlain || argument == "--"
        }
        return filled
    }
}

extension MappingReader {
    /// Checks the arguments in a probe's command.
    ///
    /// A value that a shell would run is a fault, as is an argument in the program's name.
    func checkCommandArguments(_ command: [String]) {
        var isShell = false
        for (index, text) in command.enumerated() {
            let key = "command[\(index)]"
            guard !text.contains("${env:"), let parsed = checkArguments(text, at: key) else {
                continue
            }
            let isScript =
                isShell && index > 0 && command[index - 1].hasPrefix("-")
                && command[index - 1].hasSuffix("c")
            if !parsed.arguments.isEmpty, index == 0 || isScript {
                fault(
                    key,
                    index == 0
                        ? "an argument in the program's name"
                        : "an argument in a shell's script, which would run the value",
                    index == 0
                        ? "write the program's path itself"
                        : "write $$1 there, and the arguments behind it: [sh, -c, 'echo \"$$1\"', sh, $rollout]"
                )
            }
            let program = text.split(separator: "/").last.map(String.init) ?? text
            isShell = isShell || Self.shells.contains(program)
        }
    }

    private static let shells: Set<String> = [
        "sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox", "rbash",
    ]
}
