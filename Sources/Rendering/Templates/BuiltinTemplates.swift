/// The built-in templates, byte for byte equal to the files in `templates/`.
///
/// A test compares them, and writes the files from here with `BELLWETHER_RECORD_GOLDEN=1`.
enum BuiltinTemplates {
    static let sources: [TemplateName: String] = [
        .subject: subject,
        .text: text,
        .html: html,
        .slackHeadline: slackHeadline,
        .slackSummary: slackSummary,
        .slackTable: slackTable,
        .slackReasons: slackReasons,
        .slackSteps: slackSteps,
        .slackFooter: slackFooter,
        .slackFallback: slackFallback,
        .slackReply: slackReply,
    ]

    private static let subject = """
        [{{state_label}}] {{name}}{{#scope}} ({{.}}){{/scope}} since {{started}}
        """

    private static let text = """
        {{icon}} {{headline}}
        {{#scope}}{{.}}, {{/scope}}{{time}}
        {{#facts}}
        {{.}}
        {{/facts}}

        {{#argo_reason}}
        {{.}}
        {{/argo_reason}}
        {{#acknowledged}}
        This is {{.}}
        {{/acknowledged}}
        {{#silence}}
        This was {{.}}.
        {{silence_count}}.
        {{/silence}}
        {{#replaces}}
        {{.}}
        {{/replaces}}
        {{#late}}
        {{.}}
        {{/late}}
        {{#node_fault}}
        {{.}}
        {{/node_fault}}
        {{#changes}}
        * {{change}}
        {{/changes}}
        {{#more_changes}}
        * and {{.}} more changes
        {{/more_changes}}
        {{#metrics}}
        {{metric}} {{#metric_from}}{{.}} → {{/metric_from}}{{metric_to}}{{#metric_place}} {{.}}{{/metric_place}}{{#metric_note}} ({{.}}){{/metric_note}}
        {{/metrics}}
        {{#more_metrics}}
        and {{.}} more metrics
        {{/more_metrics}}
        {{#attempts}}
        {{.}}.{{#chance}} {{.}}{{/chance}}
        {{/attempts}}

        {{#table}}
        {{.}}
        {{#more_rows}}
        and {{.}} more places
        {{/more_rows}}
        {{#more_columns}}
        and {{.}} more metrics
        {{/more_columns}}
        Change since the previous attempt. Worst first.{{#healthy}} {{.}}.{{/healthy}}
        {{#omitted_lines}}
        {{.}} from further places are counted, not shown.
        {{/omitted_lines}}

        {{/table}}
        {{#reasons}}
        - {{reason}}
        {{/reasons}}
        {{#more_reasons}}
        - and {{.}} more reasons
        {{/more_reasons}}
        {{#other_reasons}}
        - other reasons were given {{.}}
        {{/other_reasons}}
        {{#notices}}
        - {{notice}}
        {{/notices}}
        {{#more_notices}}
        - and {{.}} more kinds
        {{/more_notices}}
        {{#other_notices}}
        - {{.}} of further kinds
        {{/other_notices}}
        {{#members}}
        - {{member}}{{#member_metric}}: {{.}}{{/member_metric}}
        {{/members}}
        {{#more_members}}
        - and {{.}} more groups
        {{/more_members}}
        {{#policies}}
        The policy changed in mid-run: {{.}}
        {{/policies}}
        {{#binaries}}
        More than one binary measured, attempts across the change can't be compared: {{.}}
        {{/binaries}}

        {{#advice}}
        {{.}}
        {{/advice}}
        {{#commands}}
          {{command}}
        {{/commands}}
        {{#links}}
          {{link_name}}: {{link_url}}
        {{/links}}

        -- 
        digest {{digest_id}} · {{window}} · {{events}}, {{dropped}} dropped{{#next}} · next {{.}}{{/next}}

        """

    private static let slackHeadline = """
        {{icon}} {{headline}}
        """

