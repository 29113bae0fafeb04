import Testing

@testable import Arguments

private let values = MeasurementArguments([
    .rollout: "payments-api", .namespace: "prod", .canaryHash: "6c54", .step: "",
    .window: "30000ms",
])

@Suite("A text with arguments")
struct ArgumentTextTests {
    @Test(
        "both forms are replaced, two dollars are one, other dollars stand for themselves",
        arguments: [
            ("$rollout", "payments-api"), ("a-${rollout}b", "a-payments-apib"),
            ("$namespace/$rollout", "prod/payments-api"), ("$$rollout", "$rollout"),
            ("$$$rollout", "$payments-api"), ("5$", "5$"), ("$1 ${1} $.", "$1 ${1} $."),
            ("$canary_hash.", "6c54."), ("ü$rollout✓", "üpayments-api✓"), ("", ""),
        ])
    func forms(text: String, filled: String) throws {
        #expect(try ArgumentText(text).filled(with: values, in: .exact) == filled)
    }

    @Test(
        "an unknown name is a fault that quotes it, also when it only begins like an argument",
        arguments: [
            ("$rolout", "rolout"), ("${Rollout}", "Rollout"), ("$rollouts", "rollouts"),
            ("a ${ rollout}", " rollout"), ("${}", ""), ("$_", "_"),
        ])
    func unknown(text: String, name: String) {
        #expect(throws: ArgumentText.SyntaxFault(name: name)) { try ArgumentText(text) }
    }

    @Test("a brace that is not closed is a fault")
    func unclosed() {
        #expect(throws: ArgumentText.SyntaxFault(name: nil)) { try ArgumentText("x${rollout") }
    }

    @Test("an argument without a value is named, and never an empty text")
    func missing() throws {
        for (text, field) in [("$stable_hash", "stableHash"), ("$step", "step")] {
            let fault = #expect(throws: ArgumentFault.self) {
                try ArgumentText(text).filled(with: values, in: .exact)
            }
            #expect(fault?.isMissing == true)
            #expect(fault?.description == "the request has no \(field), which \(text) needs")
        }
    }

    /// A text with one argument, its value, and the filled text; nil if the value is refused.
    typealias Case = (place: ArgumentPlace, text: String, value: String, filled: String?)

    static let places: [Case] = [
        (.address, "http://h/a/$revision?x=1", "b", "http://h/a/b?x=1"),
        (
            .address, "http://h/a/$revision?x=1", "b/../c?d&e#f@g:h",
            "http://h/a/b%2F..%2Fc%3Fd%26e%23f%40g%3Ah?x=1"
        ),
        (.address, "http://h/$revision", "ü \\%", "http://h/%C3%BC%20%5C%25"),
        (.address, "http://h/$revision/x", "..", nil),
        (.address, "http://h/$revision/x", ".", nil),
        (.address, "http://h/.$revision", "x", "http://h/.x"),
        (.path, "/var/$revision.json", "17", "/var/17.json"),
        (.path, "/var/$revision.json", "../etc", nil),
        (.path, "/var/$revision", "..", nil),
        (.path, "/var/.$revision/x", ".", nil),
        (.path, "/var/$revision/x", "/etc", nil),
        (.commandArgument, "$revision", "17; rm -rf / $(x) 'y'", "17; rm -rf / $(x) 'y'"),
        (.commandArgument, "$revision", "-rf", nil),
        (.commandArgument, "--revision=$revision", "-rf", "--revision=-rf"),
        (.quoted, #"m{h="$revision"}"#, "a,b='c'", #"m{h="a,b='c'"}"#),
        (.quoted, #"m{h="$revision"}"#, #"a",b="c"#, nil),
        (.quoted, #"m{h="$revision"}"#, #"a\"#, nil),
        (.user, "$revision-ro", "team a", "team a-ro"),
        (.user, "$revision-ro", "a:b", nil),
        (.exact, "$revision", "-rf", "-rf"),
    ]

    @Test("a value never leaves its place", arguments: places)
    func place(example: Case) throws {
        let values = MeasurementArguments([.revision: example.value])
        let text = try ArgumentText(example.text)
        guard let filled = example.filled else {
            let fault = #expect(throws: ArgumentFault.self) {
                try text.filled(with: values, in: example.place)
            }
            #expect(fault?.isMissing == false)
            #expect(fault?.description.contains("\"\(example.value)\"") == true)
            return
        }
        #expect(try text.filled(with: values, in: example.place) == filled)
    }

    @Test(
        "control characters are refused in every place",
        arguments: ["a\r\nX-Admin: 1", "a\u{0}", "a\u{7F}", "a\u{85}"])
    func controls(value: String) throws {
        let values = MeasurementArguments([.revision: value])
        for place in [
            ArgumentPlace.exact, .address, .path, .commandArgument, .quoted, .user,
        ] {
            #expect(throws: ArgumentFault.self) {
                try ArgumentText("x$revision").filled(with: values, in: place)
            }
        }
        #expect(throws: ArgumentFault.self) {
            try QueryText(#"a{b="$revision"}"#).filled(with: values)
        }
    }
}

