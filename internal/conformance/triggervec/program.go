package triggervec

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/trigger"
)

// inProgram reports whether a function runs in a program of its own: a custom
// handler, or a worker whose view of the request the vector is about.
func (s *stage) inProgram(f *function) bool {
	var echo string
	_ = json.Unmarshal(f.Behaviour["echo"], &echo)
	var x expectation
	_ = decode(s.vector.Expect, &x)
	return f.Behaviour["handler"] != nil || echo == "bindingData" && x.RouteParameters == nil || echo == "body" && x.WorkerBody != nil && s.compat
}

// hostVersion is that of the host on which vectors were run.
const hostVersion = "4.1037.0"

// A call is what the program was sent.
type call struct {
	method, target string
	header         http.Header
	body           []byte
}

// program starts a program for a function and returns the library's handler for
// it.
func (s *stage) program(f *function) (http.Handler, string) {
	var answer struct {
		Status  int
		Headers map[string]json.RawMessage
		Body    json.RawMessage
	}
	if text := f.Behaviour["handler"]; text != nil {
		if err := decode(text, &answer); err != nil {
			return nil, "handler: " + err.Error()
		}
	} else {
		answer.Headers = map[string]json.RawMessage{"Content-Type": json.RawMessage(`"application/json"`)}
		answer.Body = json.RawMessage(`{"Outputs":{"$return":{"body":"ok"},"res":{"body":"ok"}},"ReturnValue":{"body":"ok"}}`)
	}
	header, err := headers(answer.Headers)
	if err != nil {
		return nil, "handler: " + err.Error()
	}
	text := []byte(answer.Body)
	switch v := body(answer.Body).(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	}
	server, err := wire.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.called = &call{method: r.Method, target: r.RequestURI, header: r.Header.Clone(), body: body}
		s.mu.Unlock()
		w.Header()["Content-Type"] = nil
		for name, values := range header {
			w.Header()[name] = values
		}
		if answer.Status != 0 {
			w.WriteHeader(answer.Status)
		}
		_, _ = w.Write(text)
	}))
	if err != nil {
		return nil, err.Error()
	}
	s.programs = append(s.programs, server)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.see(f.Name, r)
		handlers, err := (&trigger.Worker{URL: server.URL(), Version: hostVersion}).Handlers(s.app)
		if err != nil || handlers[f.Name] == nil {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		handlers[f.Name].ServeHTTP(w, r)
	}), ""
}

// sent compares what the program was sent with what is expected.
func (s *stage) sent(x *expectation) []string {
	s.mu.Lock()
	c := s.called
	s.mu.Unlock()
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if x.HandlerCalled != nil && *x.HandlerCalled != (c != nil) {
		add("handler called: got %v, want %v", c != nil, *x.HandlerCalled)
	}
	envelope := x.WorkerBody != nil || x.WorkerHeaders != nil || x.BindingData != nil || x.BindingDataAbsent != nil ||
		x.BindingDataOnly != nil || x.Expression != nil
	switch {
	case !envelope && x.HandlerSaw == nil:
		return diffs
	case c == nil:
		return append(diffs, "the program was not called")
	case x.HandlerSaw != nil:
		diffs = append(diffs, c.saw(x.HandlerSaw)...)
	}
	if !envelope { // a forwarded request has none
		return diffs
	}
	var payload struct {
		Data     map[string]struct{ Headers map[string][]string }
		Metadata map[string]json.RawMessage
	}
	var bodies struct {
		Data map[string]struct{ Body *string }
	}
	if err := json.Unmarshal(c.body, &payload); err != nil {
		return append(diffs, fmt.Sprintf("what the program was sent is no JSON: %.200q", c.body))
	}
	_ = json.Unmarshal(c.body, &bodies)
	for _, d := range bodies.Data {
		diffs = append(diffs, sameBody(d.Body, x.WorkerBody)...)
	}
	for name, want := range x.WorkerHeaders {
		found := false
		for _, d := range payload.Data {
			for n, values := range d.Headers {
				found = found || strings.EqualFold(n, name) && strings.Join(values, ",") == want
			}
		}
		if !found {
			add("worker headers: no %s: %s", name, want)
		}
	}
	data := bindingData(payload.Metadata)
	for name, want := range x.BindingData {
		got, ok := data.find(name)
		if !ok && string(want) == "null" {
			continue // the reference sends no nulls
		}
		if !ok || !sameJSON(got, want) {
			add("binding data %s: got %s, want %s", name, got, want)
		}
	}
	for _, name := range x.BindingDataAbsent {
		if got, ok := data.find(name); ok {
			add("binding data %s: got %s, want none", name, got)
		}
	}
	if x.BindingDataOnly != nil && len(data)+1 != len(x.BindingDataOnly) {
		add("binding data: got %s, want only %q (the request itself is not sent)", show(data), x.BindingDataOnly)
	}
	return append(diffs, data.expressions(x.Expression)...)
}

