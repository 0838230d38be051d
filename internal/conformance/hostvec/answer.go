package hostvec

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/trigger"
)

// An answer is the declared behaviour of a function.
type answer struct {
	Nothing      bool
	Status       *int
	Body         *string
	ContentType  string
	Headers      map[string]lines
	Cookies      []cookie
	Return       json.RawMessage
	ObjectResult *struct {
		Value  json.RawMessage
		Status int
	}
	Redirect  string
	Bytes     *string
	RawBytes  *string
	JToken    json.RawMessage
	Value     json.RawMessage
	Write     *string
	Panic     json.RawMessage
	Hold      bool
	Watch     bool
	Read      bool
	Response  json.RawMessage
	Outputs   json.RawMessage
	RawAnswer json.RawMessage
}

// A cookie is one that a function sets.
type cookie struct {
	Name, Value, Path, Domain, SameSite string
	MaxAge                              int
	Secure, HTTPOnly                    bool
}

func (c cookie) cookie() *http.Cookie {
	return &http.Cookie{Name: c.Name, Value: c.Value, Path: c.Path, Domain: c.Domain, MaxAge: c.MaxAge,
		Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: vec.SameSite(c.SameSite)}
}

// handler makes the function of a vector. Where the library cannot have such a
// function it says why not, and the handler only tells that it was reached.
func (s *stage) handler(name string, f *function) (h http.Handler, missing string) {
	var a answer
	if err := decode(f.Answer, &a); err != nil {
		return s.reached(name), "answer: " + err.Error()
	}
	switch s.app.Model {
	case "inproc":
		return s.inproc(name, f, &a)
	case "custom", "forward":
		return s.reached(name), "" // custom puts the library's handler in its place
	}
	return s.reached(name), fmt.Sprintf("model %q", s.app.Model)
}

// reached is a function that only says that it was reached.
func (s *stage) reached(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.stages.see(r, &sight{function: name})
		w.WriteHeader(http.StatusNotImplemented)
	})
}

// inproc is a function in the host's own process.
func (s *stage) inproc(name string, f *function, a *answer) (http.Handler, string) {
	fill, fillRouted, missing := parameters(f.Parameters)
	if missing != "" {
		return s.reached(name), missing
	}
	result, missing := a.result()
	if missing != "" {
		return s.reached(name), missing
	}
	run := trigger.Func(func(ctx context.Context, req *trigger.Request) (any, error) {
		sight := &sight{function: name}
		if fill != nil {
			var err error
			if sight.bound, err = fill(req); err != nil {
				return nil, err
			}
		}
		if fillRouted != nil {
			var err error
			if sight.params, err = fillRouted(req); err != nil {
				return nil, err
			}
		}
		if a.Read {
			var err error
			if sight.body, err = readAll(req.Request); err != nil {
				return nil, err
			}
		}
		s.stages.see(req.Request, sight)
		if a.Hold {
			s.stages.hold(ctx, req.RemoteAddr, a.Watch)
		}
		return result()
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addr := r.RemoteAddr
		defer s.stages.note(addr, func(v *visit) { v.left = true })
		run.ServeHTTP(w, r)
	}), ""
}

// result returns what makes the answer.
func (a *answer) result() (make func() (any, error), missing string) {
	give := func(v any) func() (any, error) { return func() (any, error) { return v, nil } }
	switch {
	case a.Panic != nil:
		return give(a.panics()), ""
	case a.Nothing:
		return give(nil), ""
	case a.Return != nil:
		return give(a.before(value(a.Return))), ""
	case a.JToken != nil:
		return give(a.before(tree(compact(a.JToken)))), ""
	case a.ObjectResult != nil:
		o := a.ObjectResult
		v := value(o.Value)
		if v == nil && o.Status == 0 {
			return give(a.before(nil)), ""
		}
		return give(a.before(&trigger.Response{Status: o.Status, Body: v, Negotiate: true})), ""
	case a.Redirect != "":
		return give(a.before(trigger.Redirect(a.Redirect))), ""
	case a.Bytes != nil:
		b, err := base64.StdEncoding.DecodeString(*a.Bytes)
		if err != nil {
			return nil, err.Error()
		}
		ctype := a.ContentType
		if ctype == "" {
			ctype = "application/octet-stream"
		}
		return give(a.before(&trigger.Response{Body: b, Header: http.Header{"Content-Type": {ctype}}})), ""
	case a.RawBytes != nil:
		return give(a.before(json.RawMessage(`"` + *a.RawBytes + `"`))), ""
	case a.Write != nil:
		return give(a.writes()), ""
	case a.Value != nil:
		return nil, "host/net-members"
	case a.Response != nil || a.Outputs != nil || a.RawAnswer != nil:
		return nil, "an answer of another model"
	case a.Status != nil || a.Body != nil || a.ContentType != "" || len(a.Headers)+len(a.Cookies) > 0:
		return give(a.content()), ""
	}
	return give(nil), ""
}

