{{- /* Every Secret that the values ask for, as YAML: its name, what `kubectl create secret generic` puts into it, and why. */ -}}
{{- define "dossier.wants" -}}
{{- $wants := list -}}
{{- with .Values.store -}}
{{- $url := "postgres://USER:PASSWORD@HOST:5432/DATABASE" -}}
{{- if .authoritySecret }}{{- $url = printf "%s?sslmode=verify-full&sslrootcert=/etc/dossier/store-authority/ca.crt" $url }}{{- end -}}
{{- $wants = append $wants (dict "name" .existingSecret "from" (list (printf "--from-literal=%s='%s'" .key $url)) "why" "the event store's address") -}}
{{- with .authoritySecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=ca.crt=STORE-CA.crt") "why" "the authority of its certificate") -}}
{{- end -}}
{{- end -}}
{{- with .Values.digestKey -}}
{{- $wants = append $wants (dict "name" .existingSecret "from" (list (printf "--from-file=%s=<(head -c 32 /dev/urandom)" .key)) "why" "the key of digests: made once, kept as long as the log, with a copy elsewhere") -}}
{{- end -}}
{{- with .Values.identity.authoritySecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=ca.crt=IDENTITY-CA.crt") "why" "the authorities of the identity provider's certificate and the collector's") -}}
{{- end -}}
{{- with .Values.partners.existingSecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=SECRETS/") "why" "the secrets of payment partners, a file each, named as in the partners' files") -}}
{{- end -}}
{{- if .Values.bus.enabled -}}
{{- with .Values.bus -}}
{{- with .existingSecret -}}
{{- $scheme := ternary "tls" "nats" (ne $.Values.bus.authoritySecret "") -}}
{{- $wants = append $wants (dict "name" . "from" (list (printf "--from-literal=%s=%s://dossier:PASSWORD@nats.dossier-platform.svc:4222" $.Values.bus.key $scheme)) "why" "the bus's address, with the password of k8s/platform's Secret nats-users") -}}
{{- end -}}
{{- with .authoritySecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=ca.crt=NATS-CA.crt") "why" "the authority of its servers' certificates") -}}
{{- end -}}
{{- with .credentialsSecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=nats.creds=NATS.creds") "why" "credentials for the bus") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.documents.bucket -}}
{{- with .Values.documents -}}
{{- $wants = append $wants (dict "name" .existingSecret "from" (list "--from-literal=AWS_ACCESS_KEY_ID=ID" "--from-literal=AWS_SECRET_ACCESS_KEY=SECRET") "why" "the bucket's credentials") -}}
{{- with .authoritySecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=ca.crt=OBJECTS-CA.crt") "why" "the authority of the object store's certificate") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range .Values.imagePullSecrets -}}
{{- $wants = append $wants (dict "name" .name "from" (list "--from-file=.dockerconfigjson=CONFIG.json --type=kubernetes.io/dockerconfigjson") "why" "credentials of the image's registry") -}}
{{- end -}}
{{- if and (include "dossier.route" .) (eq .Values.route.kind "Ingress") -}}
{{- with .Values.route.ingress.tlsSecret -}}
{{- $wants = append $wants (dict "name" . "from" (list "--from-file=tls.crt=TLS.crt" "--from-file=tls.key=TLS.key" "--type=kubernetes.io/tls") "why" "the certificate of the Ingress") -}}
{{- end -}}
{{- end -}}
{{- $wants = append $wants (dict "name" .Values.test.tokensSecret "from" (list "--from-file=TOKENS/") "why" "for `helm test` alone: docs/operating.md, \"Tokens for helm test\"" "test" true) -}}
{{- toYaml (dict "secrets" $wants) -}}
{{- end -}}
