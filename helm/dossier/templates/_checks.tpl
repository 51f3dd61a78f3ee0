{{- /* What the schema of values cannot see. */ -}}
{{- define "dossier.checks" -}}
{{- if gt (len .Release.Name) 36 -}}
{{- fail (printf "the release's name %q has %d characters; 36 are the most, or labels of result-delivery's pods grow too long and they are never made" .Release.Name (len .Release.Name)) -}}
{{- end -}}
{{- range $service, $its := .Values.services -}}
{{- if not $.Values.bus.enabled -}}
{{- if gt (int $its.replicas) 1 -}}
{{- fail (printf "services.%s.replicas: without a bus a service runs once" $service) -}}
{{- end -}}
{{- if $its.autoscale.enabled -}}
{{- fail (printf "services.%s.autoscale.enabled: without a bus a service runs once" $service) -}}
{{- end -}}
{{- end -}}
{{- if and $its.autoscale.enabled (lt (int $its.autoscale.max) (int $its.replicas)) -}}
{{- fail (printf "services.%s.autoscale.max: %d is less than replicas (%d)" $service (int $its.autoscale.max) (int $its.replicas)) -}}
{{- end -}}
{{- if $its.views.persistent -}}
{{- include "dossier.checks.views" (dict "root" $ "service" $service "its" $its) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.bus.enabled .Values.bus.authoritySecret (not .Values.bus.existingSecret) -}}
{{- range splitList "," .Values.bus.servers -}}
{{- if not (hasPrefix "tls://" (trim .)) -}}
{{- fail (printf "bus.servers: %s is spoken to in plain text, but bus.authoritySecret names an authority: write tls://" (trim .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (include "dossier.route" .) (not .Values.route.trustedProxies) -}}
{{- fail "route.trustedProxies: the gateway's addresses; without them all users share the limits of one client" -}}
{{- end -}}
{{- end -}}

{{- /* A StatefulSet's claims cannot be changed: the cluster would refuse the upgrade and say nothing of how to go on. */ -}}
{{- define "dossier.checks.views" -}}
{{- $name := include "dossier.name" . -}}
{{- $live := lookup "apps/v1" "StatefulSet" .root.Release.Namespace $name -}}
{{- if $live -}}
{{- $claim := (first $live.spec.volumeClaimTemplates).spec -}}
{{- $size := $claim.resources.requests.storage -}}
{{- $class := default "" $claim.storageClassName -}}
{{- /* As text they differ where the cluster wrote 1Gi for 1024Mi. */ -}}
{{- $same := or (eq $size .its.views.size) (eq (include "dossier.mebibytes" $size) (include "dossier.mebibytes" .its.views.size)) -}}
{{- if or (not $same) (ne $class .root.Values.storageClass) -}}
{{- $of := .root.Release.Namespace -}}
{{- fail (printf "services.%s.views: the volumes that run have %s of class %q, and the values say %s of class %q. A StatefulSet's claims cannot be changed in place, so first let it go without its pods: kubectl -n %s delete statefulset %s --cascade=orphan; then run this upgrade again, which takes the pods over; then enlarge each claim (kubectl -n %s patch pvc views-%s-0 -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"%s\"}}}}'), or, where the class cannot grow one, delete claim and pod one after another: docs/operating.md, \"Larger read models\"" .service $size $class .its.views.size .root.Values.storageClass $of $name $of $name .its.views.size) -}}
{{- end -}}
{{- end -}}
{{- end -}}
