import Yams

/// Finds requests that Argo cannot send, or that a gateway refuses: each is an Error.
///
/// Source: `metricproviders/webmetric/webmetric.go` of Argo Rollouts 1.7.2 to 1.10.
extension TemplateReview {
    static func request(of web: Yams.Node) -> Remarks {
        var remarks = Remarks()
        let url = web["url"]?.string ?? ""
        let method = web["method"]?.string ?? ""
        let hasText = web["body"]?.string?.isEmpty == false
        let hasJSON = web["jsonBody"] != nil
        if hasText, hasJSON { remarks.fault("body beside jsonBody: every measurement is an Error") }
        switch method {
        case "", "GET":
            if hasText || hasJSON {
                remarks.fault(
                    "\(method.isEmpty ? "method is missing: Argo sends GET" : "method GET") with a body, and every measurement is an Error; write method: POST"
                )
            } else if !url.contains("?"), !url.contains("{{") {
                remarks.fault(
                    "\(method.isEmpty ? "method is missing: Argo sends GET" : "method GET") without parameters, which the gateway answers 400; write method: POST and jsonBody"
                )
            }
        case "POST":
            if !hasText, !hasJSON {
                remarks.fault("method POST without jsonBody: the gateway answers 400, an Error")
            }
        case _ where method.contains("{{"):
            remarks.warn("method is \(method): not known before the run, so not reviewed")
        default:
            remarks.fault(
                "method \(method): the gateway answers POST and GET only, 405 is an Error")
        }
        if let body = web["jsonBody"]?.mapping, body["rollout"] == nil {
            remarks.fault("jsonBody has no rollout: the gateway answers 400, an Error")
        }
        if url.hasPrefix("http://") { remarks.warn("http:// sends the token unencrypted") }
        if url.contains(where: \.isWhitespace) {
            remarks.fault("the url contains a blank: Argo cannot send the request")
        }
        timing(of: web, &remarks)
        headers(of: web, hasText: hasText, &remarks)
        return remarks
    }

    private static func timing(of web: Yams.Node, _ remarks: inout Remarks) {
        if let seconds = web["timeoutSeconds"]?.int, (1..<5).contains(seconds) {
            remarks.fault(
                "timeoutSeconds \(seconds): probes may take longer, and a time-out is an Error")
        }
        if web["insecure"]?.bool == true {
            remarks.warn(
                "insecure: Argo sends the token to whoever answers at the address, and believes the verdict"
            )
        }
    }

    private static func headers(
        of web: Yams.Node, hasText: Bool, _ remarks: inout Remarks
    ) {
        var names: Set<String> = []
        for header in web["headers"]?.sequence ?? [] {
            let name = header["key"]?.string?.lowercased() ?? ""
            let value = header["value"]?.string ?? ""
            names.insert(name)
            if value.contains(where: \.isNewline) {
                remarks.fault("header \(name) contains a line break: Argo cannot send the request")
            }
            if name == "authorization" {
                if !value.hasPrefix("Bearer ") {
                    remarks.fault(
                        "the Authorization header does not begin with Bearer: the gateway answers 401, an Error"
                    )
                } else if !value.contains("{{") {
                    remarks.warn(
                        "the token stands in the template: whoever may read templates has it; take it from a Secret (valueFrom.secretKeyRef)"
                    )
                }
            }
            if name == "content-type", hasText, !value.hasPrefix("application/json") {
                remarks.fault("Content-Type \(value): the gateway answers 415, an Error")
            }
        }
        guard !names.contains("authorization") else { return }
        if let oauth = web["authentication"]?["oauth2"] {
            if ["tokenUrl", "clientId", "clientSecret"].contains(where: { oauth[$0] == nil }) {
                remarks.fault(
                    "oauth2 without tokenUrl, clientId and clientSecret: every measurement is an Error"
                )
            }
            remarks.warn(
                "authentication.oauth2: a gateway knows its own tokens only, unless a proxy in between exchanges them"
            )
        } else {
            remarks.fault(
                "no Authorization header: the gateway answers 401, an Error, and the fifth in a row aborts the rollout; add it with a token from a Secret (valueFrom.secretKeyRef), also where a proxy in between authenticates to the gateway: the gateway accepts the token, or the proxy replaces it"
            )
        }
    }
}
