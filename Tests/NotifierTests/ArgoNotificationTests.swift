import Events
import Foundation
import HTTPTypes
import JSON
import Server
import Testing
import Yams

@testable import Notifier

@Suite("Events from Argo's notifications")
struct ArgoNotificationTests {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)

    static func payload(_ text: String) throws -> JSONValue {
        try JSONValue(
            parsing: Array(text.utf8), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64))
    }

    static func event(_ text: String) throws -> Event {
        let events = try ArgoNotification.events(payload(text), now)
        #expect(events.count == 1)
        return try #require(events.first)
    }

    /// A Rollout as its controller serializes it.
    static func rollout(version: String = "812", run: String = "Running") -> String {
        """
        {"metadata":{"name":"payments-api","namespace":"prod","uid":"u-1","resourceVersion":"\(version)",
         "annotations":{"rollout.argoproj.io/revision":"17"}},
         "status":{"currentStepIndex":3,"currentPodHash":"5f7c","phase":"Degraded",
          "message":"RolloutAborted: Rollout aborted update to revision 17",
          "pauseConditions":[{"reason":"InconclusiveAnalysisRun","startTime":"2026-11-23T06:00:00Z"}],
          "canary":{"currentBackgroundAnalysisRunStatus":{"name":"payments-api-5f7c-17","status":"\(run)",
           "message":"Metric \\"verdict\\" assessed Failed due to failed (1) > failureLimit (0)"}}}}
        """
    }

    static let analysisRun = """
        {"metadata":{"name":"payments-api-5f7c-17","namespace":"prod","uid":"u-9","resourceVersion":"900",
         "labels":{"rollouts-pod-template-hash":"5f7c"},
         "annotations":{"rollout.argoproj.io/revision":"17"},
         "ownerReferences":[{"kind":"Rollout","name":"payments-api","uid":"u-1"}]},
         "status":{"phase":"Failed","message":"Metric \\"verdict\\" assessed Failed"}}
        """

    @Test("an abort ends the run of the right rollout, namespace and revision, with its reason")
    func abort() throws {
        let event = try Self.event(
            #"{"trigger":"on-rollout-aborted","object":\#(Self.rollout(run: "Failed"))}"#)
        #expect(event.event == "rollout.aborted")
        #expect(event.rollout == "payments-api")
        #expect(event.namespace == "prod")
        #expect(event.revision == "17")
        #expect(event.level == .error)
        #expect(event.extra("canaryHash") == .string("5f7c"))
        #expect(event.extra("step") == .string("3"))
        let why =
            #"analysis run payments-api-5f7c-17 failed: Metric "verdict" assessed Failed due to "#
            + "failed (1) > failureLimit (0)"
        #expect(event.extra("reason") == .string(why))
        #expect(event.message == "Argo aborted the rollout: \(why)")
        // The status is from before the abort: its message is not the reason.
        let stale = try Self.event(
            #"{"trigger":"on-rollout-aborted","object":\#(Self.rollout())}"#)
        #expect(stale.message == "Argo aborted the rollout")
    }

    @Test(
        "every trigger that the shipped ConfigMap sends has its event name",
        arguments: [
            ("on-rollout-completed", "rollout.completed"), ("on-rollout-paused", "rollout.paused"),
            ("on-rollout-resumed", "rollout.resumed"), ("on-rollout-updated", "rollout.updated"),
            ("on-rollout-step-completed", "rollout.step_completed"),
            ("on-analysis-run-failed", "analysis_run.failed"),
            ("on-analysis-run-error", "analysis_run.error"),
            ("on-analysis-run-inconclusive", "analysis_run.inconclusive"),
        ])
    func names(trigger: String, name: String) throws {
        let event = try Self.event(#"{"trigger":"\#(trigger)","object":\#(Self.rollout())}"#)
        #expect(event.event == name)
        #expect(event.rollout == "payments-api")
    }

    @Test("the same run reported by the Rollout and by the AnalysisRun is one event")
    func twice() throws {
        let run = try Self.event(
            #"{"trigger":"on-analysis-run-failed","object":\#(Self.analysisRun)}"#)
        #expect(run.rollout == "payments-api")
        #expect(run.revision == "17")
        // The Rollout before its status was written, and after.
        for phase in ["Running", "Failed"] {
            let rollout = try Self.event(
                #"{"trigger":"on-analysis-run-failed","object":\#(Self.rollout(run: phase))}"#)
            #expect(rollout.id == run.id)
        }
        let other = try Self.event(
            #"{"trigger":"on-analysis-run-error","object":\#(Self.analysisRun)}"#)
        #expect(other.id != run.id)
    }

    @Test("a repeated notification is one event; an abort after a retry is another")
    func repeats() throws {
        func abort(_ version: String) throws -> String {
            try Self.event(
                #"{"trigger":"on-rollout-aborted","object":\#(Self.rollout(version: version))}"#
            ).id
        }
        #expect(try abort("812") == abort("812"))
        #expect(try abort("812") != abort("980"))
    }

    @Test("a pause step is routine, a pause after an inconclusive analysis is a warning")
    func pauses() throws {
        let asked = try Self.event(#"{"trigger":"on-rollout-paused","object":\#(Self.rollout())}"#)
        #expect(asked.level == .warn)
        #expect(asked.message == "the rollout waits for a person: InconclusiveAnalysisRun")
        let step = Self.rollout().replacingOccurrences(
            of: "InconclusiveAnalysisRun", with: "CanaryPauseStep")
        let routine = try Self.event(#"{"trigger":"on-rollout-paused","object":\#(step)}"#)
        #expect(routine.level == .info)
        #expect(asked.event == "rollout.paused")
        #expect(routine.event == "rollout.step_paused")
    }

    @Test(
        "an invalid notification is refused by the field that is wrong",
        arguments: [
            ("{}", "trigger"), (#"{"trigger":"on-rollout-aborted"}"#, "object"),
            (#"{"trigger":"on-rollout-aborted","object":{"metadata":{}}}"#, "object"),
            (#"{"trigger":"on-coffee","object":{"metadata":{"name":"a"}}}"#, "trigger"),
        ])
    func malformed(text: String, field: String) throws {
        do {
            _ = try ArgoNotification.events(Self.payload(text), Self.now)
            Issue.record("\(text) was taken")
        } catch let problem as Problem {
            #expect(problem.status == .badRequest)
            #expect(problem.field == field)
        }
    }

    // MARK: - The shipped ConfigMap

    static func file(_ path: String) -> String {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(path)
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }

    static func data(_ yaml: String) -> [String: String] {
        let tree = try? Yams.load(yaml: yaml) as? [String: Any]
        return tree?["data"] as? [String: String] ?? [:]
    }

    static let configMap = data(file("templates/argo/notifications.yaml"))

    /// The body that Argo sends for a trigger, with these variables of its engine.
    static func body(_ trigger: String, _ variables: String) throws -> String {
        let actions = try #require(
            Yams.load(yaml: configMap["trigger." + trigger] ?? "") as? [[String: Any]])
        let names = try #require(actions.first?["send"] as? [String])
        let template = try #require(
            Yams.load(yaml: configMap["template." + (names.first ?? "")] ?? "") as? [String: Any])
        let webhook = try #require(
            (template["webhook"] as? [String: Any])?["bellwether"] as? [String: String])
        #expect(webhook["method"] == "POST")
        return try GoTemplate(webhook["body"] ?? "").render(payload(variables))
    }

    /// A Rollout at a step of its plan, as the engine's variable `rollout`: with a status from
    /// before the change, and annotations that are nobody's business.
    static func variables(
        step: Int? = 1, steps: String = #"[{"setWeight":20},{"pause":{"duration":"10m"}}]"#,
        runs: String? = nil, version: String = "812", canary: String = "",
        template: String =
            #","template":{"spec":{"containers":[{"name":"api","image":"shop:2","env":["secret"]}]}}"#,
        weights: String = ""
    ) -> String {
        let index = step.map { #""currentStepIndex":\#($0),"# } ?? ""
        let list = runs.map { #","analysisRuns":\#($0)"# } ?? ""
        return """
            {"rollout":{"metadata":{"name":"payments-api","namespace":"prod","uid":"u-1",
              "resourceVersion":"\(version)","annotations":{"rollout.argoproj.io/revision":"17",
              "bellwether/owner":"payments","bellwether/on-call":"@alice",
              "kubectl.kubernetes.io/last-applied-configuration":"secret"}},
              "spec":{"strategy":{"canary":{\(canary)"steps":\(steps)}}\(template)},
              "status":{\(index)"currentPodHash":"5f7c",\(weights)
               "message":"more replicas need to be updated"}}
             \(list)}
            """
    }

    static func run(
        _ phase: String, name: String = "payments-api-5f7c-17", kind: String = "Background",
        step: String? = nil, message: String = "a \\\"quoted\\\" <reason>"
    ) -> String {
        let index = step.map { #","step-index":"\#($0)""# } ?? ""
        return """
            {"metadata":{"name":"\(name)","labels":{"rollout-type":"\(kind)"\(index),"app":"x"}},
             "status":{"phase":"\(phase)","message":"\(message)","metricResults":[]}}
            """
    }

    /// The variables when the AnalysisRun itself is the object.
    static let runVariables = """
        {"rollout":{"metadata":{"name":"payments-api-5f7c-17","namespace":"prod","uid":"u-9",
          "resourceVersion":"900","annotations":{"rollout.argoproj.io/revision":"17"},
          "ownerReferences":[{"kind":"Rollout","name":"payments-api","uid":"u-1"}]},
          "spec":{"metrics":[]},"status":{"phase":"Failed","message":"Metric assessed Failed"}},
         "analysisRuns":null}
        """

    static func sent(_ trigger: String, _ variables: String) throws -> Event {
        try event(body(trigger, variables))
    }

    @Test("every template of the ConfigMap gives an accepted payload with the run's position")
    func shipped() throws {
        let triggers = Self.configMap.keys.filter { $0.hasPrefix("trigger.") }
            .map { String($0.dropFirst("trigger.".count)) }.sorted()
        #expect(triggers.count >= 8)
        for trigger in triggers {
            let isRun = trigger.hasPrefix("on-analysis-run")
            let runs = "[\(Self.run("Failed"))]"
            // The last has no runs (before Argo 1.8.1), no step and no plan.
            var cases = [
                Self.variables(runs: runs), Self.variables(step: nil, steps: "[]"),
                Self.variables(step: 2), Self.variables(step: 0, runs: "null"),
            ]
            if isRun { cases.append(Self.runVariables) }
            for variables in cases {
                let body = try Self.body(trigger, variables)
                #expect(!body.contains("secret") && !body.contains("replicas need"))
                let event = try Self.event(body)
                #expect(event.rollout == "payments-api")
                #expect(event.namespace == "prod")
                #expect(event.revision == "17")
                #expect(event.extra("trigger") == .string(trigger))
                if variables == Self.runVariables { continue }
                #expect(event.extra("owner") == .string("payments"))
                #expect(event.extra("on_call") == .string("@alice"))
                #expect(event.extra("image") == .string("shop:2"))
                // The plan's step of a new revision, and of one that has all traffic, is another's.
                let hasWeight =
                    variables.contains("currentStepIndex") && trigger != "on-rollout-updated"
                    && trigger != "on-rollout-completed"
                #expect(event.extra("weight") == (hasWeight ? .number("20") : nil), "\(trigger)")
            }
        }
        let subscriptions = try #require(
            Yams.load(yaml: Self.configMap["subscriptions"] ?? "") as? [[String: Any]])
        #expect(Set(subscriptions.first?["triggers"] as? [String] ?? []) == Set(triggers))
        let service = try #require(
            Yams.load(yaml: Self.configMap["service.webhook.bellwether"] ?? "") as? [String: Any])
        #expect(service["retryMax"] as? Int == 1)
    }

    @Test("the weight is that of the plan up to the current step, else that of the router")
    func shippedWeight() throws {
        let plan = #"[{"setWeight":5},{"pause":{}},{"setWeight":50},{"setWeight":80}]"#
        let routed = #""canary":{"weights":{"canary":{"weight":33},"stable":{"weight":67}}},"#
        let most = #""trafficRouting":{"maxTrafficWeight":1000},"#
        for (variables, weight) in [
            (Self.variables(step: 1, steps: plan), "5"),
            (Self.variables(step: 2, steps: plan, weights: routed), "50"),
            (Self.variables(step: 2, steps: plan, canary: most), "5"),
            (Self.variables(step: 0, steps: #"[{"analysis":{}}]"#, weights: routed), "33"),
            (Self.variables(step: nil, steps: "[]", weights: routed), "33"),
            (Self.variables(step: nil, steps: "[]"), nil),
            (Self.variables(step: 0, steps: #"[{"setWeight":101}]"#), nil),
        ] as [(String, String?)] {
            let event = try Self.sent("on-rollout-paused", variables)
            #expect(event.extra("weight") == weight.map { .number($0) }, "\(variables)")
        }
        // A Rollout with a workloadRef has no template of its own.
        let elsewhere = try Self.sent("on-rollout-updated", Self.variables(template: ""))
        #expect(elsewhere.extra("image") == nil)
        #expect(elsewhere.extra("owner") == .string("payments"))
        #expect(elsewhere.extra("step") == nil)
    }

    @Test("a shipped abort carries the reason of the newest failed run")
    func shippedAbort() throws {
        let runs = [
            Self.run("Running", name: "new", kind: "Step", step: "1"),
            Self.run("Failed", name: "failed"), Self.run("Error", name: "old"),
        ].joined(separator: ",")
        let event = try Self.sent("on-rollout-aborted", Self.variables(runs: "[\(runs)]"))
        #expect(
            event.extra("reason") == .string("analysis run failed failed: a \"quoted\" <reason>"))
        // The run before the retry is no reason for an abort by hand during the one after it.
        let retried = [Self.run("Running", name: "new"), Self.run("Failed", name: "before")]
        let byHand = try Self.sent(
            "on-rollout-aborted", Self.variables(runs: "[\(retried.joined(separator: ","))]"))
        #expect(byHand.extra("reason") == nil)
        #expect(byHand.message == "Argo aborted the rollout")
        let manual = try Self.sent("on-rollout-aborted", Self.variables(runs: "[]"))
        #expect(manual.extra("reason") == nil)
        #expect(manual.message == "Argo aborted the rollout")
    }

    @Test(
        "a planned pause is distinguished from one that waits for a person",
        arguments: [
            (Self.variables(), true),
            (Self.variables(steps: #"[{"setWeight":5},{"pause":{"duration":600}}]"#), true),
            (Self.variables(steps: #"[{"setWeight":5},{"pause":{}}]"#), false),
            (Self.variables(runs: "[\(Self.run("Inconclusive"))]"), false),
            // The run was tried again; the pause is the step's own.
            (Self.variables(runs: "[\(Self.run("Running")),\(Self.run("Inconclusive"))]"), true),
            // A run of an earlier step, which a person has passed.
            (Self.variables(runs: "[\(Self.run("Inconclusive", kind: "Step", step: "0"))]"), true),
            (Self.variables(runs: "[\(Self.run("Inconclusive", kind: "Step", step: "1"))]"), false),
            (Self.variables(step: 0), false), (Self.variables(step: 2), false),
            (Self.variables(step: nil), false),
        ] as [(String, Bool)])
    func shippedPauses(variables: String, isPlanned: Bool) throws {
        let event = try Self.sent("on-rollout-paused", variables)
        #expect(event.event == (isPlanned ? "rollout.step_paused" : "rollout.paused"))
        #expect(event.level == (isPlanned ? .info : .warn))
        if isPlanned { #expect(event.message?.contains("as planned for") == true) }
    }

    @Test("a blue-green pause is planned if it ends by itself")
    func blueGreen() throws {
        func event(_ strategy: String) throws -> Event {
            try Self.sent(
                "on-rollout-paused",
                """
                {"rollout":{"metadata":{"name":"payments-api","namespace":"prod"},
                 "spec":{"strategy":{"blueGreen":\(strategy)}},"status":{}}}
                """)
        }
        #expect(try event(#"{"autoPromotionSeconds":30}"#).event == "rollout.step_paused")
        #expect(try event(#"{"autoPromotionEnabled":false}"#).event == "rollout.paused")
    }

    @Test("the same trigger for the Rollout and for the AnalysisRun is one event")
    func shippedTwice() throws {
        let run = try Self.sent("on-analysis-run-failed", Self.runVariables)
        for runs in [Self.run("Failed"), Self.run("Running")] {
            let rollout = try Self.sent(
                "on-analysis-run-failed", Self.variables(runs: "[\(runs)]"))
            #expect(rollout.id == run.id)
        }
        let twice = try ["812", "812", "813"].map {
            try Self.sent("on-rollout-aborted", Self.variables(version: $0)).id
        }
        #expect(twice[0] == twice[1] && twice[1] != twice[2])
    }

    @Test(
        "the engine's rules hold here: what Go refuses is refused",
        arguments: [
            "{{ nope . }}", "{{ index .list 3 }}", "{{ .list.x }}", "{{ .nothing.x }}",
            "{{ $x }}", "{{ if .list }}", "{{ end }}", "{{ .missing }}", "{{ len .missing }}",
        ])
    func strict(text: String) throws {
        let root = try Self.payload(#"{"list":[1],"nothing":null}"#)
        #expect(throws: GoTemplate.Fault.self) { try GoTemplate(text).render(root) }
        #expect(try GoTemplate("a {{- toJson .missing.x -}} b").render(root) == "anullb")
    }
}
