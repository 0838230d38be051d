package hostvec

import (
	"encoding/json"
	"strings"
)

// difference names the known difference that an exchange runs into, by what it
// asks for, or "".
func (s *stage) difference(e *exchange) string {
	if e.Seen == nil {
		return ""
	}
	functions, err := ordered(s.app.Functions)
	if err != nil {
		return ""
	}
	for _, p := range functions {
		if p.name != e.Seen.Function {
			continue
		}
		var f function
		var a answer
		if json.Unmarshal(p.text, &f) != nil || json.Unmarshal(f.Answer, &a) != nil {
			return ""
		}
		if len(a.Return) > 0 && a.Return[0] == '{' && e.Response.Status == 500 && e.Response.wantsXML() {
			return "host/xml-dictionary"
		}
		if a.Status == nil {
			return ""
		}
		switch {
		case *a.Status == 204 && a.Body != nil && s.app.Model == "inproc":
			return "host/204-body"
		case *a.Status == 304:
			return "host/304-type"
		case *a.Status < 100 || *a.Status > 999:
			return "host/status"
		}
	}
	return ""
}

func (w *response) wantsXML() bool {
	for name, values := range w.Headers {
		if strings.EqualFold(name, "Content-Type") && len(values) == 1 && strings.Contains(values[0], "xml") {
			return true
		}
	}
	return false
}