@Suite("A query with arguments")
struct QueryTextTests {
    /// A query, the value of `$revision`, and the filled query.
    typealias Case = (query: String, value: String, filled: String)

    static let cases: [Case] = [
        (#"up{a="$revision"}"#, "17", #"up{a="17"}"#),
        (#"up{a="$revision"}"#, #"x"} or vector(0) #"#, #"up{a="x\"} or vector(0) #"}"#),
        (#"up{a="$revision"}"#, #"x\"#, #"up{a="x\\"}"#),
        (#"up{a='$revision'}"#, #"it's "q""#, #"up{a='it\'s "q"'}"#),
        ("up{a=`$revision`}", #"x"\'"#, #"up{a=`x"\'`}"#),
        (#"up{a=~"$revision-.*"}"#, "v1.2", #"up{a=~"v1\\.2-.*"}"#),
        (#"up{a !~ '$revision'}"#, ".*|a", #"up{a !~ '\\.\\*\\|a'}"#),
        (#"up{a=~"^(?:$revision)$"}"#, #"a"b\"#, #"up{a=~"^(?:a\"b\\\\)$"}"#),
        ("up{a=~`$revision`}", "v1.2", #"up{a=~`v1\.2`}"#),
        // The string before ends at its own mark, whatever it contains.
        (#"up{b="\"",c='"',a="$revision"}"#, "1", #"up{b="\"",c='"',a="1"}"#),
        // Marks in a comment begin no string.
        ("# it's \"\nup{a=\"$revision\"}", "1", "# it's \"\nup{a=\"1\"}"),
        (
            #"label_replace(up, "a", "$1", "b", "(.*)-$revision")"#, "x",
            #"label_replace(up, "a", "$1", "b", "(.*)-x")"#
        ),
        (
            #"up{a=~"5..$"} / up{a="$$revision$revision"}"#, "1",
            #"up{a=~"5..$"} / up{a="$revision1"}"#
        ),
        ("rate(a[$window]) + $window", "1", "rate(a[30s]) + 30s"),
    ]

    @Test("a value stays in its quotation marks, and matches only itself", arguments: cases)
    func filled(example: Case) throws {
        let values = MeasurementArguments([.revision: example.value, .window: "30s"])
        #expect(try QueryText(example.query).filled(with: values) == example.filled)
    }

    @Test("a backtick cannot stand between backticks")
    func backtick() throws {
        let query = try QueryText("up{a=`$revision`}")
        #expect(throws: ArgumentFault.self) {
            try query.filled(with: MeasurementArguments([.revision: "a`b"]))
        }
    }

    @Test(
        "outside of strings only the window may stand",
        arguments: [
            "up == $revision", "up{$revision=\"a\"}", "# $revision", "up{a=\"\"} $revision",
            "up{a=\"\\\\\"} $revision",
        ])
    func outside(query: String) {
        #expect(throws: QueryText.Fault.outsideOfString(.revision)) { try QueryText(query) }
    }

    /// The reader of a PromQL string, after the rules of Go's string literals.
    private static func read(_ filled: String, from start: String, mark: Character) -> String? {
        guard filled.hasPrefix(start) else { return nil }
        var out = ""
        var rest = filled.dropFirst(start.count)
        while let character = rest.popFirst() {
            if character == mark { return rest == "}" ? out : nil }
            if character == "\\", mark != "`" {
                guard let next = rest.popFirst(), next == "\\" || next == mark else { return nil }
                out.append(next)
            } else {
                out.append(character)
            }
        }
        return nil
    }

    @Test("random values are read back from the string that they stand in")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("\"'\\`{}=~!.*+?()|[]^$ax1 ,#")
        for mark in ["\"", "'", "`"] as [Character] {
            let query = try QueryText("up{a=\(mark)$revision\(mark)}")
            for _ in 0..<500 {
                let length = Int.random(in: 1...12, using: &generator)
                let value = String(
                    (0..<length).map { _ in
                        alphabet[Int.random(in: alphabet.indices, using: &generator)]
                    })
                guard !(mark == "`" && value.contains("`")) else { continue }
                let filled = try query.filled(with: MeasurementArguments([.revision: value]))
                #expect(Self.read(filled, from: "up{a=\(mark)", mark: mark) == value)
            }
        }
    }
}
