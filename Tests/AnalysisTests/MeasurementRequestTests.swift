import Events
import JSON
import Testing

@testable import Analysis

struct MeasurementRequestTests {
    private func parse(_ text: String) throws(RequestFault) -> MeasurementRequest {
        try MeasurementRequest(parsing: Array(text.utf8))
    }

    @Test func everyField() throws {
        let request = try parse(
            #"{"rollout":"payments-api","namespace":"prod","uid":"5f0c6a1e","revision":"17","#
                + #""canaryHash":"867588b79c","step":"3","metric":"5xx","attempt":"4"}"#)
        #expect(
            request
                == MeasurementRequest(
                    rollout: "payments-api", namespace: "prod", uid: "5f0c6a1e", revision: "17",
                    canaryHash: "867588b79c", step: "3", metric: "5xx", attempt: 4))
        #expect(request.series(concern: "latency").concern == "latency")
        #expect(request.series().step == "3")
    }

    @Test("every member is read from body and query", arguments: MeasurementRequest.members)
    func members(name: String) throws {
        let isRollout = name == "rollout"
        let body = isRollout ? #"{"rollout":"7"}"# : #"{"rollout":"a","\#(name)":"7"}"#
        let request = try parse(body)
        #expect(request != MeasurementRequest(rollout: "a"))
        #expect(
            try MeasurementRequest(query: isRollout ? "rollout=7" : "rollout=a&\(name)=7")
                == request)
    }

    @Test func numbersAndStringsAreTheSame() throws {
        let numbers = #"{"rollout":"r","revision":17,"step":3.0,"attempt":4,"metric":0.5}"#
        let strings = #"{"rollout":"r","revision":"17","step":"3","attempt":"4","metric":"0.5"}"#
        #expect(try parse(numbers) == parse(strings))
    }

    @Test func notGivenInEveryForm() throws {
        let bare = try parse(#"{"rollout":"r"}"#)
        #expect(bare.namespace == "default")
        #expect(bare.attempt == nil)
        let nulls = #"{"rollout":"r","namespace":null,"uid":null,"attempt":null,"step":null}"#
        #expect(try parse(nulls) == bare)
        let empties = #"{"rollout":"r","namespace":"","uid":"","attempt":"","step":""}"#
        #expect(try parse(empties) == bare)
    }

    @Test(
        "a field in another spelling is refused: the default would be judged in its place",
        arguments: [
            ("Namespace", "namespace"), ("name_space", "namespace"), ("namspace", "namespace"),
            ("namespaces", "namespace"), ("canary_hash", "canaryHash"),
            ("canaryhash", "canaryHash"), ("stable-hash", "stableHash"), ("Revision", "revision"),
        ])
    func misspelt(key: String, field: String) throws {
        func check(_ read: () throws(RequestFault) -> MeasurementRequest) {
            do throws(RequestFault) {
                let request = try read()
                Issue.record("\(key): \(request)")
            } catch {
                #expect(error.field == field)
                #expect(error.description.contains(key), "\(error)")
                #expect(error.readable.rollout == "r")
                #expect(error.readable.namespace == (field == "namespace" ? nil : "default"))
            }
        }
        check { () throws(RequestFault) in try parse(#"{"rollout":"r","\#(key)":"x"}"#) }
        check { () throws(RequestFault) in
            try MeasurementRequest(query: "\(key)=x&rollout=r")
        }
        // Beside the right one, it is an unknown field.
        let both = try parse(#"{"\#(key)":"x","rollout":"r","\#(field)":"y"}"#)
        #expect(both.rollout == "r")
    }

    @Test(
        "hints and other names of a sender's own are ignored",
        arguments: ["failure_limit", "id", "steps", "name", "rollouts"])
    func others(key: String) throws {
        #expect(try parse(#"{"rollout":"r","\#(key)":"x"}"#).rollout == "r")
    }

    @Test func unknownFieldsAreIgnoredWhateverTheyHold() throws {
        let text = #" {"x":{"rollout":7},"rollout":"r","y":[[]],"x":true,"Rollout":1,"z":null} "#
        #expect(try parse(text) == MeasurementRequest(rollout: "r"))
    }

    @Test func whatTheCallerSaysOfItsRunIsReadAndNeverRefused() throws {
        let reported = try parse(#"{"rollout":"r","count":"10","failureLimit":"0"}"#)
        #expect(reported.count == 10)
        #expect(reported.failureLimit == 0)
        #expect(try parse(#"{"rollout":"r","count":10,"failureLimit":2}"#).failureLimit == 2)
        #expect(try MeasurementRequest(query: "rollout=r&count=10&failureLimit=2").count == 10)
        for odd in [
            #""count":"many","failureLimit":"-1""#, #""count":0,"failureLimit":1.5"#,
            #""count":[1],"failureLimit":true"#, #""count":{},"failureLimit":null"#,
            #""count":"99999999999999999999","failureLimit":1000001"#,
        ] {
            #expect(try parse("{\"rollout\":\"r\",\(odd)}") == MeasurementRequest(rollout: "r"))
        }
        #expect(try parse(#"{"rollout":"r","count":1,"count":2}"#).count == 1)
        // It says nothing of what is measured.
        #expect(reported.series() == MeasurementRequest(rollout: "r").series())
    }

    @Test func escapedKeysAndValuesAreRead() throws {
        #expect(try parse(#"{"rol\u006cout":"\u0072"}"#).rollout == "r")
    }

    @Test(arguments: [
        ("{}", "rollout", RequestFault.Reason.missing),
        (#"{"rollout":""}"#, "rollout", .missing),
        (#"{"rollout":null}"#, "rollout", .missing),
        (#"{"rollout":true}"#, "rollout", .wrongType(expected: "a string or a number")),
        (#"{"rollout":["r"]}"#, "rollout", .wrongType(expected: "a string or a number")),
        (#"{"rollout":{}}"#, "rollout", .wrongType(expected: "a string or a number")),
        (#"{"rollout":"r","rollout":"s"}"#, "rollout", .repeated),
        (#"{"rollout":"r","step":[]}"#, "step", .wrongType(expected: "a string or a number")),
        (
            #"{"rollout":"r","metric":"a\u0000b"}"#, "metric",
            .invalid("must not contain control characters")
        ),
        (
            #"{"rollout":"r","uid":"\u009b"}"#, "uid",
            .invalid("must not contain control characters")
        ),
    ])
    func refusals(body: String, field: String, reason: RequestFault.Reason) {
        let fault = #expect(throws: RequestFault.self) { try parse(body) }
        #expect(fault?.field == field)
        #expect(fault?.reason == reason)
    }

    @Test(arguments: ["0", "-1", "1.5", "\"1.5\"", "\"x\"", "\" 4\"", "1000000001", "1e99"])
    func attemptsMustCount(attempt: String) {
        let fault = #expect(throws: RequestFault.self) {
            try parse(#"{"rollout":"r","attempt":\#(attempt)}"#)
        }
        #expect(fault?.field == "attempt")
        #expect(
            fault?.description
                == "field \"attempt\" must be a whole number from 1 to 1000000000")
    }

    @Test(arguments: [
        "r", "payments-api", "a.b-c.d", "0", String(repeating: "a", count: 253), "a--b",
    ])
    func kubernetesNames(name: String) throws {
        #expect(try parse(#"{"rollout":"\#(name)","namespace":"\#(name)"}"#).rollout == name)
    }

    @Test(arguments: [
        "R", "a_b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a b", "ä", "a/b", "{{args.rollout}}",
        "a\\n", String(repeating: "a", count: 254),
    ])
    func otherNames(name: String) {
        for field in ["rollout", "namespace"] {
            let other = field == "rollout" ? "namespace" : "rollout"
            let fault = #expect(throws: RequestFault.self) {
                try parse(#"{"\#(other)":"ok","\#(field)":"\#(name)"}"#)
            }
            #expect(fault?.field == field)
            #expect(fault?.description.contains("must be") == true)
        }
    }

    @Test(arguments: [
        ("", JSONFault.Reason.empty), ("   ", .empty), ("null", .notAnObject), ("[]", .notAnObject),
        ("\"r\"", .notAnObject), (#"{"rollout":"r""#, .unexpectedEnd),
        (#"{"rollout":"r"} x"#, .trailingBytes), (#"{"rollout":"r",}"#, .unexpectedByte),
        (#"{'rollout':'r'}"#, .unexpectedByte), (#"{"rollout":NaN}"#, .unexpectedByte),
        (#"{"rollout":01}"#, .invalidNumber), (#"{"rollout":"\x"}"#, .invalidEscape),
        (#"{"rollout":"\ud800"}"#, .loneSurrogate), ("{\"rollout\":\"\n\"}", .controlCharacter),
    ])
    func brokenJSON(body: String, reason: JSONFault.Reason) {
        let fault = #expect(throws: RequestFault.self) { try parse(body) }
        #expect(fault?.field == nil)
        guard case .json(let json) = fault?.reason else {
            Issue.record("not a JSON fault: \(String(describing: fault))")
            return
        }
        #expect(json.reason == reason)
    }

    @Test func invalidUTF8IsRefused() {
        let body = Array(#"{"rollout":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        #expect(throws: RequestFault.self) { try MeasurementRequest(parsing: body) }
    }

    @Test func depthIsBounded() throws {
        let open = String(repeating: "[", count: 15)
        let close = String(repeating: "]", count: 15)
        #expect(try parse(#"{"rollout":"r","x":\#(open)\#(close)}"#).rollout == "r")
        #expect(throws: RequestFault.self) {
            try parse(#"{"rollout":"r","x":[\#(open)\#(close)]}"#)
        }
        let bomb = #"{"rollout":"r","x":"# + String(repeating: "[", count: 60_000)
        let fault = #expect(throws: RequestFault.self) { try parse(bomb) }
        #expect(fault?.readable.rollout == "r")
    }

    @Test func sizeIsBounded() throws {
        let head = #"{"rollout":"r","attempt":3,"pad":""#
        let room = 65_536 - head.utf8.count - 2
        #expect(try parse(head + String(repeating: "p", count: room) + #""}"#).attempt == 3)
        let fault = #expect(throws: RequestFault.self) {
            try parse(head + String(repeating: "p", count: room + 1) + #""}"#)
        }
        #expect(fault?.reason == .tooLarge(limit: 65_536))
        #expect(fault?.readable == ReadableRequest(namespace: "default", rollout: "r", attempt: 3))
    }

    @Test(arguments: [
        (
            #"{"namespace":"prod","rollout":"api","revision":"17","attempt":4,"step":[]}"#,
            ReadableRequest(namespace: "prod", rollout: "api", revision: "17", attempt: 4)
        ),
        (#"{"namespace":"prod","rollout":"BAD"}"#, ReadableRequest(namespace: "prod")),
        (#"{"namespace":"BAD","rollout":"api"}"#, ReadableRequest(rollout: "api")),
        (
            #"{"attempt":"x","rollout":"api"}"#,
            ReadableRequest(namespace: "default", rollout: "api")
        ),
        (
            #"{"rollout":"api","attempt":2,"#,
            ReadableRequest(namespace: "default", rollout: "api", attempt: 2)
        ),
        (#"{"rollout":"ap"#, ReadableRequest()),
        ("garbage", ReadableRequest()),
    ])
    func badBodiesStillTellWhomTheyWereAbout(body: String, readable: ReadableRequest) {
        let fault = #expect(throws: RequestFault.self) { try parse(body) }
        #expect(fault?.readable == readable)
        #expect(MeasurementRequest.readable(prefix: Array(body.utf8)) == readable)
    }

    @Test func theFirstFaultIsTold() {
        let fault = #expect(throws: RequestFault.self) {
            try parse(#"{"step":[],"attempt":"x","rollout":"r"}"#)
        }
        #expect(fault?.field == "step")
    }

    // MARK: - GET

    @Test func queriesReadTheSame() throws {
        let request = try MeasurementRequest(
            query: "rollout=payments-api&namespace=prod&revision=17&step=3&attempt=4&other=%zz"
                + "&metric=a+b%26c&uid=&canaryHash")
        #expect(
            request
                == MeasurementRequest(
                    rollout: "payments-api", namespace: "prod", revision: "17", step: "3",
                    metric: "a b&c", attempt: 4))
    }

    @Test(arguments: [
        ("", "rollout"), ("rollout=", "rollout"), ("rollout=r&rollout=r", "rollout"),
        ("rollout=%zz", "rollout"), ("rollout=%e", "rollout"), ("rollout=%", "rollout"),
        ("rollout=r&uid=%ff", "uid"), ("rollout=r&uid=%00", "uid"), ("rollout=R", "rollout"),
        ("rollout=r&attempt=0", "attempt"),
    ])
    func badQueries(query: String, field: String) {
        let fault = #expect(throws: RequestFault.self) { try MeasurementRequest(query: query) }
        #expect(fault?.field == field)
    }

    @Test func longQueriesAreRefused() {
        let query = "rollout=r&x=" + String(repeating: "y", count: 65_536)
        let fault = #expect(throws: RequestFault.self) { try MeasurementRequest(query: query) }
        #expect(fault?.reason == .tooLarge(limit: 65_536))
    }
}
