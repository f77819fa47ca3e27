{{/*
ledgerline.toml of one pod. The chart's own keys are named here only; a test compares them, and the keys that
values.schema.json allows under `config`, with `ledgerline config schema`.
*/}}

{{/* Folder in the container with one folder for each mounted Secret. */}}
{{- define "ledgerline.secretsFolder" -}}/run/secrets/ledgerline{{- end -}}

{{/* Arguments: `root` (the chart's context) and `pod` (its number). */}}
{{- define "ledgerline.config" -}}
{{- $values := .root.Values -}}
{{- $secrets := include "ledgerline.secretsFolder" .root -}}
{{- $own := dict "data" "/data" "drain" (printf "%ds" (int $values.drainSeconds)) -}}
{{- $http := dict "listen" "0.0.0.0:8080" -}}
{{- if $values.tls.existingSecret -}}
{{- $_ := set $http "tls_cert" (printf "%s/tls/tls.crt" $secrets) -}}
{{- $_ := set $http "tls_key" (printf "%s/tls/tls.key" $secrets) -}}
{{- end -}}
{{- if $values.ingress.enabled -}}
{{- $_ := set $http "trusted_proxies" $values.ingress.trustedProxies -}}
{{- $_ := set $own "public_url" (printf "https://%s" $values.ingress.host) -}}
{{- else if $values.publicUrl -}}
{{- $_ := set $own "public_url" $values.publicUrl -}}
{{- end -}}
{{- $_ := set $own "http" $http -}}
{{- $keys := dict "master_key_file" (printf "%s/master-key/%s" $secrets $values.keys.masterKey) -}}
{{- if $values.keys.existingSecret -}}
{{- $_ := set $keys "location_file" (printf "%s/keys/%s" $secrets $values.keys.key) -}}
{{- end -}}
{{- $_ := set $own "keys" $keys -}}
{{- if $values.store.existingSecret -}}
{{- $_ := set $own "store" (dict "url_file" (printf "%s/store/%s" $secrets $values.store.key)) -}}
{{- end -}}
{{- if $values.readDb.existingSecret -}}
{{- $_ := set $own "read_db" (dict "url_file" (printf "%s/read-db/%s" $secrets $values.readDb.key)) -}}
{{- end -}}
{{- $telephony := $values.telephony -}}
{{- $sip := dict "listen" (printf "0.0.0.0:%d" (int $telephony.sipPort)) -}}
{{- $rtp := dict "ports" (printf "%d-%d" (int $telephony.rtpPorts.first) (int $telephony.rtpPorts.last)) -}}
{{- if lt (int .pod) (len $telephony.pods) -}}
{{- $advertised := (index $telephony.pods (int .pod)).advertised -}}
{{- $_ := set $sip "advertised" $advertised -}}
{{- $_ := set $rtp "advertised" $advertised -}}
{{- end -}}
{{- $_ := set $own "sip" $sip -}}
{{- $_ := set $own "rtp" $rtp -}}
{{- $trunks := list -}}
{{- range $values.trunks -}}
{{- $trunk := omit . "passwordSecret" -}}
{{- if .passwordSecret -}}
{{- $_ := set $trunk "password_file" (printf "%s/trunks/%s/%s" $secrets .name .passwordSecret.key) -}}
{{- end -}}
{{- $trunks = append $trunks $trunk -}}
{{- end -}}
{{- if $trunks -}}
{{- $_ := set $own "trunk" $trunks -}}
{{- end -}}
{{- include "ledgerline.toml.table" (dict "table" (mergeOverwrite (deepCopy $values.config) $own) "path" "") -}}
{{- end -}}

{{/* A TOML table: its values first, then its tables. `toToml` of Helm would print whole numbers as 1.0. */}}
{{- define "ledgerline.toml.table" -}}
{{- $path := .path -}}
{{- range $key, $value := .table -}}
{{- if not (or (kindIs "map" $value) (eq "true" (include "ledgerline.toml.isTables" $value))) }}
{{ $key }} = {{ include "ledgerline.toml.value" $value }}
{{- end -}}
{{- end -}}
{{- range $key, $value := .table -}}
{{- $inner := ternary $key (printf "%s.%s" $path $key) (eq $path "") -}}
{{- if kindIs "map" $value }}

[{{ $inner }}]
{{- include "ledgerline.toml.table" (dict "table" $value "path" $inner) -}}
{{- else if eq "true" (include "ledgerline.toml.isTables" $value) -}}
{{- range $value }}

[[{{ $inner }}]]
{{- include "ledgerline.toml.table" (dict "table" . "path" $inner) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" for a list of tables. */}}
{{- define "ledgerline.toml.isTables" -}}
{{- if and (kindIs "slice" .) . }}{{ kindIs "map" (first .) }}{{ end -}}
{{- end -}}

{{/* A TOML value. A JSON string is a TOML string; the schema refuses the one character that differs (U+007F). */}}
{{- define "ledgerline.toml.value" -}}
{{- if kindIs "slice" . -}}
[{{ range $index, $item := . }}{{ if $index }}, {{ end }}{{ include "ledgerline.toml.value" $item }}{{ end }}]
{{- else if kindIs "float64" . -}}
{{- int64 . -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}
