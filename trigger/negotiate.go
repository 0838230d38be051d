package trigger

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A form is how a value is put into words: the kind and the media type to name.
type form struct {
	kind  formKind
	ctype string
}

type formKind uint8

const (
	asText formKind = iota
	asJSON
	asXML
)

// forms has the media types that a kind answers to; the first is its own name.
var forms = [...][]string{
	asText: {"text/plain"},
	asJSON: {"application/json", "text/json", "application/*+json"},
	asXML:  {"application/xml", "text/xml", "application/*+xml"},
}

// negotiate chooses the form of v by the Accept lines of a request. No Accept,
// one with */* in it, and one that asks only for what nobody serves all give the
// form that comes first: text for a string, JSON for anything else. There is no
// 406 (DefaultOutputFormatterSelector.cs).
func negotiate(v any, accept []string, compat bool) form {
	for _, mt := range acceptable(accept, compat) {
		if f, ok := pick(v, mt, compat, !compat); ok {
			return f
		}
	}
	if _, ok := v.(string); ok {
		return form{asText, "text/plain"}
	}
	return form{asJSON, "application/json"}
}

// acceptable lists the media types of Accept lines, the most wanted first, or
// none if anything goes. To the reference a parameter before the quality asks for
// what no formatter says of itself, and a quality of 0 is but the last choice
// (MediaType.cs there).
func acceptable(lines []string, compat bool) []string {
	if len(lines) == 0 {
		return nil
	}
	type want struct {
		mt string
		q  float64
	}
	var wants []want
	for item := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		mt, params, _ := strings.Cut(item, ";")
		mt = strings.ToLower(strings.TrimSpace(mt))
		if mt == "*/*" {
			return nil
		}
		q, special := quality(params)
		if strings.Contains(mt, "/") && (q > 0 || compat) && !(special && compat) {
			wants = append(wants, want{mt, q})
		}
	}
	slices.SortStableFunc(wants, func(a, b want) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	out := make([]string, len(wants))
	for i, w := range wants {
		out[i] = w.mt
	}
	return out
}

// quality reads the parameters of an item of Accept. special says that there is
// one before the quality.
func quality(params string) (q float64, special bool) {
	q = 1
	seen := false
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, "q"):
			seen = true
			if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				q = n
			}
		case name != "" && name != "*" && !seen:
			special = true
		}
	}
	return q, special
}

// pick finds the first form of v that fits a media type or range. In Compat a
// dictionary has a form in XML as well, which cannot be written. suffix lets types
// with the suffix of a form, as in application/hal+json, stand for it.
func pick(v any, mediaType string, compat, suffix bool) (form, bool) {
	mt, _, _ := strings.Cut(mediaType, ";")
	mt = strings.ToLower(strings.TrimSpace(mt))
	_, isText := v.(string)
	for kind, types := range forms {
		if formKind(kind) == asText && !isText || formKind(kind) == asXML && !hasXML(v) && !(compat && hasDictionary(v)) {
			continue
		}
		for _, t := range types {
			if name, ok := fits(mt, t); ok && (suffix || !strings.Contains(t, "*")) {
				return form{formKind(kind), name}, true
			}
		}
	}
	return form{}, false
}

// wantsXML says under which type of XML a document that has both forms is
// accepted, "" if in JSON.
func wantsXML(accept []string, compat bool) string {
	for _, mt := range acceptable(accept, compat) {
		for _, kind := range []formKind{asJSON, asXML} {
			for _, t := range forms[kind][:2] { // without the ranges
				if name, ok := fits(mt, t); ok && kind == asXML {
					return name
				} else if ok {
					return ""
				}
			}
		}
	}
	return ""
}

// fits reports whether the wanted type or range covers the offered type, and
// what the answer's type is then.
func fits(wanted, offered string) (string, bool) {
	switch {
	case wanted == offered:
		return offered, !strings.Contains(offered, "*")
	case strings.HasSuffix(wanted, "/*"):
		return offered, !strings.Contains(offered, "*") && strings.HasPrefix(offered, wanted[:len(wanted)-1])
	}
	before, after, ok := strings.Cut(offered, "*")
	if ok && strings.HasPrefix(wanted, before) && strings.HasSuffix(wanted, after) && len(wanted) > len(before)+len(after) {
		return wanted, true
	}
	return "", false
}

