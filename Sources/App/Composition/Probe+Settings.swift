import Arguments
import Gateway
import Probes
import Secrets
import Settings
import Transfer

extension Settings.Probe {
    /// Creates the probe of a validated configuration.
    ///
    /// - Parameter idle: How long a rollout's source is kept without a measurement.
    func made(with upstreams: GatewayPlan.Upstreams, idle: Duration) -> any Probe {
        let source = sourceArguments
        // With every argument the texts can always be filled.
        let model = ((try? filled(with: .placeholders)) ?? self)
            .source(with: upstreams, isOfRollout: !source.isEmpty)
        guard !source.isEmpty else { return model }
        return ArgumentProbe(like: model, source: source, address: shownAddress, idle: idle) {
            (values) throws(ArgumentFault) in
            try filled(with: values).source(with: upstreams, isOfRollout: true)
        }
    }

    /// The address, path or program as configured, without secrets.
    private var shownAddress: String {
        switch kind {
        case .http(let http): ShownText.url(http.access.url)
        case .prometheus(let page): ShownText.url(page.access.url)
        case .prometheusQuery(let query): ShownText.url(query.access.url)
        case .queue(let queue):
            queue.folder.isEmpty ? ShownText.url(queue.access.url) : queue.folder
        case .file(let report): report.path
        case .command(let command): command.command.first ?? ""
        case .disk, .process, .tcp, .certificate: ""
        }
    }

    /// - Parameter isOfRollout: Whether there were arguments in the texts that are filled now.
    private func source(
        with upstreams: GatewayPlan.Upstreams, isOfRollout: Bool
    ) -> any Probe {
        let engine = upstreams.engine
        switch kind {
        case .disk(let disk):
            return DiskProbe(
                name: name, path: disk.path, minFreeRatio: disk.minFreeRatio, deadline: timeout)
        case .process(let process):
            return ProcessProbe(
                name: name,
                target: process.pidFile.isEmpty
                    ? .processName(process.process)
                    : .pidFile(
                        process.pidFile, named: process.process.isEmpty ? nil : process.process),
                deadline: timeout)
        case .tcp(let address):
            let (host, port) = Self.hostAndPort(address)
            return TCPProbe(name: name, host: host, port: port, engine: engine, deadline: timeout)
        case .http(let http):
            var source = http.access.source(isOfRollout)
            source.expectedStatuses = http.expect
            source.maxBody = http.maxBody
            return HTTPProbe(
                name: name, source: source,
                fields: .pointers(http.fields.pointers), engine: engine, deadline: timeout,
                policy: upstreams.policy)
        case .prometheus(let page):
            return PrometheusProbe(
                name: name, source: page.access.source(isOfRollout), metrics: page.made,
                engine: engine,
                deadline: timeout, policy: upstreams.policy)
        case .prometheusQuery(let query):
            return PrometheusQueryProbe(
                name: name, server: query.access.source(isOfRollout), queries: query.made,
                engine: engine,
                deadline: timeout, policy: upstreams.policy)
        case .file(let report):
            return FileProbe(
                name: name, path: report.path, maxAge: report.maxAge, form: report.form,
                ageSource: report.madeAt.isEmpty ? .modified : .pointer(report.madeAt),
                deadline: timeout)
        case .queue(let queue):
            return QueueProbe(
                name: name,
                queue: queue.access.url.isEmpty
                    ? .folder(queue.folder, suffix: queue.suffix)
                    : .http(queue.access.source(isOfRollout), pointer: queue.pointer),
                engine: engine, prefix: name, deadline: timeout, policy: upstreams.policy)
        case .command(let command):
            return CommandProbe(
                name: name, arguments: command.command,
                environment: command.environment,
                fields: .pointers(command.fields.pointers), deadline: timeout)
        case .certificate(let certificate):
            let (host, port) = Self.hostAndPort(certificate.address)
            return CertificateProbe(
                name: name, host: host, port: port,
                serverName: certificate.serverName.isEmpty ? nil : certificate.serverName,
                trust: certificate.caFile.isEmpty ? .system : .file(certificate.caFile),
                engine: engine, deadline: timeout)
        }
    }

