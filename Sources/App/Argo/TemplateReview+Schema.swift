import Events
import Yams

/// Finds keys and values that the API server refuses.
///
/// Strict decoding (`kubectl apply --validate=strict`, the default) refuses keys that the CRD does
/// not define; without it they are dropped. Source: `manifests/crds/analysis-template-crd.yaml` of
/// Argo Rollouts 1.7.2 to 1.10.
extension TemplateReview {
    private indirect enum Shape: Sendable {
        case text, whole, flag
        /// A whole number, or a text with one.
        case limit
        case list(String)
        case map(String)
        /// Anything, or what calls of Bellwether do not use.
        case free
        /// Any mapping.
        case object
    }

    private static let shapes: [String: [String: Shape]] = [
        "template": [
            "apiVersion": .text, "kind": .text, "metadata": .free, "spec": .map("spec"),
        ],
        "spec": [
            "args": .list("arg"), "metrics": .list("metric"), "dryRun": .list("dryRun"),
            "measurementRetention": .list("measurementRetention"), "templates": .free,
        ],
        "arg": ["name": .text, "value": .text, "valueFrom": .map("valueFrom")],
        "valueFrom": ["secretKeyRef": .map("secretKeyRef"), "fieldRef": .map("fieldRef")],
        "secretKeyRef": ["name": .text, "key": .text],
        "fieldRef": ["fieldPath": .text],
        "dryRun": ["metricName": .text],
        "measurementRetention": ["metricName": .text, "limit": .whole],
        "metric": [
            "name": .text, "interval": .text, "initialDelay": .text, "count": .limit,
            "successCondition": .text, "failureCondition": .text, "failureLimit": .limit,
            "inconclusiveLimit": .limit, "consecutiveErrorLimit": .limit,
            "consecutiveSuccessLimit": .limit, "provider": .map("provider"),
        ],
        "provider": [
            "web": .map("web"), "prometheus": .free, "kayenta": .free, "datadog": .free,
            "wavefront": .free, "newRelic": .free, "job": .free, "cloudWatch": .free,
            "graphite": .free, "influxdb": .free, "skywalking": .free, "plugin": .free,
        ],
        "web": [
            "method": .text, "url": .text, "headers": .list("header"), "body": .text,
            "timeoutSeconds": .whole, "jsonPath": .text, "insecure": .flag, "jsonBody": .object,
            "authentication": .free,
        ],
        "header": ["key": .text, "value": .text],
    ]
    private static let required: [String: [String]] = [
        "arg": ["name"], "secretKeyRef": ["name", "key"], "dryRun": ["metricName"],
        "measurementRetention": ["metricName", "limit"], "metric": ["name", "provider"],
        "web": ["url"], "header": ["key", "value"],
    ]

    /// Reports what the API server refuses in a mapping and below it.
    static func schema(of node: Yams.Node?, as place: String, _ argo: ArgoVersion?) -> Remarks {
        var remarks = Remarks()
        guard let known = shapes[place] else { return remarks }
        guard let mapping = node?.mapping else {
            if node != nil { remarks.fault("\(place) is not an object: the API server refuses it") }
            return remarks
        }
        for key in required[place] ?? [] where mapping[Yams.Node(key)] == nil {
            remarks.fault("\(place) has no \(key): the API server refuses it")
        }
        if place == "provider", mapping.count > 1 {
            remarks.fault("a metric with several providers: Argo refuses it and aborts the rollout")
        }
        for (keyNode, value) in mapping {
            guard let key = keyNode.string else { continue }
            guard let shape = known[key] else {
                remarks.fault(
                    "\(place) has no key \(key): \(Suggestion.remedy(for: key, among: known.keys.sorted()))"
                )
                continue
            }
            if key == "consecutiveSuccessLimit", let argo, argo < .consecutiveSuccess {
                remarks.fault("metric has no key consecutiveSuccessLimit before Argo 1.8")
            }
            remarks.add(check(value, shape, "\(place).\(key)", argo))
        }
        return remarks
    }

    private static func check(
        _ node: Yams.Node, _ shape: Shape, _ place: String, _ argo: ArgoVersion?
    ) -> Remarks {
        var remarks = Remarks()
        let tag = node.scalar == nil ? "" : node.tag.description.split(separator: ":").last ?? ""
        func refuse(_ wanted: String, _ remedy: String = "") {
            remarks.fault("\(place) is not \(wanted): the API server refuses it\(remedy)")
        }
        switch shape {
        case .free: break
        // An own tag is reported with the conditions.
        case .text:
            if node.scalar == nil || ["int", "float", "bool"].contains(tag) {
                refuse("a text", node.scalar == nil ? "" : "; quote it")
            }
        case .whole:
            if tag != "int" { refuse("a whole number") }
        case .flag:
            if tag != "bool" { refuse("true or false") }
        case .limit:
            if tag != "int", tag != "str" { refuse("a whole number") }
        case .object:
            if node.mapping == nil { refuse("an object") }
        case .map(let name): remarks.add(schema(of: node, as: name, argo))
        case .list(let name):
            guard let sequence = node.sequence else {
                refuse("a list")
                return remarks
            }
            for one in sequence { remarks.add(schema(of: one, as: name, argo)) }
        }
        return remarks
    }
}