// saw compares a request to the program.
func (c *call) saw(want json.RawMessage) []string {
	var w struct {
		Method, Target, Path      string
		Headers                   map[string]string
		HeadersAbsent, HeadersHas []string
		Body, BodyContains        *string
		JSON                      json.RawMessage `json:"json"`
		JSONHas, JSONLacks        []string
	}
	if err := decode(want, &w); err != nil {
		return []string{"handlerSaw: " + err.Error()}
	}
	x := expectation{
		Body: w.Body, Headers: w.Headers, HeadersAbsent: w.HeadersAbsent, JSON: w.JSON, JSONHas: w.JSONHas, JSONLacks: w.JSONLacks,
	}
	if w.BodyContains != nil {
		x.BodyContains = *w.BodyContains
	}
	diffs := x.answer(&wire.Response{Header: c.header, Body: c.body})
	path, _, _ := strings.Cut(c.target, "?")
	if w.Method != "" && w.Method != c.method || w.Target != "" && w.Target != c.target || w.Path != "" && w.Path != path {
		diffs = append(diffs, fmt.Sprintf("got %s %s, want %s %s%s", c.method, c.target, w.Method, w.Target, w.Path))
	}
	for _, name := range w.HeadersHas {
		if c.header.Get(name) == "" {
			diffs = append(diffs, "no header "+name)
		}
	}
	for i := range diffs {
		diffs[i] = "the program saw: " + diffs[i]
	}
	return diffs
}

func sameBody(got *string, want json.RawMessage) []string {
	if want == nil {
		return nil
	}
	var w struct {
		Kind  string
		Value json.RawMessage
	}
	if err := decode(want, &w); err != nil {
		return []string{"workerBody: " + err.Error()}
	}
	var value string
	switch {
	case w.Kind == "undefined" && got == nil:
	case w.Kind == "string" && got != nil && json.Unmarshal(w.Value, &value) == nil && *got == value:
	case w.Kind == "bytes" && got != nil && json.Unmarshal(w.Value, &value) == nil && (*got == value || base64.StdEncoding.EncodeToString([]byte(*got)) == value):
	case w.Kind == "object" && got != nil && sameJSON([]byte(*got), w.Value):
	default:
		return []string{fmt.Sprintf("worker body: got %s, want %s", show(got), want)}
	}
	return nil
}

// fields are the binding data by name.
type fields map[string]json.RawMessage

// bindingData takes the wrapping off: a value is JSON in a text.
func bindingData(metadata map[string]json.RawMessage) fields {
	out := fields{}
	for name, value := range metadata {
		var text string
		switch {
		case name == "sys":
		case json.Unmarshal(value, &text) == nil && string(value) != "null":
			out[name] = json.RawMessage(text)
		default:
			out[name] = value
		}
	}
	return out
}

// find returns a value by a path with dots. Names ignore case.
func (f fields) find(path string) (json.RawMessage, bool) {
	first, rest, deeper := strings.Cut(path, ".")
	for name, value := range f {
		if !strings.EqualFold(name, first) {
			continue
		}
		if !deeper {
			return value, true
		}
		var inner fields
		if json.Unmarshal(value, &inner) != nil {
			return nil, false
		}
		return inner.find(rest)
	}
	return nil, false
}

// expressions puts the values into binding expressions.
func (f fields) expressions(want json.RawMessage) []string {
	var all map[string]string
	_ = json.Unmarshal(want, &all)
	var diffs []string
	for expression, result := range all {
		got := expression
		for {
			before, rest, ok := strings.Cut(got, "{")
			path, after, closed := strings.Cut(rest, "}")
			if !ok || !closed {
				break
			}
			value, _ := f.find(path)
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = string(value)
			}
			got = before + text + after
		}
		if got != result {
			diffs = append(diffs, fmt.Sprintf("expression %s: got %q, want %q", expression, got, result))
		}
	}
	return diffs
}
