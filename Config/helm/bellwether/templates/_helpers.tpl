{{/* The name of a node's objects. Takes a list of the root and the node's name. */}}
{{- define "bellwether.name" -}}
{{- printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "bellwether.selector" -}}
app.kubernetes.io/name: bellwether
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bellwether.labels" -}}
{{ include "bellwether.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The nodes by name, as YAML. */}}
{{- define "bellwether.nodes" -}}
{{- toYaml (.Values.nodes | default (dict "main" dict)) -}}
{{- end -}}

{{/* gateway or notifier; gateway for a node with both roles. Takes a node's bellwether.yaml. */}}
{{- define "bellwether.component" -}}
{{- $roles := (fromYaml .).roles | default (list "gateway" "notifier") -}}
{{- if has "gateway" $roles }}gateway{{ else }}notifier{{ end -}}
{{- end -}}

{{/* A node's bellwether.yaml. Takes a list of the root and the node. */}}
{{- define "bellwether.config" -}}
{{- $own := dict "node" "${env:POD_NAME}" "data_dir" "/var/lib/bellwether" -}}
{{- $tls := dict "certificate" "/run/bellwether/tls/tls.crt" "key" "/run/bellwether/tls/tls.key" -}}
{{- $_ := set $own "listen" (dict "address" ":8443" "tls" $tls) -}}
{{- $_ := set $own "telemetry" (dict "log_format" "json") -}}
{{- $all := deepCopy ((index . 0).Values.config | default dict) -}}
{{- toYaml (mergeOverwrite $own $all (deepCopy ((index . 1).config | default dict))) -}}
{{- end -}}
