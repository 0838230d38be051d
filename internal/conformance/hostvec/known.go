package hostvec

import (
	"encoding/json"
	"net/url"
	"strings"
)

// difference names the known difference that an exchange runs into, by what it
// asks for, or "".
func (s *stage) difference(e *exchange) string {
	if strings.Contains(e.Request.Target, "://") && e.Response.Status == 400 {
		return "host/absolute-form"
	}
	if s.otherCasing(e) {
		return "keys/casing"
	}
	f := s.asked(e)
	var a answer
	if f != nil && s.app.Model == "custom" && json.Unmarshal(f.Answer, &a) == nil {
		return a.scriptDifference(e)
	}
	return ""
}

// otherCasing reports whether a request presents a key of the app in another
// casing, and is let in for it.
func (s *stage) otherCasing(e *exchange) bool {
	_, query, _ := strings.Cut(e.Request.Target, "?")
	values, err := url.ParseQuery(query)
	code := values.Get("code")
	if err != nil || code == "" || e.Seen == nil || s.app.Keys == nil {
		return false
	}
	lists := []json.RawMessage{s.app.Keys.Host, s.app.Keys.System}
	for _, list := range s.app.Keys.Functions {
		lists = append(lists, list)
	}
	like := strings.EqualFold(code, s.app.Keys.Master)
	exact := code == s.app.Keys.Master
	for _, text := range lists {
		list, err := keyList(text)
		if err != nil {
			return false
		}
		for _, k := range list {
			like = like || strings.EqualFold(code, k.Value.Reveal())
			exact = exact || code == k.Value.Reveal()
		}
	}
	return like && !exact
}

// asked returns the function that saw the request of an exchange.
func (s *stage) asked(e *exchange) *function {
	if e.Seen == nil {
		return nil
	}
	return s.parsed[strings.ToLower(e.Seen.Function)]
}

// scriptDifference looks at the response object that a custom handler answers.
func (a *answer) scriptDifference(e *exchange) string {
	for _, text := range []json.RawMessage{a.Response, a.Return} {
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) != nil {
			continue
		}
		for name, value := range object {
			var headers map[string]json.RawMessage
			switch strings.ToLower(name) {
			case "headers":
				_ = json.Unmarshal(value, &headers)
				for _, v := range headers {
					if v[0] == '[' || v[0] == '{' {
						return "host/net-types"
					}
				}
			case "body":
				if value[0] == '[' && e.Response.Body != nil && strings.HasPrefix(*e.Response.Body, "System.") {
					return "host/net-types"
				}
			}
		}
	}
	return ""
}
