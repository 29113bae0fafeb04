extension WebhookRecipes {
    static let pagerduty = #"""
        # PagerDuty, Events API v2: one alert for each incident, resolved at its end.
        #
        # Add the integration "Events API v2" to a service and put its key into a file:
        #   receivers:
        #     - name: pagerduty
        #       kind: webhook
        #       recipe: pagerduty
        #       variables: {routing_key_file: /run/secrets/pagerduty}
        #
        # Limits: 512 KB, 1,024 characters of summary. For the EU region, add
        #   url: https://events.eu.pagerduty.com/v2/enqueue
        url: https://events.pagerduty.com/v2/enqueue
        method: POST
        headers: {Content-Type: application/json}
        success: [202]
        retry: [408, 429, 5xx]
        max_bytes: 500KiB
        body: |
          {
            "routing_key": "{{var.routing_key}}",
            "event_action": "{{#is_over}}resolve{{/is_over}}{{^is_over}}trigger{{/is_over}}",
            "dedup_key": "{{max255(alert)}}",
            "client": "Bellwether",
            {{#link}}"client_url": "{{link}}",{{/link}}
            "links": [
              {{#links}}{"href": "{{url}}", "text": "{{max100(name)}}"}{{^last()}},{{/last()}}{{/links}}
            ],
            "payload": {
              "summary": "{{max1000(summary)}}",
              "source": "{{#group.rollout}}{{#group.namespace}}{{.}}/{{/group.namespace}}{{.}}{{/group.rollout}}{{^group.rollout}}bellwether{{/group.rollout}}",
              "severity": "{{severity}}",
              "timestamp": "{{composed}}",
              "component": "{{max200(name)}}",
              "group": "{{#group.namespace}}{{.}}{{/group.namespace}}{{^group.namespace}}default{{/group.namespace}}",
              "class": "{{state}}",
              "custom_details": {
                "attempts": {{attempts_line}},
                "advice": {{advice}},
                "argo_reason": {{argo_reason}},
                "metrics": {{metric_lines}},
                "facts": {{facts}},
                "commands": {{commands}},
                "text": "{{max8000(text)}}",
                "digest": "{{id}}"
              }
            }
          }

        """#

    static let opsgenie = #"""
        # Opsgenie: one alert for each incident, closed at its end.
        #
        # Add an API integration and put its key into a file:
        #   receivers:
        #     - name: opsgenie
        #       kind: webhook
        #       recipe: opsgenie
        #       variables: {api_key_file: /run/secrets/opsgenie}
        #
        # Limits: 130 characters of message, 512 of alias, 15,000 of description, 25,000 of a note. For the EU
        # region, add the address below with api.eu.opsgenie.com.
        url: "https://api.opsgenie.com/v2/alerts{{#is_over}}/{{alert}}/close?identifierType=alias{{/is_over}}"
        method: POST
        headers:
          Content-Type: application/json
          Authorization: "GenieKey {{var.api_key}}"
        success: [202]
        retry: [408, 429, 5xx]
        body: |
          {
            "source": "bellwether",
            {{#is_over}}
            "note": "{{max20000(text)}}"
            {{/is_over}}
            {{^is_over}}
            "message": "{{max130(title)}}",
            "alias": "{{max512(alert)}}",
            "description": "{{max14000(text)}}",
            "priority": "{{#rehearsal}}P5{{/rehearsal}}{{^rehearsal}}{{#is_critical}}P2{{/is_critical}}{{^is_critical}}P3{{/is_critical}}{{/rehearsal}}",
            "tags": ["bellwether", "{{max50(state)}}"],
            "entity": "{{max512(name)}}",
            "details": {
              "digest": "{{id}}",
              "state": "{{state}}",
              "link": "{{max1000(link)}}"
            }
            {{/is_over}}
          }

        """#

    static let ntfy = #"""
        # ntfy: a notification on phones.
        #
        #   receivers:
        #     - {name: ntfy, kind: webhook, recipe: ntfy, variables: {topic_file: /run/secrets/ntfy-topic}}
        #
        # For a server of your own add url: https://ntfy.example/. For a topic with access control add
        #   headers: {Content-Type: application/json, Authorization: "Bearer ${env:NTFY_TOKEN}"}
        #
        # A message has at most 4,096 bytes; a longer one would become a file.
        url: https://ntfy.sh/
        method: POST
        headers: {Content-Type: application/json}
        success: [200]
        retry: [408, 429, 5xx]
        body: |
          {
            "topic": "{{var.topic}}",
            "title": "{{bytes250(title)}}",
            "message": "{{#metric_lines}}{{max300(.)}}\n{{/metric_lines}}{{^metric_lines}}{{bytes2000(text)}}{{/metric_lines}}{{#advice}}{{max300(advice)}}{{/advice}}",
            "priority": {{#is_over}}3{{/is_over}}{{^is_over}}{{#is_critical}}5{{/is_critical}}{{^is_critical}}3{{/is_critical}}{{/is_over}},
            "tags": ["{{state}}"]{{#link}},
            "click": "{{link}}"{{/link}}
          }
        max_bytes: 4000

        """#

    static let alertmanager = #"""
        # Alertmanager, API v2: an alert for each incident, which ends with it.
        #
        #   receivers:
        #     - {name: alertmanager, kind: webhook, recipe: alertmanager, url: "http://alertmanager:9093/api/v2/alerts"}
        #
        # The alert's end is ten minutes after the next digest is due, so that it does not end in between.
        method: POST
        headers: {Content-Type: application/json}
        success: [200]
        retry: [408, 429, 5xx]
        body: |
          [{
            "labels": {
              "alertname": "BellwetherCanary",
              "incident": "{{thread}}"{{#group.namespace}},
              "namespace": "{{max250(.)}}"{{/group.namespace}}{{#group.rollout}},
              "rollout": "{{max250(.)}}"{{/group.rollout}}{{#group.revision}},
              "revision": "{{max250(.)}}"{{/group.revision}}
            },
            "annotations": {
              "summary": "{{max1000(summary)}}",
              "description": "{{max8000(text)}}",
              "state": "{{state}}",
              "severity": "{{severity}}",
              "digest": "{{id}}"
            },
            "startsAt": "{{incident_start}}"{{#expires}},
            "endsAt": "{{expires}}"{{/expires}}{{#link}},
            "generatorURL": "{{link}}"{{/link}}
          }]

        """#

    static let cloudevents = #"""
        # CloudEvents 1.0 in the structured mode: the whole digest, for event buses (Knative, EventBridge, …).
        #
        #   receivers:
        #     - {name: bus, kind: webhook, recipe: cloudevents, url: "https://broker.example/default"}
        method: POST
        headers: {Content-Type: application/cloudevents+json; charset=UTF-8}
        success: [2xx]
        retry: [408, 425, 429, 5xx]
        body: |
          {
            "specversion": "1.0",
            "id": "{{id}}",
            "source": "bellwether/{{receiver}}",
            "type": "bellwether.digest.{{kind}}",
            "subject": "{{thread}}",
            "time": "{{composed}}",
            "datacontenttype": "application/json",
            "data": {{digest}}
          }

        """#
}
