// Package hostvec replays whole function apps as they were recorded on the
// reference host: files, keys and settings, then requests over real connections
// with every header and byte of the answers, and what the functions saw.
package hostvec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/internal/jsonc"
)

type file struct {
	Format, Recorded, About string
	Apps                    []json.RawMessage
}

// An app is one vector. Unknown members are an error, so that a newer form of
// the file is not passed over.
type app struct {
	ID, Topic, Title, Model string
	HostJSON                json.RawMessage `json:"host.json"`
	Functions               json.RawMessage // name to function, in order
	Keys                    *keySet
	Documents               map[string]json.RawMessage
	Files                   map[string]json.RawMessage
	Env                     map[string]string
	Start                   string
	HostError               *string
	FunctionErrors          map[string]string
	Rules                   []string
	Note                    string
	Exchanges               []exchange
	Steps                   []step
}

type keySet struct {
	Master       string
	Host, System json.RawMessage
	Functions    map[string]json.RawMessage
}

type function struct {
	FunctionJSON json.RawMessage `json:"function.json"`
	Answer       json.RawMessage
	Parameters   map[string]string
	Files        map[string]json.RawMessage
}

type exchange struct {
	Request  request
	Response response
	Rules    []string
	Seen     *seen
	Note     string
	Capture  map[string]string
}

type request struct {
	Method, Target string
	Headers        [][2]string
	Body           *string
	BodyBase64     *string
	Chunked        bool
	Scheme, Host   string
}

type response struct {
	Status        int
	Headers       map[string]lines
	Body          *string
	BodyBase64    *string
	JSON          json.RawMessage
	Ignored       []string
	Homepage      bool
	Truncated     bool
	ContentLength *int64
}

// lines are the values of a header: one text or a list.
type lines []string

func (l *lines) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(l))
	}
	*l = make(lines, 1)
	return json.Unmarshal(text, &(*l)[0])
}

type seen struct {
	Function   string
	Method     *string
	Path       *string
	Query      json.RawMessage
	Headers    json.RawMessage
	Route      map[string]*string
	Identities json.RawMessage
	Body       *string
	BodyBase64 *string
	Bound      json.RawMessage
	Parameters json.RawMessage
	Data       json.RawMessage
	Metadata   json.RawMessage
	Target     *string
}

type step struct {
	Start   json.RawMessage // name to request, in order
	Release []string
	Abort   []string
	Write   map[string]json.RawMessage
	Sleep   float64
	Then    map[string]json.RawMessage
	Note    string
}

// decode reads JSON strictly: a member that the type lacks is an error.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// A pair is a member of an object.
type pair struct {
	name string
	text json.RawMessage
}

// ordered lists the members of an object in the order of the text.
func ordered(text json.RawMessage) ([]pair, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	v, err := jsonc.Parse(text)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for _, m := range v.Members {
		pairs = append(pairs, pair{m.Name, text[m.Value.Pos.Offset:m.Value.End.Offset]})
	}
	return pairs, nil
}

// fileText returns the content of a file that a vector gives as text, or as JSON
// that was written with a blank behind each comma and colon.
func fileText(text json.RawMessage) ([]byte, error) {
	if len(text) > 0 && text[0] == '"' {
		var s string
		err := json.Unmarshal(text, &s)
		return []byte(s), err
	}
	v, err := jsonc.Parse(text)
	if err != nil {
		return nil, err
	}
	return spaced(nil, v), nil
}

func spaced(b []byte, v *jsonc.Value) []byte {
	switch v.Kind {
	case jsonc.Array:
		b = append(b, '[')
		for i, item := range v.Items {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = spaced(b, item)
		}
		return append(b, ']')
	case jsonc.Object:
		b = append(b, '{')
		for i, m := range v.Members {
			if i > 0 {
				b = append(b, ", "...)
			}
			name := jsonc.Value{Kind: jsonc.String, Text: m.Name}
			b = append(name.AppendJSON(b), ": "...)
			b = spaced(b, m.Value)
		}
		return append(b, '}')
	}
	return v.AppendJSON(b)
}

// names stand in the texts of a vector for what differs from run to run.
type names map[string]string

var repeated = regexp.MustCompile(`\$\{(.)\*(\d+)\}`)

// expand puts in what ${x*100} and ${NAME} stand for.
func (n names) expand(s string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	s = repeated.ReplaceAllStringFunc(s, func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		count, _ := strconv.Atoi(parts[2])
		return strings.Repeat(parts[1], count)
	})
	for name, value := range n {
		s = strings.ReplaceAll(s, "${"+name+"}", value)
	}
	return s
}

// wire returns the request as it goes over the wire.
func (r *request) wire(n names) (*wire.Request, error) {
	w := &wire.Request{Method: r.Method, Target: n.expand(r.Target), Host: r.Host, Chunked: r.Chunked, Secure: r.Scheme == "https"}
	if w.Host == "" {
		w.Host = "app.test"
	}
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		return nil, fmt.Errorf("scheme %q", r.Scheme)
	}
	for _, h := range r.Headers {
		w.Headers = append(w.Headers, [2]string{h[0], n.expand(h[1])})
	}
	switch {
	case r.BodyBase64 != nil:
		body, err := base64.StdEncoding.DecodeString(*r.BodyBase64)
		if err != nil {
			return nil, err
		}
		w.Body = append([]byte{}, body...)
	case r.Body != nil:
		w.Body = append([]byte{}, n.expand(*r.Body)...)
	}
	return w, nil
}
