package trigger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// ScriptResult makes a result for Func of the value that a function in another
// language hands to its HTTP output, as JSON (HttpBinding.cs, CreateResult):
//
//	null                     204 without a body
//	an object with a body    a response: statusCode (or status), headers, body,
//	                         enableContentNegotiation; the names ignore case. In
//	                         runtime 1.x isRaw, the other way round
//	text that is such JSON   the same
//	anything else            the body, status 200, text/plain; charset=utf-8
//
// Objects and lists are written as compact JSON. Compat writes as .NET does: what
// is no response indented, True and False, dates of the invariant culture, and
// text that is JSON of any kind counts as that JSON.
func ScriptResult(value []byte) (any, error) {
	v, err := jsonc.Parse(value)
	if err != nil {
		return nil, fmt.Errorf("trigger: script: %w", err)
	}
	return script{value: v}, nil
}

// A script is such a value.
type script struct {
	value *jsonc.Value

	// output says that the value is one of the outputs of a custom handler,
	// which have fewer members, and must be objects.
	output bool
}

// write answers with the value. Header fields that are set when an error turns
// up stay, as in the reference.
func (s script) write(a *answer) error {
	v := s.value
	if s.output {
		return s.writeOutput(a)
	}
	if v == nil || v.Kind == jsonc.Null {
		return a.nothing()
	}
	parsed := false
	if v.Kind == jsonc.String {
		inner, ok := parseScript(v.Text)
		switch {
		case ok && (a.ru.compat || inner.Kind == jsonc.Object && folded(inner, "body") != nil):
			v, parsed = inner, true
		default:
			return (&Response{Body: v.Text}).write(a)
		}
	}
	if v.Kind != jsonc.Object || foldedFirst(v, "body") == nil {
		return (&Response{Body: a.ru.scriptText(v, true)}).write(a)
	}
	status, err := scriptStatus(either(foldedFirst(v, "statusCode"), foldedFirst(v, "status")))
	if err != nil {
		return err
	}
	return scriptResponse{
		status:    status,
		headers:   foldedFirst(v, "headers"),
		body:      foldedFirst(v, "body"),
		compact:   parsed || !s.output,
		negotiate: a.ru.negotiates(v),
	}.write(a)
}

// negotiates reports whether a response object leaves the form of its body to the
// caller: if it says so, and in runtime 1.x unless it says isRaw.
func (ru *rules) negotiates(v *jsonc.Value) bool {
	if ru.v1 {
		return !isLiteral(foldedFirst(v, "isRaw"), "true")
	}
	return isLiteral(foldedFirst(v, "enableContentNegotiation"), "true")
}

var errOutput = errors.New("trigger: custom handler: the output is no object")

// writeOutput answers with a named output of a custom handler, of which only
// statusCode, body and headers count (DefaultHttpWorkerService.cs).
func (s script) writeOutput(a *answer) error {
	v := s.value
	if v.Kind == jsonc.String {
		if inner, ok := parseScript(v.Text); ok {
			v = inner
		}
	}
	if v.Kind != jsonc.Object {
		return errOutput
	}
	headers := folded(v, "headers")
	if headers != nil && headers.Kind != jsonc.Object && headers.Kind != jsonc.Null {
		return errors.New("trigger: custom handler: headers is no object")
	}
	return scriptResponse{status: outputStatus(folded(v, "statusCode")), headers: headers, body: folded(v, "body")}.write(a)
}

// A scriptResponse is a response object (RawScriptResult.cs).
type scriptResponse struct {
	status    int
	headers   *jsonc.Value
	body      *jsonc.Value
	compact   bool
	negotiate bool
}

func (p scriptResponse) write(a *answer) error {
	r := &Response{Negotiate: p.negotiate, Header: http.Header{}}
	if p.headers != nil && p.headers.Kind == jsonc.Object {
		if err := p.setHeaders(a, r); err != nil {
			return err
		}
	}
	switch b := p.body; {
	case b == nil || b.Kind == jsonc.Null || b.Kind == jsonc.Undefined:
	case p.negotiate && b.Kind != jsonc.String:
		r.Body = plainValue(b)
	default:
		r.Body = a.ru.scriptText(b, !p.compact)
	}
	return r.respond(a, p.status)
}

