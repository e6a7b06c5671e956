{{ define "name" }}{{ .Release.Name }}-v1{{ end }}
