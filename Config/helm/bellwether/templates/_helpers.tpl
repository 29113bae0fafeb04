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

{{/* The headless Service that names the pods of a pair. Takes a list of the root and the node's name. */}}
{{- define "bellwether.pods" -}}
{{- printf "%s-pods" (include "bellwether.name" .) -}}
{{- end -}}

{{/* A node's bellwether.yaml. Takes a list of the root, the node's name and the node. */}}
{{- define "bellwether.config" -}}
{{- $root := index . 0 -}}
{{- $node := index . 2 -}}
{{- $own := dict "node" "${env:POD_NAME}" "data_dir" "/var/lib/bellwether" -}}
{{- if $node.pair -}}
{{- $_ := set $own "node" (include "bellwether.name" (list $root (index . 1))) -}}
{{- $host := printf "${env:POD_NAME}.%s.%s.svc" (include "bellwether.pods" (list $root (index . 1))) $root.Release.Namespace -}}
{{- $_ := set $own "ha" (dict "advertise" (printf "https://%s:8443" $host) "ca_file" "/run/bellwether/tls/ca.crt") -}}
{{- end -}}
{{- $tls := dict "certificate" "/run/bellwether/tls/tls.crt" "key" "/run/bellwether/tls/tls.key" -}}
{{- $_ := set $own "listen" (dict "address" ":8443" "tls" $tls) -}}
{{- $_ := set $own "telemetry" (dict "log_format" "json") -}}
{{- $all := deepCopy ($root.Values.config | default dict) -}}
{{- toYaml (mergeOverwrite $own $all (deepCopy ($node.config | default dict))) -}}
{{- end -}}