// panics is a handler that panics, before or after it has begun its answer.
func (a *answer) panics() http.Handler {
	var how string
	_ = json.Unmarshal(a.Panic, &how)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch how {
		case "status":
			w.Header().Set("X-Before", "1")
		case "started":
			w.Header()["Content-Type"] = nil
			_, _ = w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
		}
		panic("as the vector says")
	})
}

func (a *answer) writes() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil // the vector's function sets none, and the server must not guess
		for name, values := range a.header() {
			w.Header()[name] = values
		}
		if a.ContentType != "" {
			w.Header().Set("Content-Type", a.ContentType)
		}
		if a.Status != nil {
			w.WriteHeader(*a.Status)
		}
		_, _ = w.Write([]byte(*a.Write))
	})
}

// header are the fields that the function sets before it answers.
func (a *answer) header() http.Header {
	header := http.Header{}
	for name, values := range a.Headers {
		for _, v := range values {
			header.Add(name, v)
		}
	}
	return header
}

// content is a handler that sets fields and then answers with a text.
func (a *answer) content() any {
	ctype := a.ContentType
	if ctype == "" {
		ctype = a.header().Get("Content-Type")
	}
	if ctype == "" {
		ctype = "text/plain; charset=utf-8"
	}
	result := &trigger.Response{Header: http.Header{"Content-Type": {ctype}}}
	if a.Status != nil {
		result.Status = *a.Status
	}
	body := []byte{} // whose length is known, as that of a content result
	if a.Body != nil {
		body = []byte(*a.Body)
	}
	result.Body = body
	return a.before(result)
}

// before is a result before which the function sets fields and cookies on the
// response itself, so that they replace the host's own.
func (a *answer) before(result any) any {
	if len(a.Headers)+len(a.Cookies) == 0 {
		return result
	}
	answer := trigger.Func(func(context.Context, *trigger.Request) (any, error) {
		if len(a.Cookies) == 0 {
			return result, nil
		}
		response := &trigger.Response{Body: result, Negotiate: true}
		if r, ok := result.(*trigger.Response); ok {
			*response = *r
		}
		for _, c := range a.Cookies {
			response.Cookies = append(response.Cookies, c.cookie())
		}
		return response, nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := a.header()
		delete(header, "Content-Type") // the result's to say
		for name, values := range header {
			w.Header()[name] = slices.Clone(values)
		}
		answer.ServeHTTP(w, r)
	})
}

// A tree is a JSON value as such, where a dictionary is one to the serializers.
type tree json.RawMessage

func (t tree) MarshalJSON() ([]byte, error) { return t, nil }

// value decodes a declared value: whole numbers are int64, and objects keep the
// order of their members.
func value(text json.RawMessage) any {
	var v any
	switch {
	case len(text) == 0 || json.Unmarshal(text, &v) != nil:
		return nil
	case text[0] == '{':
		return compact(text)
	case text[0] == '[':
		var items []json.RawMessage
		_ = json.Unmarshal(text, &items)
		list := make([]any, len(items))
		for i, item := range items {
			list[i] = value(item)
		}
		return list
	}
	if f, ok := v.(float64); ok {
		var n int64
		if json.Unmarshal(text, &n) == nil {
			return n
		}
		return f
	}
	return v
}

// compact is a value as JSON, its members in their own order.
func compact(text json.RawMessage) json.RawMessage {
	if text[0] != '{' {
		b, _ := json.Marshal(value(text))
		return b
	}
	pairs, _ := ordered(text)
	b := []byte{'{'}
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		name, _ := json.Marshal(p.name)
		v, _ := json.Marshal(value(p.text))
		b = append(append(append(b, name...), ':'), v...)
	}
	return append(b, '}')
}
