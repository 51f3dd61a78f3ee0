{{- define "dossier.backup.container" -}}
image: {{ include "dossier.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toJson .args }}
resources:
  {{- toYaml .root.Values.backup.resources | nindent 2 }}
securityContext:
  {{- include "dossier.containerSecurity" .root | nindent 2 }}
{{- end -}}

{{- /* Without a store of its own: it reads the folder alone. */ -}}
{{- define "dossier.backup.alone" -}}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef: { fieldPath: metadata.name }
volumeMounts:
{{- end -}}

{{- define "dossier.backup.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .Values.backup.storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests: { storage: {{ .Values.backup.size }} }
{{- end -}}

{{- /* A volume for as long as the pod is there. */ -}}
{{- define "dossier.backup.kept" -}}
ephemeral:
  volumeClaimTemplate:
    spec:
      {{- include "dossier.backup.claim" . | nindent 6 }}
{{- end -}}
