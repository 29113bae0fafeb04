extension WebhookRecipes {
    static let githubIssue = #"""
        # GitHub: an issue for each incident; later digests are comments, the end closes it.
        #
        # Needs a fine-grained token with read and write access to the repository's issues:
        #   receivers:
        #     - name: issues
        #       kind: webhook
        #       recipe: github-issue
        #       variables: {repository: payments-api, owner: example, token_file: /run/secrets/github}
        #
        # Limits: 256 characters of title, 65,536 of body. 403 is retried: GitHub uses it to slow clients down.
        url: "https://api.github.com/repos/{{var.owner}}/{{var.repository}}/issues{{#mark}}/{{.}}{{^is_over}}/comments{{/is_over}}{{/mark}}"
        method: "{{#mark}}{{#is_over}}PATCH{{/is_over}}{{^is_over}}POST{{/is_over}}{{/mark}}{{^mark}}POST{{/mark}}"
        headers:
          Content-Type: application/json
          Accept: application/vnd.github+json
          X-GitHub-Api-Version: "2022-11-28"
          Authorization: "Bearer {{var.token}}"
        success: [200, 201]
        retry: [403, 408, 429, 5xx]
        remember: /number
        body: |
          {
            {{#mark}}
            {{#is_over}}
            "title": "{{max250(title)}}", "state": "closed", "state_reason": "completed"
            {{/is_over}}
            {{^is_over}}
            "body": "**{{markdown(max250(title))}}**\n\n```text\n{{code(max60000(text))}}\n```\n"
            {{/is_over}}
            {{/mark}}
            {{^mark}}
            "title": "{{max250(title)}}",
            "body": "```text\n{{code(max60000(text))}}\n```\n",
            "labels": ["bellwether"]
            {{/mark}}
          }

        """#

    static let gitlabIssue = #"""
        # GitLab: an issue for each incident; later digests are comments, the end closes it.
        #
        # Needs a project access token with the scope api. project is the id, or the path group/project:
        #   receivers:
        #     - name: issues
        #       kind: webhook
        #       recipe: gitlab-issue
        #       variables: {project: example/payments-api, token_file: /run/secrets/gitlab}
        #
        # For a server of your own add the address below with its host. Limits: 255 characters of title,
        # 1,048,576 of description.
        url: "https://gitlab.com/api/v4/projects/{{var.project}}/issues{{#mark}}/{{.}}{{^is_over}}/notes{{/is_over}}{{/mark}}"
        method: "{{#mark}}{{#is_over}}PUT{{/is_over}}{{^is_over}}POST{{/is_over}}{{/mark}}{{^mark}}POST{{/mark}}"
        headers:
          Content-Type: application/json
          PRIVATE-TOKEN: "{{var.token}}"
        success: [200, 201]
        retry: [408, 429, 5xx]
        remember: /iid
        body: |
          {
            {{#mark}}
            {{#is_over}}
            "title": "{{max250(title)}}", "state_event": "close"
            {{/is_over}}
            {{^is_over}}
            "body": "**{{markdown(max250(title))}}**\n\n```text\n{{code(max100000(text))}}\n```\n"
            {{/is_over}}
            {{/mark}}
            {{^mark}}
            "title": "{{max250(title)}}",
            "description": "```text\n{{code(max100000(text))}}\n```\n",
            "labels": "bellwether"
            {{/mark}}
          }

        """#
}
