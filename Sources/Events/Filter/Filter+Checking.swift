extension Filter.Term {
    /// Makes a term whose values fit the field's type.
    ///
    /// - Throws: a fault with a suggestion for an unknown field and for a value that no value of
    ///   the field can satisfy.
    static func checked(
        _ path: [String], _ comparison: Comparison, _ values: [FilterValue],
        _ fields: FilterFields
    ) throws(FilterFault) -> Filter.Term {
        var draft = Draft(path, comparison, values)
        if comparison == .matches {
            do throws(FilterPatternParser.Fault) {
                draft.pattern = try FilterPattern(values[0].text)
            } catch {
                throw FilterFault(part: values[0].text, fault: error.fault, remedy: error.remedy)
            }
        }
        let type = try fields.type(of: path)
        do throws(FilterFault) {
            var checked = draft
            try checked.fit(type)
            return Filter.Term(checked)
        } catch {
            guard fields.acceptsAny, error.isLiftedByAnyField else { throw error }
            try draft.fit(.any)
            return Filter.Term(draft)
        }
    }
}

extension Filter.Term.Draft {
    private var field: String { path.joined(separator: ".") }

    /// Interprets the values by the type of the field.
    fileprivate mutating func fit(_ type: FieldType) throws(FilterFault) {
        switch type {
        case .text: numbers = values.map { $0.quantity == nil ? $0.number : nil }
        case .eventName:
            numbers = values.map { _ in nil }
            try fitEventName()
        case .number:
            try fitNumber(unit: nil, "a plain number")
            try refuseFractions()
        case .bytes: try fitNumber(unit: .bytes, "a number of bytes, such as 64KiB")
        case .metric: try fitMetric()
        case .time: try fitTime()
        case .flag: try fitChoice(["true", "false"], isOrdered: false)
        case .choice(let words, let isOrdered): try fitChoice(words, isOrdered: isOrdered)
        case .any: try fitAny()
        case .object(let members, _), .list(_, let members): try fitWhole(type, members)
        }
    }

    private func fault(
        _ value: FilterValue, _ fault: String, _ remedy: String
    ) -> FilterFault {
        FilterFault(
            part: value.text, fault: fault, remedy: remedy, isLiftedByAnyField: true)
    }

    /// Whether the value is compared as a text by any type.
    private func isText(_ value: FilterValue) -> Bool {
        comparison == .contains || comparison == .matches
            || value.text == "null" && !comparison.isOrder
    }

    // MARK: - Numbers

    private mutating func fitNumber(
        unit: FilterValue.Quantity?, _ expected: String
    ) throws(FilterFault) {
        for value in values where !isText(value) {
            guard value.number != nil, value.quantity == nil || value.quantity == unit else {
                throw fault(
                    value,
                    value.number == nil
                        ? "\(field) is a number" : "\(field) is not measured in this unit",
                    "write \(expected)")
            }
        }
    }

    /// The numbers of events without a unit are counts: none equals 3.5.
    private func refuseFractions() throws(FilterFault) {
        guard comparison == .equal || comparison == .isIn else { return }
        for (value, number) in zip(values, numbers) {
            if let number, number != number.rounded() {
                throw fault(
                    value, "\(field) is a whole number", "write one, or compare by < or >")
            }
        }
    }

    private mutating func fitMetric() throws(FilterFault) {
        // The parts between the list and the member name a metric or a check. If the name does
        // not decide the unit, each element does.
        let name = path.dropFirst().dropLast().filter { Int($0) == nil }.joined(separator: ".")
        let unit = MetricUnit(metricName: name)
        for (i, value) in values.enumerated() where !isText(value) {
            guard let number = value.number else {
                throw fault(
                    value, "\(field) is a number", "write a number, such as 0.01, 1% or 250ms")
            }
            guard let quantity = value.quantity else { continue }
            if unit == .count {
                guard values.allSatisfy({ $0.quantity == quantity }) else {
                    throw fault(value, "the values have different units", "write them in one unit")
                }
                self.quantity = quantity
                continue
            }
            guard let factor = quantity.factor(to: unit) else {
                throw fault(
                    value, "\(field) is not measured in this unit", "it is in \(unit.rawValue)")
            }
            numbers[i] = number * factor
        }
    }

    // MARK: - Words

