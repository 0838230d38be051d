package triggervec

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/trigger"
)

// response is a typed response.
func response(text json.RawMessage) (run, string) {
	var r struct {
		Status  int
		Body    json.RawMessage
		Headers map[string]json.RawMessage
		Cookies []cookie
	}
	if err := decode(text, &r); err != nil {
		return nil, "behaviour response: " + err.Error()
	}
	header, err := headers(r.Headers)
	if err != nil {
		return nil, "behaviour response: " + err.Error()
	}
	return func(context.Context, *trigger.Request, *sight) (any, error) {
		return &trigger.Response{Status: r.Status, Header: header.Clone(), Body: body(r.Body), Cookies: cookies(r.Cookies)}, nil
	}, ""
}

// headers reads fields whose values are texts or lists of them.
func headers(in map[string]json.RawMessage) (http.Header, error) {
	out := http.Header{}
	for name, value := range in {
		var one string
		var list []string
		if json.Unmarshal(value, &one) == nil {
			list = []string{one}
		} else if err := json.Unmarshal(value, &list); err != nil {
			return nil, fmt.Errorf("header %s: %s is neither a text nor a list of texts", name, value)
		}
		for _, v := range list {
			out.Add(name, v)
		}
	}
	return out, nil
}

// body is a body as a function has it: nothing, a text, bytes, or a JSON value.
func body(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	if b, ok := bytesOf(text); ok {
		return b
	}
	var v any
	_ = json.Unmarshal(text, &v) // it is part of JSON that was read
	return v
}

// bytesOf reads {"$bytes": base64}.
func bytesOf(text json.RawMessage) ([]byte, bool) {
	var object map[string][]byte
	if json.Unmarshal(text, &object) != nil || len(object) != 1 || object["$bytes"] == nil {
		return nil, false
	}
	return object["$bytes"], true
}

// A cookie is one as typed values write it.
type cookie struct {
	Name, Value, Domain, Path, SameSite string
	Expires                             *time.Time
	MaxAge                              *float64
	Secure, HTTPOnly                    bool
}

func cookies(list []cookie) []*http.Cookie {
	var out []*http.Cookie
	for _, c := range list {
		h := &http.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HttpOnly: c.HTTPOnly}
		if c.Expires != nil {
			h.Expires = *c.Expires
		}
		if c.MaxAge != nil {
			if h.MaxAge = int(*c.MaxAge); h.MaxAge == 0 {
				h.MaxAge = -1 // net/http's spelling of 0
			}
		}
		h.SameSite = vec.SameSite(c.SameSite)
		out = append(out, h)
	}
	return out
}

// inproc is what a function in the host's process returns: {"string": "hi"}, and
// so on by kinds.
func inproc(text json.RawMessage) (run, string) {
	var name string
	if json.Unmarshal(text, &name) == nil {
		if name != "void" && name != "null" {
			return nil, "the value " + name
		}
		return func(context.Context, *trigger.Request, *sight) (any, error) { return nil, nil }, ""
	}
	var byKind map[string]json.RawMessage
	if err := json.Unmarshal(text, &byKind); err != nil || len(byKind) != 1 {
		return nil, "behaviour inproc: " + string(text)
	}
	for kind, value := range byKind {
		v, err := inprocValue(kind, value)
		if err != nil {
			return nil, "behaviour inproc: " + err.Error()
		}
		return func(context.Context, *trigger.Request, *sight) (any, error) { return v, nil }, ""
	}
	return nil, ""
}

func inprocValue(kind string, value json.RawMessage) (any, error) {
	switch kind {
	case "bytes":
		var b []byte
		err := json.Unmarshal(value, &b)
		return b, err
	case "object":
		// A type's members are spelled in camel case by the reference's
		// serializer; a Go type says so by its tags.
		var members map[string]any
		if err := json.Unmarshal(value, &members); err != nil {
			return nil, err
		}
		object := map[string]any{}
		for name, v := range members {
			object[strings.ToLower(name[:1])+name[1:]] = v
		}
		return object, nil
	case "string", "number", "int", "double", "bool", "array", "list", "dictionary", "value", "null":
		var v any
		err := json.Unmarshal(value, &v)
		return v, err
	}
	return nil, fmt.Errorf("a value of kind %s", kind)
}

// script is the value that a script or a worker hands to its HTTP output. What
// JSON has no form for makes it a typed response: bytes, and cookies.
func script(value json.RawMessage) (any, error) {
	if b, ok := bytesOf(value); ok {
		return &trigger.Response{Body: b, Header: http.Header{"Content-Type": nil}}, nil
	}
	var r struct {
		Body, Status, StatusCode json.RawMessage
		Headers                  map[string]json.RawMessage
		Cookies                  []cookie
	}
	if json.Unmarshal(value, &r) == nil && r.Body != nil {
		b, isBytes := bytesOf(r.Body)
		if isBytes || len(r.Cookies) > 0 {
			header, err := headers(r.Headers)
			if err != nil {
				return nil, err
			}
			out := &trigger.Response{Status: number(r.StatusCode, r.Status), Header: header, Cookies: cookies(r.Cookies), Body: body(r.Body)}
			if isBytes {
				out.Body = b
			}
			return out, nil
		}
	}
	return trigger.ScriptResult(value)
}

// number is the first that is there, a number or a text of one; else 0.
func number(values ...json.RawMessage) int {
	for _, v := range values {
		if v != nil {
			n, _ := strconv.Atoi(strings.Trim(string(v), `"`))
			return n
		}
	}
	return 0
}
