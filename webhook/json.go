package webhook

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// MaxNesting is how deep arrays and objects may lie in each other in a JSON
// body, inclusive.
const MaxNesting = 256

var bom = []byte("\xef\xbb\xbf")

// document returns the one JSON value that body must be, without the byte order
// mark it may begin with.
func document(body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, EmptyBody
	}
	doc := bytes.TrimPrefix(body, bom)
	if !validJSON(doc) {
		return nil, MalformedBody
	}
	return doc, nil
}

// validJSON is stricter than encoding/json, which mends invalid UTF-8 and
// allows ten thousand levels.
func validJSON(doc []byte) bool {
	return utf8.Valid(doc) && shallow(doc) && json.Valid(doc)
}

// shallow tells whether brackets outside strings nest no deeper than allowed.
func shallow(doc []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '"':
			inString = !inString
		case inString:
			if c == '\\' {
				i++
			}
		case c == '{' || c == '[':
			if depth++; depth > MaxNesting {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

// object is a JSON object by member name, exact in case; of equal names the
// last one counts. A struct would match names in any case.
type object map[string]json.RawMessage

// asObject returns the object that a valid document is.
func asObject(doc []byte) (object, bool) {
	var o object
	if err := json.Unmarshal(doc, &o); err != nil || o == nil {
		return nil, false
	}
	return o, true
}

// text returns the string that is member name, and whether it is one.
func (o object) text(name string) (string, bool) {
	raw, ok := o[name]
	if !ok || len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", false
	}
	return s, true
}

// object returns the object that is member name, or nil.
func (o object) object(name string) object {
	inner, _ := asObject(o[name])
	return inner
}
