/// The names that templates may use: all names that a `MessageView` can contain.
///
/// `templates/README.md` documents them.
enum KnownNames {
    static let subject: Set<String> = [
        "name", "scope", "started", "title", "headline", "icon", "state", "state_label",
    ]

    static let message: Set<String> = subject.union([
        "kind", "is_failing", "is_recovered", "is_ended", "is_notice", "is_rollup",
        "color", "status_word", "status_class", "since", "duration", "time", "advice",
        "acknowledged", "silence", "silence_count", "replaces", "late", "node_fault", "changes",
        "change",
        "more_changes",
        "metrics", "metric", "metric_from", "metric_to", "metric_place", "metric_note",
        "metric_spark",
        "metric_state", "more_metrics",
        "attempts", "chance",
        "table", "place_word", "heads", "head", "rows", "place", "row_status", "try", "cells",
        "cell_value",
        "cell_spark", "cell_change", "cell_state", "cell_class", "cell_color",
        "cell_over", "stable_row", "more_rows",
        "more_columns", "omitted_lines", "healthy",
        "reasons", "reason", "more_reasons", "other_reasons",
        "notices", "notice", "more_notices", "other_notices",
        "members", "member", "member_metric", "more_members",
        "policies", "binaries", "has_items",
        "has_links", "has_commands", "commands", "command_label", "command", "runbook",
        "rollout_page", "status_page", "links", "extra_links", "link_name", "link_url", "facts",
        "fact_list",
        "fact_name", "fact_value", "argo_reason",
        "digest_id", "window", "events", "dropped", "next",
    ])
}
