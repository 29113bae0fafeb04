import Events
import JSON
import Testing

@testable import Notifier

@Suite("Events from CloudEvents")
struct CloudEventsTests {
    private static let now = ArgoNotificationTests.now

    private static let failed =
        #"{"specversion":"1.0","id":"7","source":"/ci/payments","type":"analysis.unhealthy","#
        + #""time":"2026-11-23T06:00:00Z","subject":"prod","team":"shop","data":{"namespace":"prod","#
        + #""rollout":"payments-api","status":"unhealthy","message":"5xx","own":[1]}}"#

    private func readings(_ text: String) throws -> [CloudEvents.Reading] {
        CloudEvents.lines(try ArgoNotificationTests.payload(text), Self.now)
    }

    private func event(_ text: String) throws -> Event {
        try Event(line: try #require(readings(text).first).get(), from: .sender)
    }

    @Test("type, time and the known members of data become fields; all else is kept")
    func fields() throws {
        let event = try event(Self.failed)
        #expect(event.event == "analysis.unhealthy")
        #expect(event.ts == Timestamp(rfc3339: "2026-11-23T06:00:00Z"))
        #expect(event.namespace == "prod")
        #expect(event.rollout == "payments-api")
        #expect(event.status == .unhealthy)
        #expect(event.message == "5xx")
        #expect(event.node == nil)
        for (name, value) in [
            ("id", "7"), ("source", "/ci/payments"), ("subject", "prod"), ("team", "shop"),
        ] {
            #expect(event.extra("cloudevent")?[name] == .string(value))
        }
        #expect(event.extra("data")?["own"]?[0]?.integer == 1)
    }

    @Test("without a time it gets the time of receipt, and resent it is the same event")
    func receipt() throws {
        let text = Self.failed.replacing(#""time":"2026-11-23T06:00:00Z","#, with: "")
        let first = try event(text)
        #expect(first.ts == Self.now)
        #expect(try event(text).id == first.id)
        for other in [("\"7\"", "\"8\""), ("payments\"", "cart\""), ("5xx", "4xx")] {
            #expect(try event(text.replacing(other.0, with: other.1)).id != first.id)
        }
    }

    @Test("data may be a text or absent; another sender's name in it is ignored")
    func data() throws {
        let start = #"{"specversion":"1.0","id":"1","source":"s","type":"t""#
        #expect(try event(start + #","data":"words"}"#).message == "words")
        #expect(try event(start + "}").message == nil)
        let event = try event(
            start + #","data":{"node":"gw-a1","epoch":"e","seq":1,"id":"x","ts":"y","event":"z"}}"#)
        #expect(event.node == nil && event.epoch == nil && event.seq == nil)
        #expect(event.event == "t")
    }

    @Test("in a batch, each invalid event is reported, and the others are accepted")
    func batch() throws {
        let bad = [
            ("specversion", #""1.0""#, #""0.3""#), ("specversion", #""specversion""#, #""x""#),
            ("id", #""id":"7""#, #""id":"""#), ("source", #""source""#, #""x""#),
            ("type", #""type""#, #""x""#),
        ]
        let texts = bad.map { Self.failed.replacing($0.1, with: $0.2) }
        let readings = try readings("[\(([Self.failed] + texts + ["7"]).joined(separator: ","))]")
        #expect(readings.count == 7)
        #expect((try? readings[0].get()) != nil)
        for (reading, bad) in zip(readings.dropFirst(), bad) {
            guard case .failure(let fault) = reading else {
                Issue.record("taken: \(bad)")
                continue
            }
            #expect(fault.description.contains("\"\(bad.0)\""))
        }
        #expect(readings[6] == .failure(.json(JSONFault(.notAnObject, at: 0))))
    }

    @Test("the media type is recognized with any parameters and in any case")
    func form() {
        for type in [
            "application/cloudevents+json", "application/CloudEvents-batch+json; charset=UTF-8",
            "application/cloudevents+json ;x=y",
        ] {
            #expect(CloudEvents.isForm(type))
        }
        for type in [nil, "", "application/json", "application/cloudevents+avro"] {
            #expect(!CloudEvents.isForm(type))
        }
    }
}
