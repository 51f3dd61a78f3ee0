{{- /* A label that `commonLabels` repeats keeps the value it has here. */ -}}
{{- define "dossier.labels" -}}
{{- $labels := dict
    "app.kubernetes.io/name" "dossier"
    "app.kubernetes.io/instance" .root.Release.Name
    "app.kubernetes.io/version" .root.Chart.AppVersion
    "app.kubernetes.io/managed-by" .root.Release.Service
    "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version) -}}
{{- with .service }}{{- $_ := set $labels "app.kubernetes.io/component" . }}{{- end -}}
{{- toYaml (merge $labels (default dict .extra) .root.Values.commonLabels) -}}
{{- end -}}

{{- define "dossier.selector" -}}
app.kubernetes.io/name: dossier
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .service }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "dossier.name" -}}
{{ printf "%s-%s" .root.Release.Name .service }}
{{- end -}}

{{- define "dossier.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "dossier.documents" -}}
{{ .Values.documents.existingClaim | default (printf "%s-documents" .Release.Name) }}
{{- end -}}

{{- /* Whether all pods that use the documents' volume must be on one node. */ -}}
{{- define "dossier.oneNode" -}}
{{- if and (not .Values.documents.bucket) (not (has "ReadWriteMany" .Values.documents.accessModes)) -}}yes{{- end -}}
{{- end -}}

{{- /* `auto`: where the cluster knows the kind. */ -}}
{{- define "dossier.wanted" -}}
{{- if eq (toString .wanted) "auto" -}}
{{- $known := true -}}
{{- range .kinds }}{{- if not ($.root.Capabilities.APIVersions.Has .) }}{{- $known = false }}{{- end }}{{- end -}}
{{- if $known -}}yes{{- end -}}
{{- else if eq (toString .wanted) "true" -}}yes{{- end -}}
{{- end -}}

{{- define "dossier.route" -}}
{{- $kind := ternary "networking.k8s.io/v1/Ingress" "gateway.networking.k8s.io/v1/HTTPRoute" (eq .Values.route.kind "Ingress") -}}
{{- include "dossier.wanted" (dict "root" . "wanted" .Values.route.enabled "kinds" (list $kind)) -}}
{{- end -}}

{{- define "dossier.monitoring" -}}
{{- $kinds := list "monitoring.coreos.com/v1/ServiceMonitor" "monitoring.coreos.com/v1/PrometheusRule" -}}
{{- include "dossier.wanted" (dict "root" . "wanted" .Values.monitoring.enabled "kinds" $kinds) -}}
{{- end -}}

{{- /* How many replicas a manifest asks for. While somebody else scales, it is what runs: without the field a cluster falls back to
one, and with another number it would be set back at every upgrade. */ -}}
{{- define "dossier.replicas" -}}
{{- $replicas := int .its.replicas -}}
{{- if .its.autoscale.enabled -}}
{{- $live := lookup "apps/v1" .kind .root.Release.Namespace (include "dossier.name" .) -}}
{{- if $live -}}
{{- $replicas = min (int .its.autoscale.max) (max $replicas (int (dig "spec" "replicas" 1 $live))) -}}
{{- end -}}
{{- end -}}
{{- $replicas -}}
{{- end -}}

{{- /* 10Gi is 10240, and so is what a cluster makes of other spellings; nothing of what has no such unit. */ -}}
{{- define "dossier.mebibytes" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexReplaceAll "^[0-9]+" . "" -}}
{{- if eq $unit "Pi" -}}{{ mul $number 1073741824 }}
{{- else if eq $unit "Ti" -}}{{ mul $number 1048576 }}
{{- else if eq $unit "Gi" -}}{{ mul $number 1024 }}
{{- else if eq $unit "Mi" -}}{{ $number }}
{{- else if eq $unit "Ki" -}}{{ div $number 1024 }}
{{- else if eq $unit "" -}}{{ div $number 1048576 }}
{{- else if eq $unit "k" -}}{{ div (mul $number 1000) 1048576 }}
{{- else if eq $unit "M" -}}{{ div (mul $number 1000000) 1048576 }}
{{- else if eq $unit "G" -}}{{ div (mul $number 1000000000) 1048576 }}
{{- else if eq $unit "T" -}}{{ div (mul $number 1000000000000) 1048576 }}
{{- end -}}
{{- end -}}

{{- define "dossier.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "dossier.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
