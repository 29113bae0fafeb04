import Core
import Digests

/// The name of a group in messages: `payments-api (prod, revision 17)`.
struct GroupWords {
    /// The rollout, or the values of the group's fields if it has none.
    let name: String
    /// The other fields: `prod, revision 17`; empty without a rollout.
    let scope: String

    var text: String { scope.isEmpty ? name : "\(name) (\(scope))" }

    init(_ group: GroupKey) {
        func shown(_ value: String) -> String { InertText.visible(value, limit: 63) }
        guard let rollout = group["rollout"] else {
            let values = group.fields.map { shown($0.value) }
            name = values.isEmpty ? "bellwether" : values.joined(separator: " ")
            scope = ""
            return
        }
        name = shown(rollout)
        scope = group.fields.filter { $0.name != "rollout" }.map { field in
            field.name == "namespace"
                ? shown(field.value)
                : "\(InertText.visible(field.name, limit: 40)) \(shown(field.value))"
        }.joined(separator: ", ")
    }
}