// setHeaders puts the fields on the response, but for the type of the body. Those
// that the host owns stay as they are.
func (p scriptResponse) setHeaders(a *answer, r *Response) error {
	h := a.w.Header()
	for i, m := range p.headers.Members {
		if m.Value.Kind == jsonc.Null {
			return fmt.Errorf("trigger: response header %q: null", m.Name)
		}
		value := a.ru.scriptText(m.Value, false)
		if strings.EqualFold(m.Name, "Content-Type") {
			if value != "" {
				r.Header.Set("Content-Type", value)
			}
			continue
		}
		if !validFieldName(m.Name) {
			return fmt.Errorf("trigger: response header %q: not the name of a field", m.Name)
		}
		if !validFieldValue(value) {
			return fmt.Errorf("trigger: response header %q: the value has characters that no field can carry", m.Name)
		}
		name := http.CanonicalHeaderKey(m.Name)
		switch {
		case seenBefore(p.headers.Members[:i], m.Name) || hostOwned(name) && len(h[name]) > 0:
			a.ru.dropped(a.r.Context(), m.Name)
		case name == "Content-Length" || name == "Transfer-Encoding":
			r.Header[name] = []string{value}
		default:
			h[name] = []string{value}
		}
	}
	return nil
}

// scriptText is a value as text. Compat writes as .NET does: dates in the
// invariant form, True and False, and objects and lists indented if they are
// to be; Default writes compact JSON.
func (ru *rules) scriptText(v *jsonc.Value, indent bool) string {
	switch {
	case !ru.compat && (v.Kind == jsonc.String || v.Kind == jsonc.Number || v.Kind == jsonc.Bool):
		return v.Text
	case v.Kind == jsonc.Array || v.Kind == jsonc.Object:
		if ru.compat && indent {
			return string(v.AppendIndented(nil, ""))
		}
		return string(v.AppendJSON(nil))
	}
	return netText(v)
}

// scriptStatus reads a status: a whole number, or one in decimal text. Anything
// else is 200. One of more than 32 bits is an error.
func scriptStatus(v *jsonc.Value) (int, error) {
	if v == nil || v.Kind != jsonc.Number {
		return outputStatus(v), nil
	}
	n, err := strconv.ParseInt(v.Text, 10, 64)
	switch {
	case err != nil: // a fraction, or more than the reference's whole numbers hold
		return http.StatusOK, nil
	case n != int64(int32(n)):
		return 0, fmt.Errorf("trigger: script: status %d: more than 32 bits", n)
	}
	return int(n), nil
}

// outputStatus reads the status of an output, which the reference takes for a
// text, a number too.
func outputStatus(v *jsonc.Value) int {
	if v != nil && (v.Kind == jsonc.Number || v.Kind == jsonc.String) {
		if n, err := strconv.ParseInt(strings.TrimSpace(netText(v)), 10, 32); err == nil {
			return int(n)
		}
	}
	return http.StatusOK
}

func either(a, b *jsonc.Value) *jsonc.Value {
	if a != nil {
		return a
	}
	return b
}

// folded returns the member of an object by a name that ignores case.
func folded(v *jsonc.Value, name string) *jsonc.Value {
	if m := property(v, name); m != nil {
		return m.Value
	}
	return nil
}

// foldedFirst is folded where the reference looks a name up in a dictionary: the
// first that differs in case only counts, and of those spelled alike the last.
func foldedFirst(v *jsonc.Value, name string) *jsonc.Value {
	for _, m := range v.Members {
		if strings.EqualFold(m.Name, name) {
			return v.Get(m.Name)
		}
	}
	return nil
}

// parseScript reads a text as JSON, if it is some, with the liberties of the
// reference's reader.
func parseScript(text string) (*jsonc.Value, bool) {
	v, err := jsonc.ParseLenientValue([]byte(text))
	return v, err == nil
}

// fromBase64 decodes a text the way the reference decodes what a custom handler
// returns as text: blanks count for nothing, and much that was never meant to be
// base64 is.
func fromBase64(text string) ([]byte, bool) {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, text)
	if len(bare)%4 != 0 {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(bare)
	if b == nil {
		b = []byte{}
	}
	return b, err == nil
}

// plainValue is a JSON value for the forms that an answer can have.
func plainValue(v *jsonc.Value) any {
	switch v.Kind {
	case jsonc.String:
		return v.Text
	case jsonc.Bool:
		return v.Text == "true"
	case jsonc.Number:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil {
			return f
		}
	}
	return rawJSON(v.AppendJSON(nil))
}

// rawJSON is JSON as it is to be written.
type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
