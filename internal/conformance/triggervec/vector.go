// Package triggervec puts facts about the HTTP trigger pipeline to the library:
// an app, one request or a script of several, and what is to be expected.
package triggervec

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/trigger"
)

type file struct {
	Defaults struct {
		Keys keySet
	}
	Vectors []json.RawMessage
}

type keySet struct {
	Master                 string
	Host, Function, System map[string]string
}

// A vector is one row. Unknown members are an error, so that a newer form of the
// file is not passed over.
type vector struct {
	ID, Group, Title, Profile, Confidence string

	Config              config
	Functions           []function
	Request             *request
	Steps               []step
	Expect              json.RawMessage
	LibExpect           json.RawMessage
	LibExpectWithOption map[string]json.RawMessage

	Input       *string
	Sample      json.RawMessage
	HandlerPing *ping
	Rules       []string
	Source      json.RawMessage
	Note        string

	option string // the one that is on, or ""
}

// The options that vectors name: the first is one of Compat, the other of Default.
const (
	methodNotAllowed = "MethodNotAllowed"
	lenientBinding   = "LenientBinding"
)

type config struct {
	HostJSON          json.RawMessage `json:"hostJson"`
	HostJSONRaw       *string         `json:"hostJsonRaw"`
	Env               map[string]string
	Table             json.RawMessage
	WebhookExtensions []string
	Algorithm         string
	HostState         string
	CheckIntervalMs   int
	GatewayTimeoutMs  int
	LocalTools        bool
	SiteHost          string
}

type function struct {
	Name            string
	FunctionJSON    json.RawMessage `json:"functionJson"`
	FunctionJSONRaw *string         `json:"functionJsonRaw"`
	Behaviour       map[string]json.RawMessage
}

type request struct {
	Method       string
	Target       *string
	Headers      map[string]string
	Body         *string
	Scheme, Host string
	BodyGenerate *struct {
		Byte  string
		Count int
	}
	TargetGenerate *struct {
		Prefix, Fill string
		Total        int
	}
}

// display is how the library names the request in a few words.
func (r *request) display() string {
	req, err := http.NewRequest(r.Method, r.Scheme+"://"+r.Host+*r.Target, nil)
	if err != nil {
		return err.Error()
	}
	req.RequestURI = *r.Target
	if r.Scheme == "https" {
		req.TLS = &tls.ConnectionState{}
	}
	return (&trigger.Request{Request: req}).String()
}

// touchesFiles reports whether the vector is about files of the app that are read
// or written, so that the app must be on disk.
func (v *vector) touchesFiles() bool {
	var x struct{ FileRewritten json.RawMessage }
	if json.Unmarshal(v.Expect, &x) == nil && x.FileRewritten != nil {
		return true
	}
	if v.Request == nil || v.Request.Target == nil {
		return false
	}
	path, _, _ := strings.Cut(strings.ToLower(*v.Request.Target), "?")
	return strings.HasPrefix(path, "/admin/vfs") || strings.HasPrefix(path, "/admin/zip") || path == "/admin/functions/download" ||
		strings.HasPrefix(path, "/admin/functions/") && (v.Request.Method == "PUT" || v.Request.Method == "DELETE")
}

// A ping is what a program answers to the question whether it is there.
type ping struct{ Status int }

// ready reports whether the library takes a program that answers so for ready.
func (p *ping) ready() (bool, error) {
	server, err := wire.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(p.Status) }))
	if err != nil {
		return false, err
	}
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), wire.Patience)
	defer cancel()
	return (&trigger.Worker{URL: server.URL()}).Await(ctx) == nil, nil
}

type step struct {
	Arrive, Finish, Throw, Panic, Cancel, ExpectDone string
	ArriveCount, SendCount, AdvanceMs                int
	FinishAll                                        bool
	Exceed                                           *[]string
}

// decode reads JSON strictly: a member that the type lacks is an error.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// wire returns the request as it goes over the wire.
func (r *request) wire() (*wire.Request, error) {
	w := &wire.Request{Method: r.Method, Host: r.Host, Secure: r.Scheme == "https"}
	if w.Host == "" {
		w.Host = "functions.example"
	}
	switch {
	case r.TargetGenerate != nil:
		g := r.TargetGenerate
		w.Target = g.Prefix + strings.Repeat(g.Fill, g.Total-len(g.Prefix))
	case r.Target != nil:
		w.Target = *r.Target
	default:
		return nil, fmt.Errorf("a request without a target")
	}
	for name, value := range r.Headers {
		switch {
		case strings.EqualFold(name, "Transfer-Encoding") && strings.EqualFold(value, "chunked"):
			w.Chunked = true
		case strings.EqualFold(name, "Content-Length"): // the client's own business
		default:
			w.Headers = append(w.Headers, [2]string{name, value})
		}
	}
	switch {
	case r.BodyGenerate != nil:
		w.Body = bytes.Repeat([]byte(r.BodyGenerate.Byte), r.BodyGenerate.Count)
	case r.Body != nil:
		w.Body = append([]byte{}, *r.Body...)
	case w.Chunked:
		w.Body = []byte{}
	}
	return w, nil
}
