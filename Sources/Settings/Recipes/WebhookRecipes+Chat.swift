extension WebhookRecipes {
    static let teams = #"""
        # Microsoft Teams: a card in a channel, through the Workflows app.
        #
        # In the channel, add the workflow "Send webhook alerts to a channel" and put its address into a file:
        #   receivers:
        #     - {name: teams, kind: webhook, recipe: teams, url_file: /run/secrets/teams}
        #
        # Teams refuses messages of about 28 KB; cards above 20 KB were seen refused, too.
        method: POST
        headers: {Content-Type: application/json}
        success: [2xx]
        retry: [408, 429, 5xx]
        max_bytes: 20KiB
        body: |
          {
            "type": "message",
            "summary": "{{max200(title)}}",
            "attachments": [{
              "contentType": "application/vnd.microsoft.card.adaptive",
              "contentUrl": null,
              "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "fallbackText": "{{max200(title)}}",
                "body": [
                  {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "size": "Medium", "weight": "Bolder", "text": "{{icon}} {{max300(headline)}}"}]},
                  {"type": "RichTextBlock", "spacing": "None", "inlines": [{"type": "TextRun", "isSubtle": true, "text": "{{#scope}}{{max200(scope)}}, {{/scope}}{{max200(time)}}"}]},
                  {{#facts}}
                  {"type": "RichTextBlock", "spacing": "None", "inlines": [{"type": "TextRun", "weight": "Bolder", "text": "{{name}}: "}, {"type": "TextRun", "text": "{{max300(value)}}"}]},
                  {{/facts}}
                  {{#argo_reason}}
                  {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "weight": "Bolder", "text": "{{max400(argo_reason)}}"}]},
                  {{/argo_reason}}
                  {{#metric_lines}}
                  {"type": "RichTextBlock", "spacing": "Small", "inlines": [{"type": "TextRun", "text": "{{max300(.)}}"}]},
                  {{/metric_lines}}
                  {{#attempts_line}}
                  {"type": "RichTextBlock", "spacing": "Small", "inlines": [{"type": "TextRun", "text": "{{max200(attempts_line)}}"}]},
                  {{/attempts_line}}
                  {{^metric_lines}}
                  {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "fontType": "Monospace", "size": "Small", "text": "{{max6000(text)}}"}]},
                  {{/metric_lines}}
                  {{#advice}}
                  {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "{{max400(advice)}}"}]},
                  {{/advice}}
                  {{#commands}}
                  {"type": "RichTextBlock", "spacing": "None", "inlines": [{"type": "TextRun", "fontType": "Monospace", "size": "Small", "text": "{{max300(command)}}"}]},
                  {{/commands}}
                  {"type": "RichTextBlock", "separator": true, "inlines": [{"type": "TextRun", "isSubtle": true, "size": "Small", "text": "digest {{id}}"}]}
                ],
                "actions": [
                  {{#buttons}}{"type": "Action.OpenUrl", "title": "{{max40(name)}}", "url": "{{url}}"}{{^last()}},{{/last()}}{{/buttons}}
                ]
              }
            }]
          }

        """#

    static let googleChat = #"""
        # Google Chat: a card in a space.
        #
        # In the space, add a webhook (Apps & integrations) and put its address into a file. With
        # &messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD at its end, an incident stays in one thread:
        #   receivers:
        #     - {name: chat, kind: webhook, recipe: google-chat, url_file: /run/secrets/google-chat}
        #
        # Google Chat refuses messages above 32,000 bytes, and more than one message a second in a space.
        method: POST
        headers: {Content-Type: application/json; charset=UTF-8}
        success: [200]
        retry: [408, 429, 5xx]
        max_bytes: 30KiB
        body: |
          {
            "thread": {"threadKey": "{{thread}}"},
            "fallbackText": "{{max200(title)}}",
            "cardsV2": [{
              "cardId": "{{thread}}",
              "card": {
                "header": {"title": "{{icon}} {{max150(headline)}}", "subtitle": "{{#scope}}{{max100(scope)}}, {{/scope}}{{max100(time)}}"},
                "sections": [{
                  "widgets": [
                    {{#facts}}
                    {"textParagraph": {"text": "<b>{{html(name)}}:</b> {{html(max300(value))}}"}},
                    {{/facts}}
                    {{#argo_reason}}
                    {"textParagraph": {"text": "<b>{{html(max400(argo_reason))}}</b>"}},
                    {{/argo_reason}}
                    {{#metric_lines}}
                    {"textParagraph": {"text": "{{html(max300(.))}}"}},
                    {{/metric_lines}}
                    {{^metric_lines}}
                    {"textParagraph": {"text": "{{html(max4000(text))}}"}},
                    {{/metric_lines}}
                    {{#advice}}
                    {"textParagraph": {"text": "{{html(max400(advice))}}"}},
                    {{/advice}}
                    {{#commands}}
                    {"textParagraph": {"text": "{{html(max300(command))}}"}},
                    {{/commands}}
                    {"textParagraph": {"text": "{{#attempts_line}}{{html(max200(attempts_line))}} · {{/attempts_line}}digest {{html(id)}}"}}
                  ]
                }{{#link}}, {
                  "widgets": [{"buttonList": {"buttons": [
                    {{#buttons}}{"text": "{{max40(name)}}", "onClick": {"openLink": {"url": "{{url}}"}}}{{^last()}},{{/last()}}{{/buttons}}
                  ]}}]
                }{{/link}}]
              }
            }]
          }

        """#

    static let discord = #"""
        # Discord: an embed in a channel.
        #
        # In the channel's settings, add a webhook (Integrations) and put its address into a file:
        #   receivers:
        #     - {name: discord, kind: webhook, recipe: discord, url_file: /run/secrets/discord}
        #
        # Discord answers 204. An embed has at most 256 characters of title and 4,096 of description, 6,000 in
        # all. Nobody is mentioned.
        method: POST
        headers: {Content-Type: application/json}
        success: [200, 204]
        retry: [408, 429, 5xx]
        body: |
          {
            "username": "Bellwether",
            "allowed_mentions": {"parse": []},
            "embeds": [{
              "title": "{{icon}} {{max240(headline)}}",
              {{#link}}"url": "{{link}}",{{/link}}
              "color": {{color_number}},
              "description": "```\n{{code(max3600(text))}}\n```",
              "timestamp": {{composed}},
              "footer": {"text": "digest {{max100(id)}}"}
            }]
          }

        """#

    static let mattermost = #"""
        # Mattermost: a message with a colour bar.
        #
        # Add an incoming webhook (Integrations) and put its address into a file:
        #   receivers:
        #     - {name: mattermost, kind: webhook, recipe: mattermost, url_file: /run/secrets/mattermost}
        #
        # A post of Mattermost has at most 16,383 characters. Nobody is mentioned.
        method: POST
        headers: {Content-Type: application/json}
        success: [200]
        retry: [408, 429, 5xx]
        body: |
          {
            "username": "bellwether",
            "text": "",
            "attachments": [{
              "fallback": "{{slack(max300(title))}}",
              "color": "{{color}}",
              "title": "{{icon}} {{slack(max300(headline))}}",
              {{#link}}"title_link": "{{link}}",{{/link}}
              "text": "```text\n{{code(max12000(text))}}\n```",
              "footer": "digest {{max100(id)}}"
            }]
          }

        """#

    static let telegram = #"""
        # Telegram: a message of a bot.
        #
        # Put the address with the bot's token, https://api.telegram.org/botTOKEN/sendMessage, into a file, and
        # name the chat; the bot must be a member of it:
        #   receivers:
        #     - name: telegram
        #       kind: webhook
        #       recipe: telegram
        #       url_file: /run/secrets/telegram
        #       variables: {chat_id: "-1001234567890"}
        #
        # A message has at most 4,096 characters after its markup is read.
        method: POST
        headers: {Content-Type: application/json}
        success: [200]
        retry: [408, 429, 5xx]
        body: |
          {
            "chat_id": "{{var.chat_id}}",
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": true},
            "text": "{{icon}} <b>{{html(max300(headline))}}</b>\n{{#argo_reason}}{{html(max300(argo_reason))}}\n{{/argo_reason}}<pre>{{html(max3000(text))}}</pre>{{#link}}\n<a href=\"{{html(link)}}\">Open</a>{{/link}}"
          }

        """#
}

/// The ready-made requests of webhook receivers, byte for byte the files in `templates/webhooks/`.
///
/// A recipe has the keys of a receiver; those that the receiver gives replace the recipe's. A test
/// compares them with the files, and writes the files with `BELLWETHER_RECORD_GOLDEN=1`.
enum WebhookRecipes {
    static let sources: [String: String] = [
        "teams": teams,
        "google-chat": googleChat,
        "discord": discord,
        "mattermost": mattermost,
        "telegram": telegram,
        "pagerduty": pagerduty,
        "opsgenie": opsgenie,
        "ntfy": ntfy,
        "alertmanager": alertmanager,
        "cloudevents": cloudevents,
        "github-issue": githubIssue,
        "gitlab-issue": gitlabIssue,
    ]

    static var names: [String] { sources.keys.sorted() }
}
