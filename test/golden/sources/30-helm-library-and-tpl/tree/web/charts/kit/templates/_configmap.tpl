{{- define "kit.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
data:
  {{- range $k, $v := .data }}
  {{ $k }}: {{ tpl $v $.root | quote }}
  {{- end }}
{{- end -}}
