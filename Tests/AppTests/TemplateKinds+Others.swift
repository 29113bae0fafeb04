/// Requests, limits and names that people write.
extension TemplateKind {
    static let others: [TemplateKind] = [
        .init(
            change: .line(#"jsonPath: "{$.summary}""#, #"jsonPath: "$.summary""#),
            argo: "without braces the path is the value itself: neither condition holds",
            says: "jsonPath $.summary has no braces", phases: "IIII"),
        .init(
            change: .line(#"jsonPath: "{$.summary}""#, #"jsonPath: "{$.summery}""#),
            argo: "the path is not found: Error", says: "not decided", isFault: false,
            phases: "????"),
        .init(
            change: .line(#"jsonPath: "{$.summary}""#, #"jsonPath: "{$.status}""#),
            argo: "the text is the status without a colon", says: "healthy becomes Inconclusive",
            phases: "IIII"),
        .init(
            change: .line("method: POST", ""),
            argo: "sends GET; with a body every measurement is an Error",
            says: "method is missing"),
        .init(
            change: .line("method: POST", "method: PUT"),
            argo: "sends PUT, which the gateway answers 405: Error", says: "method PUT"),
        .init(
            change: .line("method: POST", "method: POST\n          body: '{}'"),
            argo: "every measurement is an Error", says: "body beside jsonBody"),
        .init(
            change: .line("rollout: \"{{args.rollout}}\"", ""),
            argo: "sends it; the gateway answers 400: Error", says: "jsonBody has no rollout"),
        .init(
            change: .line("rollout: \"{{args.rollout}}\"", "rolout: \"{{args.rollout}}\""),
            argo: "sends it; the gateway answers 400: Error",
            says: "rolout in jsonBody: the gateway ignores this member: did you mean rollout?"),
        .init(
            change: .line("rollout: \"{{args.rollout}}\"", "rollout: \"\""),
            argo: "sends it; the gateway answers 400: Error", says: "jsonBody.rollout is empty"),
        .init(
            change: .line("rollout: \"{{args.rollout}}\"", "rollout: My_Shop"),
            argo: "sends it; the gateway answers 400: Error",
            says: "jsonBody: the gateway answers 400, an Error: field \"rollout\""),
        .init(
            change: .line("rollout: \"{{args.rollout}}\"", "rollout: {{args.rollout}}"),
            argo: "kubectl refuses a mapping as a key",
            says: "jsonBody.rollout: without quotes, YAML reads {{…}} as a mapping"),
        .init(
            change: .line(
                "namespace: \"{{args.namespace}}\"", "namespce: \"{{args.namespace}}\""),
            argo: "sends it; the gateway judges a rollout of the namespace default",
            says: "namespce in jsonBody: the gateway ignores this member: did you mean namespace?"),
        .init(
            change: .line("namespace: \"{{args.namespace}}\"", ""),
            argo: "sends it; the gateway judges a rollout of the namespace default",
            says: "jsonBody has no namespace", isFault: false),
        .init(
            change: .line("namespace: \"{{args.namespace}}\"", "namespace: \"\""),
            argo: "sends it; the gateway judges a rollout of the namespace default",
            says: "jsonBody.namespace is empty", isFault: false),
        .init(
            change: .line("canaryHash: ", "canary-hash: "),
            argo: "sends it; the gateway does not know the canary's pods",
            says: "canary-hash in jsonBody: the gateway ignores this member: did you mean canary"),
        .init(
            change: .line("metric: verdict", "metric: verdict\n            team: shop"),
            argo: "sends it; the gateway ignores it",
            says: "team in jsonBody: the gateway ignores this member: known are", isFault: false),
        .init(
            change: .line("step: \"{{args.step}}\"", "step: [2]"),
            argo: "sends it; the gateway answers 400: Error",
            says: "jsonBody: the gateway answers 400, an Error: field \"step\""),
        .init(
            change: .body("body: hello"),
            argo: "sends the text as it is; the gateway answers 400: Error",
            says: "body: the gateway answers 400, an Error: the request is not acceptable JSON"),
        .init(
            change: .body("body: 'rollout={{args.rollout}}'"),
            argo: "sends the text as it is; the gateway answers 400: Error",
            says: "body: the gateway answers 400, an Error: the request is not acceptable JSON"),
        .init(
            change: .body(#"body: '{"namespace": "{{args.namespace}}"}'"#),
            argo: "sends the text as it is; the gateway answers 400: Error",
            says: "body: the gateway answers 400, an Error: field \"rollout\" is required"),
        .init(
            change: .body(
                #"body: '{"rollout": {{args.rollout}}, "namespace": "{{args.namespace}}"}'"#),
            argo: "sends the name without quotes; the gateway answers 400: Error",
            says: "body: {{…}} without quotes is right for a number only", isFault: false),
        .init(
            change: .body(#"body: '{"rollout": "{{args.rollout}}", {{args.uid}}}'"#),
            argo: "known only in the run", says: "body with {{…}}: not known before the run",
            isFault: false),
        .init(
            change: .body(
                #"body: '{"rollout": "{{args.rollout}}", "namespace": "{{args.namespace}}"}'"#),
            argo: "sends it without a Content-Type, which the gateway accepts", says: ""),
        .init(
            change: .line("/rollouts/analysis", "/rollout/analysis"),
            argo: "sends it; the gateway answers 404: Error",
            says: "url: the gateway has no path /rollout/analysis"),
        .init(
            change: .line("/rollouts/analysis", "/rollouts/analysis/latency/p99"),
            argo: "sends it; the gateway answers 404: Error",
            says: "url: the gateway has no path /rollouts/analysis/latency/p99"),
        .init(
            change: .line("/rollouts/analysis", "/rollouts/flagger"),
            argo: "sends it; the gateway answers 409: Error",
            says: "url: /rollouts/flagger answers Flagger's webhooks only"),
        .init(
            change: .line("/rollouts/analysis", "//rollouts/analysis/latency/"),
            argo: "sends it; the gateway ignores empty parts of a path", says: ""),
        .init(
            change: .line("/rollouts/analysis", "/bell/rollouts/analysis"),
            argo: "sends it; the gateway itself answers 404: Error",
            says: "url: /bell before /rollouts/analysis", isFault: false),
        .init(
            change: .line("/rollouts/analysis", "/"),
            argo: "sends it; a gateway answers 405: Error",
            says: "url https://bellwether.example:8443/: jsonBody names a rollout",
            isFault: false, phases: ""),
        .init(
            change: .line("https://bell", "bell"),
            argo: "unsupported protocol scheme: Error",
            says: "the url does not begin with https://"),
        .init(
            change: .line(
                "- key: Authorization\n              value: \"Bearer {{args.api-token}}\"", "[]"),
            argo: "sends it; the gateway answers 401: Error", says: "no Authorization header"),
        .init(
            change: .line("- key: Authorization", "- name: Authorization"),
            argo: "strict decoding refuses the key; without it the header has no name",
            says: "header has no key name: known are key, value"),
        .init(
            change: .line("\"Bearer {{args.api-token}}\"", "\"{{args.api-token}}\""),
            argo: "sends it; the gateway answers 401: Error",
            says: "the Authorization header does not begin with Bearer"),
        .init(
            change: .line("\"Bearer {{args.api-token}}\"", "\"Bearer s3cret\""),
            argo: "the token is readable in every AnalysisRun",
            says: "the token stands in the template",
            isFault: false),
        .init(
            change: .line(
                "value: \"Bearer {{args.api-token}}\"", #"value: "Bearer {{args.api-token}}\n""#),
            argo: "a header with a line break is invalid: Error",
            says: "header authorization contains a line break"),
        .init(
            change: .line(
                "- key: Authorization\n              value: \"Bearer {{args.api-token}}\"",
                "[]\n          authentication:\n            oauth2: {tokenUrl: https://idp}"),
            argo: "every measurement is an Error", says: "oauth2 without tokenUrl, clientId"),
        .init(
            change: .line(
                "- key: Authorization\n              value: \"Bearer {{args.api-token}}\"",
                """
                []
                          authentication:
                            oauth2: {tokenUrl: u, clientId: c, clientSecret: s}
                """),
            argo: "sends the token of that server", says: "authentication.oauth2: a gateway knows",
            isFault: false),
        .init(
            change: .line("          key: token\n", ""),
            argo: "the API server refuses it", says: "secretKeyRef has no key"),
        .init(
            change: .line("/rollouts/analysis", "/rollouts/analysis/a b"),
            argo: "sends another path: Error", says: "the url contains a blank"),
        .init(
            change: .line("timeoutSeconds: 15", "timeoutSeconds: 2"),
            argo: "ends the request after 2 s: Error", says: "timeoutSeconds 2"),
        .init(
            change: .line("timeoutSeconds: 15", "timeoutSeconds: \"15\""),
            argo: "the API server refuses a text", says: "web.timeoutSeconds is not a whole number"),
        .init(
            change: .line("timeoutSeconds: 15", "timeout: 15"),
            argo: "strict decoding refuses the key; without it the default of 10 s holds",
            says: "web has no key timeout: "),
        .init(
            change: .line("timeoutSeconds: 15", "timeoutSeconds: 15\n          insecure: true"),
            argo: "does not check the certificate", says: "insecure: Argo sends the token",
            isFault: false),
        .init(
            change: .line("https://bell", "http://bell"),
            argo: "sends the token in the clear", says: "http:// sends the token unencrypted",
            isFault: false),
        .init(
            change: .line("failureLimit: 0", "failurelimit: 0"),
            argo: "strict decoding refuses the key; without it the limit is 0",
            says: "metric has no key failurelimit: did you mean failureLimit?"),
        .init(
            change: .line("failureLimit: 0", "failureLimit: 10"),
            argo: "10 of 10 unhealthy verdicts are within the limit: Successful",
            says: "failureLimit 10 equals count"),
        .init(
            change: .line("failureLimit: 0", "failureLimit: 11"),
            argo: "spec invalid: the run errs and the rollout aborts",
            says: "failureLimit 11 is above count"),
        .init(
            change: .line("failureLimit: 0", "failureLimit: many"),
            argo: "reads a text without a number as 0",
            says: "failureLimit many is not a whole number"),
        .init(
            change: .line("failureLimit: 0", "failureLimit: '10'"),
            argo: "reads a text with a number as the number",
            says: "failureLimit 10 equals count"),
        .init(
            change: .line("      count: 10", "      count: '10'"),
            argo: "reads a text with a number as the number", says: ""),
        .init(
            change: .line("failureLimit: 0", "failureLimit: '{{args.api-token}}'"),
            argo: "known only in the run", says: "failureLimit is {{args.api-token}}: not known",
            isFault: false),
        .init(
            change: .line("failureLimit: 0", "failureLimit: -1"),
            argo: "spec invalid without consecutiveSuccessLimit",
            says: "failureLimit -1: Argo refuses it"),
        .init(
            change: .line(
                "failureLimit: 0", "failureLimit: -1\n      consecutiveSuccessLimit: 3"),
            argo: "since 1.8 no number of failures ends the run",
            says: "failureLimit -1: no number of unhealthy verdicts", versions: since18),
        .init(
            change: .line("failureLimit: 0", "failureLimit: 0\n      consecutiveSuccessLimit: 3"),
            argo: "ends at the third success in a row; else Inconclusive at count",
            says: "consecutiveSuccessLimit 3 ends the run", isFault: false),
        .init(
            change: .line("failureLimit: 0", "failureLimit: 0\n      consecutiveSuccessLimit: 3"),
            argo: "1.7 does not have the key", says: "metric has no key consecutiveSuccessLimit",
            versions: ["1.7.2"]),
        .init(
            change: .line("failureLimit: 0", "failureLimit: 8\n      consecutiveSuccessLimit: 3"),
            argo: "since 1.8 the sum must not exceed count: spec invalid",
            says: "count 10 is below failureLimit + consecutiveSuccessLimit"),
        .init(
            change: .line("inconclusiveLimit: 2\n", "inconclusiveLimit: 10\n"),
            argo: "a run of unknown verdicts is within the limit: Successful",
            says: "inconclusiveLimit 10 equals count"),
        .init(
            change: .line("inconclusiveLimit: 2\n", "inconclusiveLimit: 11\n"),
            argo: "spec invalid", says: "inconclusiveLimit 11 is above count"),
        .init(
            change: .line("inconclusiveLimit: 2\n", "inconclusiveLimit: -1\n"),
            argo: "spec invalid", says: "inconclusiveLimit -1 is negative"),
        .init(
            change: .line("      inconclusiveLimit: 2\n", ""),
            argo: "0: pauses at the first Inconclusive measurement",
            says: "inconclusiveLimit is 0 by default", isFault: false),
        .init(
            change: .line("consecutiveErrorLimit: 4", "consecutiveErrorLimit: 2"),
            argo: "the third Error in a row aborts", says: "consecutiveErrorLimit 2"),
        .init(
            change: .line("      count: 10", "      count: 0"),
            argo: "with an interval the run never ends; a step is refused",
            says: "a metric with interval and without count never ends", isFault: false),
        .init(
            change: .line("      count: 10", "      count: -3"),
            argo: "any number of measurements is enough: ends after the first",
            says: "count -3"),
        .init(
            change: .line("      interval: 30s\n      count: 10\n", ""),
            argo: "measures once: one unknown verdict is within the limit of 2",
            says: "inconclusiveLimit 2 is above count, which is 1"),
        .init(
            change: .line("      interval: 30s\n", ""),
            argo: "spec invalid: interval must be specified when count > 1",
            says: "count 10 without interval"),
        .init(
            change: .line("      interval: 30s", "      interval: 30"),
            argo: "the API server refuses a number", says: "metric.interval is not a text"),
        .init(
            change: .line("      interval: 30s", "      interval: '30'"),
            argo: "spec invalid: missing unit in duration", says: "interval 30: not a Go duration"),
        .init(
            change: .line("      interval: 30s", "      interval: 1d"),
            argo: "spec invalid: unknown unit", says: "interval 1d: not a Go duration"),
        .init(
            change: .line("      interval: 30s", "      interval: 0s"),
            argo: "measures without a pause", says: "interval 0s"),
        .init(
            change: .line("      interval: 30s", "      interval: -30s"),
            argo: "measures without a pause", says: "interval -30s: Argo measures again"),
        .init(
            change: .line("      interval: 30s", "      interval: '{{args.api-token}}'"),
            argo: "known only in the run", says: "interval is {{args.api-token}}: not known",
            isFault: false),
        .init(
            change: .line("initialDelay: 30s", "initialDelay: 30 seconds"),
            argo: "spec invalid", says: "initialDelay 30 seconds: not a Go duration"),
        .init(
            change: .line("      initialDelay: 30s\n", ""),
            argo: "measures at once; a slow service has answered few requests by then",
            says: "no initialDelay", isFault: false),
        .init(
            change: .line("  metrics:\n", "  dryRun:\n    - metricName: verdict\n  metrics:\n"),
            argo: "measures and ignores the outcome", says: "dryRun: Argo measures"),
        .init(
            change: .line("  metrics:\n", "  dryRun:\n    - metricName: ver\n  metrics:\n"),
            argo: "the name is a regular expression that may match anywhere",
            says: "dryRun: Argo measures"),
        .init(
            change: .line("  metrics:\n", "  dryRun:\n    - metricName: '*'\n  metrics:\n"),
            argo: "no regular expression: matches nothing, and the run errs",
            says: "dryRun: * is no regular expression"),
        .init(
            change: .line("  metrics:\n", "  dryRun:\n    - metricName: latency\n  metrics:\n"),
            argo: "a rule that matches no metric: the run errs",
            says: "dryRun: latency matches no metric"),
        .init(
            change: .line(
                "  metrics:\n",
                "  dryRun:\n    - metricName: x.*\n    - metricName: x.*\n  metrics:\n"),
            argo: "duplicate rule: the run errs", says: "dryRun has two rules x.*"),
        .init(
            change: .line(
                "  metrics:\n",
                "  measurementRetention:\n    - {metricName: latency, limit: 5}\n  metrics:\n"),
            argo: "a rule that matches no metric: the run errs",
            says: "measurementRetention: latency matches no metric"),
        .init(
            change: .line("    - name: uid\n", "    - name: uid\n    - name: uid\n"),
            argo: "keeps one of two arguments with a name", says: "args.uid is declared twice"),
        .init(
            change: .line("kind: AnalysisTemplate", "kind: ClusterAnalysisTemplate"),
            argo: "is the same for every namespace", says: ""),
        .init(
            change: .line("    - name: uid\n", ""),
            argo: "failed to resolve {{args.uid}}: the run errs", says: "args.uid is not declared"),
        .init(
            change: .line("\"{{args.uid}}\"", "\"{{rollout.uid}}\""),
            argo: "failed to resolve: the run errs", says: "{{rollout.uid}} is no argument"),
        .init(
            change: .line(
                "  metrics:\n",
                "  metrics:\n    - name: verdict\n      provider: {job: {}}\n"),
            argo: "duplicate name: the run errs", says: "two metrics are named verdict"),
        .init(
            change: .line("        web:\n", "        job: {}\n        web:\n"),
            argo: "multiple providers specified: the run errs",
            says: "a metric with several providers"),
        .init(
            change: .line(
                #"successCondition: 'result startsWith "healthy:"'"#,
                "successCondition: !result.degraded"),
            argo: "YAML makes a tag of it and the condition is empty",
            says: "successCondition: YAML reads !result.degraded as a tag", phases: "SSSF"),
        .init(
            change: .line(
                #"successCondition: 'result startsWith "healthy:"'"#, "successCondition: true"),
            argo: "the API server refuses a boolean", says: "metric.successCondition is not a text",
            phases: "SSSF"),
        .init(
            change: .line(
                #"successCondition: 'result startsWith "healthy:"'"#,
                #"successCondition: 'result startsWith "{{args.uid}}"'"#),
            argo: "known only in the run", says: "successCondition is", isFault: false,
            phases: "????"),
    ]
}
