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

    @Test("an abort ends the run of the right rollout, namespace and revision")
    func abort() throws {
        let event = try Self.event(
            #"{"trigger":"on-rollout-aborted","object":\#(Self.rollout())}"#)
        #expect(event.event == "rollout.aborted")
        #expect(event.rollout == "payments-api")
        #expect(event.namespace == "prod")
        #expect(event.revision == "17")
        #expect(event.level == .error)
        #expect(event.extra("canaryHash") == .string("5f7c"))
        #expect(event.extra("step") == .string("3"))
        #expect(event.message?.contains("aborted update to revision 17") == true)
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
        #expect(asked.message?.contains("InconclusiveAnalysisRun") == true)
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

    static let configMap: [String: String] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("templates/argo/notifications.yaml")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let tree = try? Yams.load(yaml: text) as? [String: Any]
        return tree?["data"] as? [String: String] ?? [:]
    }()

    @Test("every template of the ConfigMap gives an accepted payload with the run's position")
    func shipped() throws {
        let triggers = Self.configMap.keys.filter { $0.hasPrefix("trigger.") }
            .map { String($0.dropFirst("trigger.".count)) }.sorted()
        #expect(triggers.count >= 8)
        for trigger in triggers {
            let actions = try #require(
                Yams.load(yaml: Self.configMap["trigger." + trigger] ?? "") as? [[String: Any]])
            let names = try #require(actions.first?["send"] as? [String])
            let name = try #require(names.first)
            let template = try #require(
                Yams.load(yaml: Self.configMap["template." + name] ?? "") as? [String: Any])
            let webhook = try #require(
                (template["webhook"] as? [String: Any])?["bellwether"] as? [String: String])
            #expect(webhook["method"] == "POST")
            let isRun = trigger.hasPrefix("on-analysis-run")
            for object in isRun ? [Self.rollout(), Self.analysisRun] : [Self.rollout()] {
                let body = try Self.render(webhook["body"] ?? "", rollout: Self.payload(object))
                let event = try Self.event(body)
                #expect(event.rollout == "payments-api")
                #expect(event.namespace == "prod")
                #expect(event.revision == "17")
                #expect(event.extra("trigger") == .string(trigger))
            }
        }
        let subscriptions = try #require(
            Yams.load(yaml: Self.configMap["subscriptions"] ?? "") as? [[String: Any]])
        #expect(Set(subscriptions.first?["triggers"] as? [String] ?? []) == Set(triggers))
    }

    /// Imitates Go's template engine for the only form in the file: `{{ toJson (pick
    /// .rollout.MEMBER "KEY" …) }}`.
    static func render(_ body: String, rollout: JSONValue) throws -> String {
        let form = #/\{\{ toJson \(pick \.rollout\.(\w+)((?: "\w+")+)\) \}\}/#
        #expect(body.matches(of: form).count == 2)
        let rendered = body.replacing(form) { match in
            let keys = match.output.2.matches(of: #/"(\w+)"/#).map { String($0.output.1) }
            var writer = JSONWriter()
            if case .object(let members)? = rollout[String(match.output.1)] {
                writer.value(.object(members.filter { keys.contains($0.key) }))
            }
            return writer.text
        }
        #expect(!rendered.contains("{{"))
        return rendered
    }
}
