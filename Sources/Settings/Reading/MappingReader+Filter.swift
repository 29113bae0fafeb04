import Core
import Events

extension MappingReader {
    /// Reads `match` and `where` into one filter; `all` if both are absent.
    ///
    /// `match` is a filter, or a mapping of fields to values; `where` is a filter, or a list of
    /// them that must all hold.
    func filter(_ fields: FilterFields) -> Filter {
        let filters = matched(fields) + conditions(fields)
        do throws(FilterFault) { return try Filter(all: filters, fields) } catch {
            let key = has("where") ? "where" : "match"
            fault(key, "\(InertText.quoted(error.part)): \(error.fault)", error.remedy)
            return Filter(all: filters)
        }
    }

    private func matched(_ fields: FilterFields) -> [Filter] {
        if case .text(let text)? = value("match") {
            return [filter(text, at: "match", fields)].compactMap(\.self)
        }
        let reader = mapping("match")
        return reader.keys.sorted().compactMap { field in
            guard Self.isFieldName(field) else {
                reader.fault(
                    field, "\(InertText.quoted(field)) is not a field's name",
                    "write letters, digits and any of _ - .", atKey: true)
                return nil
            }
            let values: [String]
            switch reader.value(field) {
            case .list: values = reader.texts(field)
            case .empty:
                reader.fault(field, "no value", "give it one")
                return nil
            default: values = reader.text(field).map { [$0] } ?? []
            }
            guard !values.isEmpty else {
                if case .list? = reader.value(field), !context.hasFault(within: reader.path(field))
                {
                    reader.fault(field, "the list is empty", "name a value")
                }
                return nil
            }
            do throws(FilterFault) {
                return try Filter(field: field, values: values, fields)
            } catch {
                reader.fault(field, error.fault, error.remedy, atKey: error.part == field)
                return nil
            }
        }
    }

    private func conditions(_ fields: FilterFields) -> [Filter] {
        if case .text(let text)? = value("where") {
            return [filter(text, at: "where", fields)].compactMap(\.self)
        }
        return texts("where").enumerated().compactMap { index, text in
            filter(text, at: "where[\(index)]", fields)
        }
    }

    private func filter(_ text: String, at key: String, _ fields: FilterFields) -> Filter? {
        do throws(FilterFault) {
            let filter = try Filter(entry: text, fields)
            if !filter.isAll { return filter }
            fault(key, "no condition", "write field=value")
        } catch {
            fault(key, "\(InertText.quoted(error.part)): \(error.fault)", error.remedy)
        }
        return nil
    }

    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || "_-.".unicodeScalars.contains($0)
            }
    }
}
