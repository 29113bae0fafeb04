extension BuiltinTemplates {
    /// A complete page for light and dark colour schemes, without remote content.
    static let html = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="supported-color-schemes" content="light dark">
        <title>{{headline}}</title>
        <style>
        :root { color-scheme: light dark; }
        body { margin: 0; padding: 24px 16px; background: #ffffff; color: #1b1f24; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        main { max-width: 760px; margin: 0 auto; }
        h1 { font-size: 21px; line-height: 1.3; margin: 0 0 2px; overflow-wrap: anywhere; }
        p { margin: 6px 0; overflow-wrap: anywhere; }
        .soft { color: #57606a; font-size: 13px; }
        .bar { border-left: 4px solid #57606a; padding-left: 14px; margin-bottom: 16px; }
        .bar.bad { border-color: #b3261e; }
        .bar.warn { border-color: #8a5300; }
        .bar.dark { border-color: #6639a6; }
        .bar.good { border-color: #1a6b2f; }
        ul { margin: 8px 0; padding-left: 20px; }
        li { margin: 3px 0; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; margin: 14px 0 4px; }
        table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid #d0d7de; white-space: nowrap; vertical-align: baseline; }
        th { color: #57606a; font-weight: 600; font-size: 12px; }
        .spark { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: #57606a; }
        td .fail, td .warn, td .nodata { font-weight: 600; }
        td .fail { color: #b3261e; }
        td .warn { color: #8a5300; }
        td .nodata { color: #6639a6; }
        pre { background: #f6f8fa; border: 1px solid #d0d7de; border-radius: 6px; padding: 10px 12px; margin: 14px 0; overflow-x: auto; font: 13px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
        a { color: inherit; }
        footer { margin-top: 18px; padding-top: 10px; border-top: 1px solid #d0d7de; color: #57606a; font-size: 12px; overflow-wrap: anywhere; }
        @media (prefers-color-scheme: dark) {
        body { background: #0d1117; color: #e6edf3; }
        .soft, th, .spark, footer { color: #9aa4af; }
        .bar { border-color: #9aa4af; }
        .bar.bad { border-color: #ff7b72; }
        .bar.warn { border-color: #e3b341; }
        .bar.dark { border-color: #d2a8ff; }
        .bar.good { border-color: #56d364; }
        th, td, footer { border-color: #30363d; }
        td .fail { color: #ff7b72; }
        td .warn { color: #e3b341; }
        td .nodata { color: #d2a8ff; }
        pre { background: #161b22; border-color: #30363d; }
        }
        </style>
        </head>
        <body>
        <main>
        <div class="bar {{status_class}}">
        <h1>{{icon}} {{headline}}</h1>
        <p class="soft">{{#scope}}{{.}}, {{/scope}}{{time}}</p>
        </div>
        {{#silence}}
        <p>This was {{.}}. {{silence_count}}.</p>
        {{/silence}}
        {{#replaces}}
        <p>{{.}}</p>
        {{/replaces}}
        {{#late}}
        <p>{{.}}</p>
        {{/late}}
        {{#node_fault}}
        <p>{{.}}</p>
        {{/node_fault}}
        {{#changes}}
        <p><strong>{{change}}</strong></p>
        {{/changes}}
        {{#more_changes}}
        <p>and {{.}} more changes</p>
        {{/more_changes}}
        {{#metrics}}
        <p><strong>{{metric}} {{#metric_from}}{{.}} → {{/metric_from}}{{metric_to}}</strong>{{#metric_note}} <span class="soft">({{.}})</span>{{/metric_note}}</p>
        {{/metrics}}
        {{#more_metrics}}
        <p>and {{.}} more metrics</p>
        {{/more_metrics}}
        {{#attempts}}
        <p>{{.}}.{{#chance}} <strong>{{.}}</strong>{{/chance}}</p>
        {{/attempts}}
        {{#table}}
        <div class="scroll"><table>
        <tr><th>{{place_word}}</th><th>verdict</th><th>try</th>{{#heads}}<th>{{head}}</th>{{/heads}}</tr>
        {{#rows}}
        <tr><td>{{place}}</td><td>{{row_status}}</td><td>{{try}}</td>{{#cells}}<td><span class="{{cell_state}}">{{cell_value}}{{#cell_over}} ({{cell_state}}){{/cell_over}}</span>{{#cell_spark}} <span class="spark">{{.}}</span>{{/cell_spark}}{{#cell_change}} <span class="soft">{{.}}</span>{{/cell_change}}</td>{{/cells}}</tr>
        {{/rows}}
        {{#stable_row}}
        <tr class="soft"><td>stable</td><td></td><td></td>{{#cells}}<td>{{cell_value}}</td>{{/cells}}</tr>
        {{/stable_row}}
        </table></div>
        <p class="soft">Change since the previous attempt. Worst first.{{#healthy}} {{.}}.{{/healthy}}{{#more_rows}} And {{.}} more places.{{/more_rows}}{{#more_columns}} And {{.}} more metrics.{{/more_columns}}{{#omitted_lines}} {{.}} from further places are counted, not shown.{{/omitted_lines}}</p>
        {{/table}}
        {{#has_items}}
        <ul>
        {{/has_items}}
        {{#reasons}}
        <li>{{reason}}</li>
        {{/reasons}}
        {{#more_reasons}}
        <li>and {{.}} more reasons</li>
        {{/more_reasons}}
        {{#other_reasons}}
        <li>other reasons were given {{.}}</li>
        {{/other_reasons}}
        {{#notices}}
        <li>{{notice}}</li>
        {{/notices}}
        {{#more_notices}}
        <li>and {{.}} more kinds</li>
        {{/more_notices}}
        {{#other_notices}}
        <li>{{.}} of further kinds</li>
        {{/other_notices}}
        {{#members}}
        <li>{{member}}{{#member_metric}}: <strong>{{.}}</strong>{{/member_metric}}</li>
        {{/members}}
        {{#more_members}}
        <li>and {{.}} more groups</li>
        {{/more_members}}
        {{#policies}}
        <li>The policy changed in mid-run: {{.}}</li>
        {{/policies}}
        {{#binaries}}
        <li>More than one binary measured, attempts across the change can't be compared: {{.}}</li>
        {{/binaries}}
        {{#has_items}}
        </ul>
        {{/has_items}}
        {{#advice}}
        <p>{{.}}</p>
        {{/advice}}
        {{#has_commands}}
        <pre>{{#commands}}{{command}}
        {{/commands}}</pre>
        {{/has_commands}}
        {{#has_links}}
        <p>{{#rollout_page}}<a href="{{.}}">Rollout</a>&ensp;{{/rollout_page}}{{#runbook}}<a href="{{.}}">Runbook</a>&ensp;{{/runbook}}{{#status_page}}<a href="{{.}}">Status page</a>{{/status_page}}</p>
        {{/has_links}}
        <footer>digest {{digest_id}} · {{window}} · {{events}}, {{dropped}} dropped{{#next}} · next {{.}}{{/next}}</footer>
        </main>
        </body>
        </html>

        """
}