    private static let slackSummary = """
        {{#scope}}{{.}}, {{/scope}}{{time}}
        {{#facts}}
        {{.}}
        {{/facts}}
        {{#argo_reason}}
        *{{.}}*
        {{/argo_reason}}
        {{#acknowledged}}
        This is {{.}}
        {{/acknowledged}}
        {{#silence}}
        This was {{.}}.
        {{silence_count}}.
        {{/silence}}
        {{#replaces}}
        {{.}}
        {{/replaces}}
        {{#late}}
        {{.}}
        {{/late}}
        {{#node_fault}}
        {{.}}
        {{/node_fault}}
        {{#changes}}
        • *{{change}}*
        {{/changes}}
        {{#more_changes}}
        • and {{.}} more changes
        {{/more_changes}}
        {{#metrics}}
        *{{metric}} {{#metric_from}}{{.}} → {{/metric_from}}{{metric_to}}*{{#metric_place}} {{.}}{{/metric_place}}{{#metric_note}} ({{.}}){{/metric_note}}
        {{/metrics}}
        {{#more_metrics}}
        and {{.}} more metrics
        {{/more_metrics}}
        {{#attempts}}
        {{.}}.{{#chance}} *{{.}}*{{/chance}}
        {{/attempts}}

        """

    private static let slackTable = """
        {{#table}}
        ```{{.}}```
        {{#more_rows}}
        and {{.}} more places
        {{/more_rows}}
        {{#more_columns}}
        and {{.}} more metrics
        {{/more_columns}}
        worst first{{#healthy}} · {{.}}{{/healthy}}
        {{#omitted_lines}}
        {{.}} from further places are counted, not shown
        {{/omitted_lines}}
        {{/table}}

        """

    private static let slackReasons = """
        {{#reasons}}
        • {{reason}}
        {{/reasons}}
        {{#more_reasons}}
        • and {{.}} more reasons
        {{/more_reasons}}
        {{#other_reasons}}
        • other reasons were given {{.}}
        {{/other_reasons}}
        {{#notices}}
        • {{notice}}
        {{/notices}}
        {{#more_notices}}
        • and {{.}} more kinds
        {{/more_notices}}
        {{#other_notices}}
        • {{.}} of further kinds
        {{/other_notices}}
        {{#members}}
        • {{member}}{{#member_metric}}: {{.}}{{/member_metric}}
        {{/members}}
        {{#more_members}}
        • and {{.}} more groups
        {{/more_members}}
        {{#policies}}
        The policy changed in mid-run: {{.}}
        {{/policies}}
        {{#binaries}}
        More than one binary measured, attempts across the change can't be compared: {{.}}
        {{/binaries}}

        """

    private static let slackSteps = """
        {{#advice}}
        {{.}}
        {{/advice}}
        {{#has_commands}}
        ```
        {{#commands}}
        {{command}}
        {{/commands}}
        ```
        {{/has_commands}}
        {{#extra_links}}
        <{{link_url}}|{{link_name}}>
        {{/extra_links}}

        """

    private static let slackFooter = """
        digest {{digest_id}} · {{window}} · {{events}}, {{dropped}} dropped{{#next}} · next {{.}}{{/next}}
        """

    private static let slackReply = """
        {{icon}} *{{headline}}*
        {{#argo_reason}}
        {{.}}
        {{/argo_reason}}
        {{#acknowledged}}
        This is {{.}}
        {{/acknowledged}}
        {{#replaces}}
        {{.}}
        {{/replaces}}
        {{#late}}
        {{.}}
        {{/late}}
        {{#changes}}
        • {{change}}
        {{/changes}}
        {{#more_changes}}
        • and {{.}} more changes
        {{/more_changes}}
        {{#metrics}}
        {{metric}} {{#metric_from}}{{.}} → {{/metric_from}}{{metric_to}}{{#metric_place}} {{.}}{{/metric_place}}{{#metric_note}} ({{.}}){{/metric_note}}
        {{/metrics}}
        {{#attempts}}
        {{.}}.{{#chance}} *{{.}}*{{/chance}}
        {{/attempts}}

        """

    private static let slackFallback = """
        {{icon}} {{headline}}{{#scope}} ({{.}}){{/scope}}{{#metrics}}; {{metric}} {{metric_to}}{{/metrics}}
        """
}

/// The templates of messages, one file each: `<rawValue>.mustache`.
enum TemplateName: String, CaseIterable, Sendable {
    case subject
    case text
    case html
    case slackHeadline = "slack-headline"
    case slackSummary = "slack-summary"
    case slackTable = "slack-table"
    case slackReasons = "slack-reasons"
    case slackSteps = "slack-steps"
    case slackFooter = "slack-footer"
    case slackFallback = "slack-fallback"
    /// The reply in the thread of a message that is updated in place.
    case slackReply = "slack-reply"

    /// Returns the markup of a template or partial, by its name up to the first dash.
    ///
    /// Returns nil when that is not a markup or `subject`.
    static func markup(of name: some StringProtocol) -> Markup? {
        let stem = name.prefix { $0 != "-" }
        return stem == "subject" ? .text : Markup(rawValue: String(stem))
    }
}
