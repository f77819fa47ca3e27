{{/* Name of the release's objects: at most 52 characters, because pods and their Services add a number. */}}
{{- define "ledgerline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ledgerline.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ledgerline.labels" -}}
{{ include "ledgerline.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "ledgerline.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The name of the HTTP port, which is also its scheme. */}}
{{- define "ledgerline.scheme" -}}
{{- ternary "https" "http" (ne .Values.tls.existingSecret "") -}}
{{- end -}}

{{/* True if SIP and audio leave the pod. */}}
{{- define "ledgerline.publishesCalls" -}}
{{- if ne .Values.telephony.mode "none" }}true{{ end -}}
{{- end -}}

{{/* A volume with keys of a Secret, readable by the server's group only. Arguments: `secret`, `keys`. */}}
{{- define "ledgerline.secretVolume" -}}
secret:
  secretName: {{ .secret }}
  defaultMode: 0440
  items:
    {{- range .keys }}
    - key: {{ . }}
      path: {{ . }}
    {{- end }}
{{- end -}}
