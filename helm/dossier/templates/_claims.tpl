{{- /* What a claim of the chart's own asks for: `name`, `modes`, `class`, `size`, and `value`, which says what sets the size. One that
is there keeps its class and modes, which cannot be taken from it, and does not shrink. It grows only where its class can grow
volumes: otherwise the cluster refuses the claim in the middle of an upgrade, so the upgrade ends here, before anything is changed. */ -}}
{{- define "dossier.claim" -}}
{{- $modes := .modes -}}
{{- $class := .class -}}
{{- $size := .size -}}
{{- $live := lookup "v1" "PersistentVolumeClaim" .root.Release.Namespace .name -}}
{{- if $live -}}
{{- $modes = $live.spec.accessModes -}}
{{- $class = default "" $live.spec.storageClassName -}}
{{- $has := $live.spec.resources.requests.storage -}}
{{- $known := include "dossier.mebibytes" $has -}}
{{- $asked := include "dossier.mebibytes" $size -}}
{{- if or (not $known) (not $asked) (ge ($known | int64) ($asked | int64)) -}}
{{- $size = $has -}}
{{- else -}}
{{- $of := dict -}}
{{- with $class }}{{ $of = lookup "storage.k8s.io/v1" "StorageClass" "" . | default dict }}{{ end -}}
{{- if not (dig "allowVolumeExpansion" false $of) -}}
{{- fail (printf "%s: the claim %s has %s, the values say %s, and its storage class %q does not grow volumes (allowVolumeExpansion is not true). Nothing has been changed. Set %s=%s; or let the class grow volumes if its driver can; or move to a larger claim: docs/operating.md, \"A claim that cannot grow\"" .value .name $has .size $class .value $has) -}}
{{- end -}}
{{- end -}}
{{- end -}}
accessModes: [{{ join ", " $modes }}]
{{- with $class }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests: { storage: {{ $size | quote }} }
{{- end -}}
