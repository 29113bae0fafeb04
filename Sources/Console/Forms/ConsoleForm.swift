import HTTPTypes
import Server

/// The fields of a submitted form.
struct ConsoleForm {
    static let mediaType = "application/x-www-form-urlencoded"
    /// The maximum size of a form in bytes.
    static let limit = 16 << 10

    private let items: [(name: String, value: String)]

    /// Reads the form of a request.
    ///
    /// - Throws: 403 if another origin sent it; 400 if it cannot be read.
    init(_ exchange: Exchange) async throws(Problem) {
        try Self.checkOrigin(exchange)
        items = try await exchange.collectForm()
    }

    /// The field's value, empty when there is none.
    subscript(name: String) -> String { items.first { $0.name == name }?.value ?? "" }

    static func checkOrigin(_ exchange: Exchange) throws(Problem) {
        guard SessionCookie.isSameOrigin(exchange.head) else {
            throw Problem(
                .forbidden, "origin_foreign",
                "this form is accepted from this node's own pages only",
                field: "Origin")
        }
    }

    /// Checks that a page of this session contained the form.
    func checkSession(_ exchange: Exchange, _ sessions: SessionSeal) throws(Problem) {
        guard let cookie = SessionCookie.value(in: exchange.head),
            sessions.verifies(formToken: self["form"], for: cookie)
        else {
            throw Problem(
                .forbidden, "form_foreign",
                "this form does not belong to this session; reload the page",
                field: "form")
        }
    }
}

/// A path on this node to which a form leads back.
enum OwnPath {
    private static let longest = 2000

    /// The text if it is such a path with an optional query; `/` for anything else, such as the
    /// address of another host.
    static func checked(_ text: String) -> String {
        let utf8 = Array(text.utf8)
        guard utf8.count <= longest, utf8.first == UInt8(ascii: "/"),
            utf8.count == 1 || utf8[1] != UInt8(ascii: "/") && utf8[1] != UInt8(ascii: "\\"),
            utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return "/" }
        return text
    }

    /// The path and query of a request.
    static func of(_ exchange: Exchange) -> String {
        checked(exchange.path + (exchange.query.map { "?\($0)" } ?? ""))
    }
}

/// How long a silence or an acknowledgement lasts, for the lists of forms.
enum FormSpan: String, CaseIterable {
    case halfHour = "30m"
    case hour = "1h"
    case fourHours = "4h"
    case day = "1d"
    case week = "7d"

    var length: Duration {
        switch self {
        case .halfHour: .seconds(1800)
        case .hour: .seconds(3600)
        case .fourHours: .seconds(4 * 3600)
        case .day: .seconds(86_400)
        case .week: .seconds(7 * 86_400)
        }
    }

    var words: String {
        switch self {
        case .halfHour: "30 minutes"
        case .hour: "1 hour"
        case .fourHours: "4 hours"
        case .day: "1 day"
        case .week: "7 days"
        }
    }

    /// The options of a `select` element.
    static func options(chosen: FormSpan) -> HTML {
        allCases.markup { span in
            let mark: HTML = span == chosen ? " selected" : ""
            return "<option value=\"\(span.rawValue)\"\(mark)>\(span.words)</option>"
        }
    }
}
