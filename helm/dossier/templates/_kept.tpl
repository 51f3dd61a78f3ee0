{{- /* Where all is that must be kept: the log, the documents, the key of digests. For whoever serves it, and whoever backs it up. */ -}}
{{- define "dossier.keptEnv" -}}
- { name: DOSSIER_DATA, value: /var/lib/dossier }
- { name: DOSSIER_DIGEST_KEY, value: /etc/dossier/digest/digest-key }
- name: DOSSIER_STORE
  valueFrom:
    secretKeyRef: { name: {{ $.Values.store.existingSecret }}, key: {{ $.Values.store.key }} }
{{- with $.Values.documents }}
{{- if .bucket }}
- { name: DOSSIER_DOCUMENTS, value: {{ .bucket | quote }} }
- { name: AWS_REGION, value: {{ .region | quote }} }
{{- with .endpoint }}
- { name: AWS_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- if .authoritySecret }}
# For the object store alone: the other connections have authorities of their own.
- { name: AWS_CA_BUNDLE, value: /etc/dossier/documents-authority/ca.crt }
{{- end }}
{{- $secret := required "documents.existingSecret: the bucket's credentials" .existingSecret }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: {{ . }} }
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "dossier.keptMounts" -}}
- { name: digest-key, mountPath: /etc/dossier/digest, readOnly: true }
{{- if $.Values.documents.authoritySecret }}
- { name: documents-authority, mountPath: /etc/dossier/documents-authority, readOnly: true }
{{- end }}
{{- if $.Values.store.authoritySecret }}
- { name: store-authority, mountPath: /etc/dossier/store-authority, readOnly: true }
{{- end }}
{{- end -}}

{{- define "dossier.keptVolumes" -}}
- name: digest-key
  secret:
    secretName: {{ $.Values.digestKey.existingSecret }}
    items: [{ key: {{ $.Values.digestKey.key }}, path: digest-key }]
{{- if $.Values.documents.authoritySecret }}
- name: documents-authority
  secret:
    secretName: {{ $.Values.documents.authoritySecret }}
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- if $.Values.store.authoritySecret }}
- name: store-authority
  secret:
    secretName: {{ $.Values.store.authoritySecret }}
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- end -}}
