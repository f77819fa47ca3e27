{{/*
Refuses values that each fit values.schema.json and contradict one another, with what to do. Every template of a
release is rendered, so one call is enough.
*/}}
{{- define "ledgerline.refuse" -}}
{{- include "ledgerline.refuse.servers" . -}}
{{- include "ledgerline.refuse.http" . -}}
{{- include "ledgerline.refuse.telephony" . -}}
{{- include "ledgerline.refuse.names" . -}}
{{- end -}}

{{- define "ledgerline.refuse.servers" -}}
{{- if not .Values.keys.masterKeySecret -}}
{{- fail "keys.masterKeySecret is missing: name a Secret with the master key, 64 hexadecimal digits" -}}
{{- end -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- if not .Values.store.existingSecret -}}
{{- fail (printf "replicas is %d and store.existingSecret is missing: the embedded log serves one server" (int .Values.replicas)) -}}
{{- end -}}
{{- if not .Values.keys.existingSecret -}}
{{- fail (printf "replicas is %d and keys.existingSecret is missing: servers of one log share their keys in a database" (int .Values.replicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ledgerline.refuse.http" -}}
{{- $ingress := .Values.ingress -}}
{{- if and (eq .Values.service.type "LoadBalancer") (not .Values.tls.existingSecret) -}}
{{- fail "service.type LoadBalancer needs tls.existingSecret: passwords would be sent unencrypted" -}}
{{- end -}}
{{- if and (eq .Values.telephony.mode "hostNetwork") (not .Values.tls.existingSecret) -}}
{{- fail "telephony.mode hostNetwork needs tls.existingSecret: HTTP is open on the node, and passwords would be sent unencrypted" -}}
{{- end -}}
{{- if $ingress.enabled -}}
{{- if not $ingress.host -}}
{{- fail "ingress.host is missing" -}}
{{- end -}}
{{- if not $ingress.tls.existingSecret -}}
{{- fail "ingress.tls.existingSecret is missing: browsers sign in over TLS only" -}}
{{- end -}}
{{- if not $ingress.trustedProxies -}}
{{- fail "ingress.trustedProxies is missing: name the networks of the ingress controller's pods, so that limits apply to clients" -}}
{{- end -}}
{{- if .Values.publicUrl -}}
{{- fail (printf "publicUrl %s contradicts ingress.host %s; leave it empty" .Values.publicUrl $ingress.host) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.serviceMonitor.existingSecret) -}}
{{- fail "serviceMonitor.existingSecret is missing: /metrics needs an API key of scope metrics:read" -}}
{{- end -}}
{{- end -}}

{{- define "ledgerline.refuse.telephony" -}}
{{- $telephony := .Values.telephony -}}
{{- $replicas := int .Values.replicas -}}
{{- $pods := len $telephony.pods -}}
{{- $first := int $telephony.rtpPorts.first -}}
{{- $last := int $telephony.rtpPorts.last -}}
{{- $sip := int $telephony.sipPort -}}
{{- if le $last $first -}}
{{- fail (printf "telephony.rtpPorts.last %d must be greater than telephony.rtpPorts.first %d" $last $first) -}}
{{- end -}}
{{- if and (ge $sip $first) (le $sip $last) -}}
{{- fail (printf "telephony.sipPort %d must not be one of telephony.rtpPorts %d to %d" $sip $first $last) -}}
{{- end -}}
{{- if and $pods (ne $pods $replicas) -}}
{{- fail (printf "telephony.pods has %d entries for %d replicas; give one for each, in order" $pods $replicas) -}}
{{- end -}}
{{- if eq $telephony.mode "udpRange" -}}
{{- if not $pods -}}
{{- fail "telephony.mode udpRange needs an entry of telephony.pods for each replica: the address that carriers reach the pod at" -}}
{{- end -}}
{{- if gt (sub $last $first) 499 -}}
{{- fail (printf "telephony.mode udpRange publishes at most 500 ports for each pod, not %d; use hostNetwork for more" (add1 (sub $last $first))) -}}
{{- end -}}
{{- if and (eq $telephony.service.type "NodePort") (or (lt $sip 30000) (lt $first 30000)) -}}
{{- fail (printf "telephony.service.type NodePort needs ports from 30000 on, not telephony.sipPort %d and telephony.rtpPorts from %d" $sip $first) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.trunks .Values.networkPolicy.enabled (ne $telephony.mode "hostNetwork") (not $telephony.peers) -}}
{{- fail "telephony.peers is missing: the NetworkPolicy would drop the packets of the trunks" -}}
{{- end -}}
{{- end -}}

{{- define "ledgerline.refuse.names" -}}
{{- $names := list -}}
{{- range .Values.trunks -}}
{{- if has .name $names -}}
{{- fail (printf "two trunks have the name %s" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $variables := list -}}
{{- range .Values.secretEnv -}}
{{- if has .name $variables -}}
{{- fail (printf "secretEnv has %s twice" .name) -}}
{{- end -}}
{{- $variables = append $variables .name -}}
{{- end -}}
{{- end -}}
