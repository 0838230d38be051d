package keys

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf16"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// invalidValue is the source's text for every body it cannot use.
const invalidValue = "Invalid key value"

func badBody(format string, args ...any) error {
	why := fmt.Sprintf(format, args...)
	return statusError{status: http.StatusBadRequest, why: why, text: invalidValue + ": " + why}
}

// readValue returns the value that the body of a PUT gives. Its errors do not
// quote it.
func (a *API) readValue(w http.ResponseWriter, r *http.Request) (Secret, error) {
	decode, isXML, ok := bodyDecoder(r.Header.Get("Content-Type"))
	if !ok || isXML && !a.c.Compat {
		return Secret{}, statusError{status: http.StatusUnsupportedMediaType, why: "the body is not JSON"}
	}
	body, err := a.readBody(w, r)
	if err != nil {
		return Secret{}, err
	}
	if a.c.Compat {
		read := lenientValue
		if isXML {
			read = xmlValue
		}
		value, ok := read(decode(body))
		if !ok {
			return Secret{}, statusError{status: http.StatusBadRequest, why: "the body gives no value", text: invalidValue}
		}
		return NewSecret(value), nil
	}
	value, err := strictValue(decode(body))
	return NewSecret(value), err
}

// bodyDecoder returns how the body of a content type becomes UTF-8, and whether
// it is XML; it is not ok if the type is neither that nor JSON, or its charset is
// not one of two.
func bodyDecoder(contentType string) (decode func([]byte) []byte, isXML, ok bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	isXML = kind == "application/xml" || kind == "text/xml" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+xml")
	if err != nil || !isXML && kind != "application/json" && kind != "text/json" && !strings.HasSuffix(kind, "+json") {
		return nil, false, false
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8":
		return func(b []byte) []byte { return b }, isXML, true
	case "utf-16", "utf-16le":
		return fromUTF16, isXML, true
	}
	return nil, false, false
}

// fromUTF16 decodes little-endian UTF-16. A byte left over becomes a character
// that no JSON has there.
func fromUTF16(data []byte) []byte {
	units := make([]uint16, (len(data)+1)/2)
	for i, c := range data {
		units[i/2] |= uint16(c) << (8 * (i % 2))
	}
	return []byte(string(utf16.Decode(units)))
}

// strictValue reads {"value": "text"}. The name is compared ignoring case and
// may stand there once; other members are passed over.
func strictValue(body []byte) (string, error) {
	var probe json.RawMessage
	if err := json.Unmarshal(body, &probe); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return "", badBody("offset %d: not JSON", syntax.Offset)
		}
		return "", badBody("not JSON")
	}
	top, err := jsonc.Parse(body)
	if err != nil || top.Kind != jsonc.Object {
		return "", badBody("offset 0: not an object")
	}
	var value *jsonc.Value
	for _, m := range top.Members {
		if !strings.EqualFold(m.Name, "value") {
			continue
		}
		if value != nil {
			return "", badBody("offset %d: there are two values", m.Pos.Offset)
		}
		value = m.Value
	}
	switch {
	case value == nil:
		return "", badBody("offset 0: there is no value")
	case value.Kind != jsonc.String:
		return "", badBody("offset %d: the value is no text", value.Pos.Offset)
	}
	return value.Text, nil
}

// lenientValue reads a body as the source's JSON library does: what follows the
// object is not looked at, of two values the last counts, and a number or a
// boolean is taken for its text.
func lenientValue(body []byte) (string, bool) {
	if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
		return "", false
	}
	top, err := jsonc.ParseLenient(objectPrefix(body))
	if err != nil {
		return "", false
	}
	value, ok := "", false
	for _, m := range top.Members {
		switch {
		case strings.EqualFold(m.Name, "value"):
			value, ok = m.Value.Text, m.Value.Kind == jsonc.String || m.Value.Kind == jsonc.Number || m.Value.Kind == jsonc.Bool
			if m.Value.Kind == jsonc.Object || m.Value.Kind == jsonc.Array {
				return "", false
			}
		case strings.EqualFold(m.Name, "encrypted") && !booleanLike(m.Value):
			return "", false
		}
	}
	return value, ok
}

// xmlValue reads a body in the form of the source's XML serializer: the members
// of a Key are elements in the order of their names, of which the last is the
// value.
func xmlValue(body []byte) (string, bool) {
	var in struct {
		XMLName   xml.Name `xml:"http://schemas.datacontract.org/2004/07/Microsoft.Azure.WebJobs.Script.WebHost Key"`
		Encrypted *bool    `xml:"http://schemas.datacontract.org/2004/07/Microsoft.Azure.WebJobs.Script.WebHost IsEncrypted"`
		Value     []struct {
			Nil  bool   `xml:"http://www.w3.org/2001/XMLSchema-instance nil,attr"`
			Text string `xml:",chardata"`
		} `xml:"http://schemas.datacontract.org/2004/07/Microsoft.Azure.WebJobs.Script.WebHost Value"`
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	if err := dec.Decode(&in); err != nil || len(in.Value) == 0 || in.Value[0].Nil {
		return "", false
	}
	return in.Value[0].Text, true
}

// booleanLike reports whether the source reads a value as a boolean.
func booleanLike(v *jsonc.Value) bool {
	return v.Kind == jsonc.Bool || v.Kind == jsonc.Number ||
		v.Kind == jsonc.String && (strings.EqualFold(v.Text, "true") || strings.EqualFold(v.Text, "false"))
}

// objectPrefix cuts a text behind the brace that closes its first one.
func objectPrefix(text []byte) []byte {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*'):
			i += commentLength(text[i:]) - 1
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return text
}

// commentLength returns the length of the comment that text begins with.
func commentLength(text []byte) int {
	end := []byte("\n")
	if text[1] == '*' {
		end = []byte("*/")
	}
	if i := bytes.Index(text[2:], end); i >= 0 {
		return 2 + i + len(end)
	}
	return len(text)
}