    private mutating func fitChoice(
        _ words: [String], isOrdered: Bool
    ) throws(FilterFault) {
        numbers = values.map { _ in nil }
        if comparison.isOrder {
            guard isOrdered else {
                throw fault(
                    values[0], "\(field) has no order", "write \(field)=\(words[0]), or use in")
            }
            order = words.map { Array($0.utf8) }
        }
        for value in values where value.text != "null" || comparison.isOrder {
            let isMeant =
                comparison.isOrder
                ? words.contains(value.text) : words.contains { select(value, $0) }
            guard isMeant || isEmptyStatus(value) else {
                throw fault(
                    value, "no \(field) is \(comparison.rawValue) \(value.spelling)",
                    Suggestion.remedy(for: value.text, among: words))
            }
        }
    }

    /// Events of refused requests of earlier versions contain an empty status.
    private func isEmptyStatus(_ value: FilterValue) -> Bool {
        value.text.isEmpty && !comparison.isOrder && path == ["status"]
    }

    /// Whether `word` satisfies the comparison with `value`.
    private func select(_ value: FilterValue, _ word: String) -> Bool {
        var one = self
        one.values = [value]
        one.numbers = [nil]
        return Filter.Term(one).accepts(text: word)
    }

    /// Refuses names that are almost those of our events.
    private func fitEventName() throws(FilterFault) {
        guard comparison == .equal || comparison == .isIn else { return }
        let known = EventName.all
        for value in values where value.wildcard == nil && !known.contains(value.text) {
            guard let near = Suggestion.nearest(to: value.text, among: known, within: 2) else {
                continue
            }
            throw fault(value, "there is no such event", "did you mean \(near)?")
        }
    }

    // MARK: - Other types

    private mutating func fitTime() throws(FilterFault) {
        numbers = values.map { _ in nil }
        moments = values.map { isText($0) ? nil : Timestamp(rfc3339: $0.text) }
        for (value, moment) in zip(values, moments) where moment == nil && !isText(value) {
            guard value.wildcard != nil || Self.isPartOfTime(value.text) else {
                throw fault(
                    value, "\(field) is a time",
                    value.quantity == .time && path == ["ts"]
                        ? "use since for a span, or write 2026-11-23T06:00:00Z"
                        : "write it in RFC 3339, such as 2026-11-23T06:00:00Z, or its beginning")
            }
            // A day equals no moment: nothing would be found.
            if comparison == .equal || comparison == .isIn, value.wildcard == nil {
                throw fault(
                    value, "no time equals its beginning", "write \(field)~\(value.text)")
            }
        }
        if moments.allSatisfy({ $0 == nil }) { moments = [] }
    }

    /// Whether the text is the beginning of a moment in RFC 3339.
    private static func isPartOfTime(_ text: String) -> Bool {
        let form = Array("0000-00-00T00:00:00.000000000Z".utf8)
        let bytes = Array(text.utf8)
        guard bytes.count >= 4, bytes.count <= form.count else { return false }
        return zip(bytes, form).allSatisfy { byte, place in
            place == UInt8(ascii: "0") ? byte &- 0x30 < 10 : byte == place
        }
    }

    private mutating func fitAny() throws(FilterFault) {
        let unit = MetricUnit(metricName: path.last ?? "")
        for (i, value) in values.enumerated() {
            guard !comparison.isOrder || value.isQuoted || !value.hasUnknownUnit else {
                throw FilterFault(
                    part: value.text, fault: "\(value.text) is no number with a known unit",
                    remedy: "units are \(FilterValue.unitNames); quote a text")
            }
            guard let quantity = value.quantity else { continue }
            // Without a unit in the name, shares and bytes are plain numbers. A time could be in
            // seconds or in milliseconds.
            let factor =
                unit != .count ? quantity.factor(to: unit) : quantity == .time ? nil : 1
            guard factor != nil || !comparison.isOrder else {
                throw FilterFault(
                    part: value.text, fault: "the unit of \(field) is not known",
                    remedy: "write a plain number, or quote a text")
            }
            numbers[i] = factor.flatMap { factor in value.number.map { $0 * factor } }
        }
    }

    private func fitWhole(
        _ type: FieldType, _ members: [EventMember]
    ) throws(FilterFault) {
        if comparison == .contains || comparison == .matches { return }
        if !comparison.isOrder, values.allSatisfy({ $0.text == "null" }) { return }
        let example = members.first { $0.type == .metric } ?? members.first
        let kind =
            if case .list = type { "a list" } else { "an object" }
        throw FilterFault(
            part: field, fault: "\(field) is \(kind)",
            remedy: "did you mean \(field).\(example?.name ?? "NAME")?", isLiftedByAnyField: true)
    }
}