// form answers with v in a form.
func (a *answer) form(status int, fields http.Header, v any, f form) error {
	text, err := "", error(nil)
	switch f.kind {
	case asText:
		text = v.(string)
	case asJSON:
		text, err = encodeJSON(v)
	case asXML:
		if text, err = encodeXML(v); err != nil { // the type is set before the writing begins
			a.w.Header()["Content-Type"] = []string{f.ctype + "; charset=utf-8"}
		}
	}
	if err != nil {
		return err
	}
	setType(fields, f.ctype+"; charset=utf-8")
	return a.text(status, fields, text)
}

// encodeJSON writes v compact, and leaves <, > and & as they are.
func encodeJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("trigger: result: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

const (
	xmlScalars = "http://schemas.microsoft.com/2003/10/Serialization/"
	xmlArrays  = xmlScalars + "Arrays"
	xmlSchema  = "http://www.w3.org/2001/XMLSchema"
)

// hasXML reports whether v has a form in XML: scalars, and lists of scalars.
// Everything else is answered in JSON, whatever the caller accepts.
func hasXML(v any) bool {
	if list, ok := v.([]any); ok {
		return !slices.ContainsFunc(list, func(e any) bool {
			kind, _ := xmlScalar(e)
			return kind == "" && e != nil
		})
	}
	kind, _ := xmlScalar(v)
	return kind != ""
}

// hasDictionary reports whether v is a dictionary, or a list with one in it: a map
// or the text of a JSON object. The reference's serializer takes them for XML and
// then fails.
func hasDictionary(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, hasDictionary)
	case json.RawMessage:
		return strings.HasPrefix(strings.TrimLeft(string(v), " \t\r\n"), "{")
	}
	return reflect.ValueOf(v).Kind() == reflect.Map
}

var errDictionary = errors.New("trigger: result: a dictionary cannot be written as XML")

// encodeXML writes v as the reference's data contract serializer would.
func encodeXML(v any) (string, error) {
	if hasDictionary(v) {
		return "", errDictionary
	}
	list, ok := v.([]any)
	if !ok {
		kind, text := xmlScalar(v)
		return "<" + kind + ` xmlns="` + xmlScalars + `">` + xmlText(text) + "</" + kind + ">", nil
	}
	var b strings.Builder
	b.WriteString(`<ArrayOfanyType xmlns:i="` + xmlSchema + `-instance" xmlns="` + xmlArrays + `">`)
	for _, e := range list {
		if e == nil {
			b.WriteString(`<anyType i:nil="true" />`)
			continue
		}
		kind, text := xmlScalar(e)
		b.WriteString(`<anyType xmlns:d2p1="` + xmlSchema + `" i:type="d2p1:` + kind + `">` + xmlText(text) + `</anyType>`)
	}
	b.WriteString("</ArrayOfanyType>")
	return b.String(), nil
}

// xmlScalar names the schema type of a scalar and writes it, "" if v is none.
func xmlScalar(v any) (kind, text string) {
	switch v := v.(type) {
	case string:
		return "string", v
	case bool:
		return "boolean", strconv.FormatBool(v)
	case int, int64:
		return "long", fmt.Sprint(v)
	case int32:
		return "int", fmt.Sprint(v)
	case int16:
		return "short", fmt.Sprint(v)
	case int8:
		return "byte", fmt.Sprint(v)
	case uint, uint64:
		return "unsignedLong", fmt.Sprint(v)
	case uint32:
		return "unsignedInt", fmt.Sprint(v)
	case uint16:
		return "unsignedShort", fmt.Sprint(v)
	case uint8:
		return "unsignedByte", fmt.Sprint(v)
	case float64:
		return "double", strconv.FormatFloat(v, 'G', -1, 64)
	case float32:
		return "float", strconv.FormatFloat(float64(v), 'G', -1, 32)
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "double", v.String()
		}
		return "long", v.String()
	case []byte:
		return "base64Binary", base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return "dateTime", v.Format(time.RFC3339Nano)
	case uuid.UUID:
		return "guid", v.String()
	}
	return "", ""
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
