import Events
import HTTPTypes
import JSON
import Server
import Testing

@testable import Notifier

@Suite("Events from Flagger's webhooks")
struct FlaggerHookTests {
    private func events(_ text: String) throws -> [Event] {
        try FlaggerHook.events(ArgoNotificationTests.payload(text), ArgoNotificationTests.now)
    }

    private func event(phase: String, type: String = "Normal") -> String {
        """
        {"name":"podinfo","namespace":"test","phase":"\(phase)","checksum":"85d557f47b",
         "metadata":{"eventMessage":"canary says \(phase)","eventType":"\(type)",
          "timestamp":"1578607635167","token":"bw_secret"}}
        """
    }

    @Test(
        "phases end the run, or are reported as they are",
        arguments: [
            ("Succeeded", "rollout.promoted"), ("Failed", "rollout.aborted"),
            ("WaitingPromotion", "rollout.paused"), ("Progressing", "rollout.progressing"),
        ])
    func phases(phase: String, name: String) throws {
        let event = try #require(events(event(phase: phase)).first)
        #expect(event.event == name)
        #expect(event.rollout == "podinfo")
        #expect(event.namespace == "test")
        #expect(event.revision == "85d557f47b")
        #expect(event.ts == ArgoNotificationTests.now)
        #expect(
            event.extra("flagger")?["metadata"]?["timestamp"] == .string("1578607635167"))
        #expect(event.message == "canary says \(phase)")
    }

    @Test(
        "phases and types in another spelling are understood, unknown ones are warnings that quote them",
        arguments: [
            ("FAILED", "Normal", "rollout.aborted", Event.Level.error),
            ("succeeded", "normal", "rollout.promoted", .info),
            ("Promoting", "Normal", "rollout.promoting", .info),
            ("Aborted", "Normal", "rollout.aborted", .warn),
            ("Progressing", "warning", "rollout.progressing", .warn),
            ("Progressing", "Error", "rollout.progressing", .warn),
        ])
    func spellings(phase: String, type: String, name: String, level: Event.Level) throws {
        let event = try #require(events(event(phase: phase, type: type)).first)
        #expect(event.event == name)
        #expect(event.level == level)
        let isQuoted = event.message?.contains("\"\(phase)\" is not one of Flagger's") == true
        #expect(isQuoted == (phase == "Aborted"))
    }

    @Test("the canary's weight is a fact of the rollout")
    func weight() throws {
        for (weight, said) in [("20", "20"), ("\"20\"", "20"), ("101", nil)] as [(String, String?)]
        {
            let text = event(phase: "Progressing").replacing(
                #""name":"podinfo""#, with: #""name":"podinfo","canaryWeight":\#(weight)"#)
            let event = try #require(events(text).first)
            #expect(event.extra("weight") == said.map { .string($0) })
            #expect(event.extra("flagger")?["canaryWeight"]?.string != nil)
        }
    }

    @Test("a warning is accepted, and its token is not stored")
    func warning() throws {
        let event = try #require(events(event(phase: "Progressing", type: "Warning")).first)
        #expect(event.level == .warn)
        #expect(!String(decoding: event.line, as: UTF8.self).contains("bw_secret"))
        #expect(
            FlaggerHook.token(
                of: try ArgoNotificationTests.payload(self.event(phase: "Failed"))) == "bw_secret")
    }

    @Test(
        "a counter beyond its range is refused by name",
        arguments: [
            ("failedChecks", "9223372036854775807"),
            ("canaryWeight", "-1"), ("iterations", "1e300"),
        ])
    func outside(field: String, number: String) throws {
        let values = number == "1e300" ? [number] : [number, "\"\(number)\""]
        for value in values {
            let text = event(phase: "Failed").replacing(
                #""name":"podinfo""#, with: #""name":"podinfo","\#(field)":\#(value)"#)
            let payload = try ArgoNotificationTests.payload(text)
            do throws(Problem) {
                _ = try FlaggerHook.events(payload, ArgoNotificationTests.now)
                Issue.record("taken: \(text)")
            } catch {
                #expect(error.reason == "number_out_of_range")
                #expect(error.field == field)
                #expect(error.detail.contains(number))
            }
        }
    }

    @Test(
        "the event has the time of receipt, whatever time Flagger gives",
        arguments: ["yesterday", "-1", "9223372036854775807", "99999999999999999999"])
    func receipt(time: String) throws {
        let text = event(phase: "Failed").replacing("1578607635167", with: time)
        let event = try #require(events(text).first)
        #expect(event.ts == ArgoNotificationTests.now)
        #expect(event.extra("flagger")?["metadata"]?["timestamp"] == .string(time))
    }

    @Test("a retried hook is the same event")
    func repeats() throws {
        let first = try events(event(phase: "Failed")).map(\.id)
        #expect(try events(event(phase: "Failed")).map(\.id) == first)
        #expect(try events(event(phase: "Succeeded")).map(\.id) != first)
    }

    @Test(
        "a hook for which 2xx is or may be a decision never gets it",
        arguments: [
            #"{"name":"a","namespace":"b","phase":"Progressing","metadata":{}}"#,
            #"{"name":"a","namespace":"b","phase":"Progressing"}"#,
            #"{"name":"a","namespace":"b","phase":"Progressing","type":"rollback","metadata":{"hook":"event"}}"#,
            #"{"name":"a","namespace":"b","phase":"Progressing","metadata":{"hook":"rollback"}}"#,
            #"{"name":"a","namespace":"b","phase":"Progressing","type":"rollback","metadata":{"eventType":"Normal","eventMessage":"x"}}"#,
            #"{"name":"a","namespace":"b","phase":"WaitingPromotion","type":"confirm-promotion"}"#,
            #"{"name":"a","namespace":"b","phase":"Waiting","metadata":{"hook":"confirm-rollout"}}"#,
            #"{"name":"a","namespace":"b","phase":"Progressing","type":"some-new-type"}"#,
        ])
    func decisions(text: String) throws {
        do {
            _ = try events(text)
            Issue.record("\(text) was taken")
        } catch let problem as Problem {
            #expect(problem.status.code == 409)
        }
    }

    @Test("a type that decides nothing is accepted, by type or by metadata.hook")
    func notes() throws {
        for text in [
            #"{"name":"a","namespace":"b","phase":"Progressing","type":"rollout","iterations":2}"#,
            #"{"name":"a","namespace":"b","phase":"Progressing","metadata":{"hook":"post-rollout"}}"#,
        ] {
            #expect(try events(text).count == 1)
        }
    }
}