    private static func hostAndPort(_ address: String) -> (host: String, port: Int) {
        let colon = address.lastIndex(of: ":") ?? address.endIndex
        return (
            address[..<colon].trimmingPrefix("[").filter { $0 != "]" },
            Int(address[colon...].dropFirst()) ?? 0
        )
    }
}

extension Settings.Probe.Access {
    /// Everything that these settings say; statuses and bounds are the probe's own.
    fileprivate func source(_ isOfRollout: Bool) -> HTTPSource {
        var source = HTTPSource(
            url: url,
            headers: headers.sorted { $0.key < $1.key }.map { HTTPSource.Header($0.key, $0.value) },
            credential: token.isSet
                ? .bearer(token)
                : username.isEmpty ? nil : .basic(user: username, password: password),
            tls: trust.insecure ? .insecure : trust.caFile.isEmpty ? .system : .file(trust.caFile),
            identity: clientCertificate.isEmpty
                ? nil : TLSIdentity(certificate: clientCertificate, key: clientKey),
            usesEnvironmentProxy: proxyFromEnvironment)
        source.isOfRollout = isOfRollout
        return source
    }
}

extension [String: String] {
    fileprivate var pointers: [FieldSelection.Field] {
        sorted { $0.key < $1.key }.map { FieldSelection.Field($0.key, $0.value) }
    }

    fileprivate var labelsWithArguments: [RequestMetrics.Label] {
        sorted { $0.key < $1.key }.map { name, value in
            // Reading has refused a value that is no text with arguments.
            (try? ArgumentText(value)).map { RequestMetrics.Label(name, $0) }
                ?? RequestMetrics.Label(name, value)
        }
    }

    fileprivate var labels: [RequestMetrics.Label] {
        sorted { $0.key < $1.key }.map { RequestMetrics.Label($0.key, $0.value) }
    }
}

extension Settings.Probe.Prometheus.LatencyUnit {
    fileprivate var made: RequestMetrics.TimeUnit { self == .seconds ? .seconds : .milliseconds }
}

extension Settings.Probe.Prometheus {
    fileprivate var made: RequestMetrics {
        RequestMetrics(
            counter: requests, statusLabel: statusLabel,
            statuses: StatusWords(failing: failing, ok: ok),
            histogram: latency, histogramUnit: latencyUnit.made,
            groups: [
                RequestMetrics.Group("canary", canary.labelsWithArguments),
                RequestMetrics.Group("stable", stable.labelsWithArguments),
            ],
            common: select.labelsWithArguments)
    }
}

extension Settings.Probe.Query {
    fileprivate var made: [PrometheusQuery] {
        queries.sorted { $0.key < $1.key }.map { signal, source in
            switch source {
            case .number(let expression): .number(signal, expression)
            case .share(let failing, let total): .share(signal, failing: failing, total: total)
            case .quantile(let quantile, let buckets, let unit):
                .quantile(quantile, signal, buckets: buckets, unit: unit.made)
            }
        }
    }
}

extension Settings.Probe.Report {
    fileprivate var form: ReportForm {
        let requirements = require.sorted { $0.key < $1.key }.compactMap { pointer, shape in
            ReportRequirement.Shape(rawValue: shape.rawValue).map { ReportRequirement(pointer, $0) }
        }
        switch schema {
        case .json:
            return .json(
                fields.isEmpty ? .topLevel() : .pointers(fields.pointers), requires: requirements)
        case .doctor: return .doctor(requires: requirements)
        case .textfile:
            return .textfile(
                TextfileSelection(
                    series.sorted { $0.key < $1.key }.map { name, series in
                        TextfileSelection.Field(
                            name, metric: series.metric, labels: series.labels.labels)
                    }))
        }
    }
}
