// Package webhookvec puts webhook vectors to the webhook package. The profile
// "modern" is its own verifiers; "functions-1.x" is its Compat profile.
package webhookvec

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/internal/refuse"
	"github.com/httptrigger/httptrigger/webhook"
)

type vector struct {
	ID        string          `json:"id"`
	Profile   string          `json:"profile"`
	Provider  string          `json:"provider"`
	Title     string          `json:"title"`
	Rules     []string        `json:"rules"`
	Tags      []string        `json:"tags"`
	Published bool            `json:"published"`
	Source    string          `json:"source"`
	Secrets   []string        `json:"secrets"`
	Keys      *keySets        `json:"keys"`
	Options   options         `json:"options"`
	Method    string          `json:"method"`
	URL       string          `json:"url"`
	Headers   [][2]string     `json:"headers"`
	Body      *string         `json:"body"`
	BodyB64   *string         `json:"body_b64"`
	BodyRep   *repeated       `json:"body_repeat"`
	Now       int64           `json:"now"`
	ReplayOf  string          `json:"replay_of"`
	After     int64           `json:"replay_after_s"`
	Expect    expectation     `json:"expect"`
	Observed  json.RawMessage `json:"observed_1x"`
}

type keySets struct {
	Function map[string]string `json:"function"`
	Host     map[string]string `json:"host"`
	Master   string            `json:"master"`
}

type repeated struct {
	Prefix string `json:"prefix"`
	Unit   string `json:"unit"`
	Count  int    `json:"count"`
	Suffix string `json:"suffix"`
}

type options struct {
	Local             bool      `json:"local"`
	DisableHTTPSCheck bool      `json:"disable_https_check"`
	AuthDisabled      bool      `json:"auth_disabled"`
	FunctionDisabled  bool      `json:"function_disabled"`
	Methods           *[]string `json:"methods"`
	ToleranceS        *int64    `json:"tolerance_s"`
	MaxBody           int64     `json:"max_body"`
	VerifyOnly        bool      `json:"verify_only"`
	AllowSHA1         bool      `json:"allow_sha1"`
	SigningSecrets    []string  `json:"signing_secrets"`
	PublicURL         string    `json:"public_url"`
	Kind              string    `json:"kind"`
	AllowedOrigins    []string  `json:"allowed_origins"`
	AllowedRate       *int      `json:"allowed_rate"`
	RequireOrigin     bool      `json:"require_origin"`
	AllowedTopics     *[]string `json:"allowed_topics"`
	CheckCallback     bool      `json:"check_callback"`
	CallbackHosts     []string  `json:"callback_hosts"`
	ReplayMode        string    `json:"replay_mode"`
	Header            string    `json:"header"`
	Prefix            string    `json:"prefix"`
	Hash              string    `json:"hash"`
	Encoding          string    `json:"encoding"`
	SecretEncoding    string    `json:"secret_encoding"`
	TimestampHeader   string    `json:"timestamp_header"`
	Signed            string    `json:"signed"`
}

type expectation struct {
	Accept          bool              `json:"accept"`
	Status          int               `json:"status"`
	Reason          string            `json:"reason"`
	Invoked         bool              `json:"invoked"`
	Event           *string           `json:"event"`
	DeliveryID      *string           `json:"delivery_id"`
	Payload         json.RawMessage   `json:"payload"`
	Form            map[string]string `json:"form"`
	ResponseBody    *string           `json:"response_body"`
	ResponseJSON    json.RawMessage   `json:"response_json"`
	ResponseHeaders map[string]string `json:"response_headers"`
}

// Run puts every vector of a file to the library.
func Run(r *vec.Report, f *vec.File) error {
	var file struct {
		Vectors []json.RawMessage `json:"vectors"`
	}
	if err := json.Unmarshal(f.Data, &file); err != nil {
		return err
	}
	byID := map[string]*vector{}
	list := make([]*vector, 0, len(file.Vectors))
	unread := map[int]error{}
	for i, raw := range file.Vectors {
		var v vector
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&v); err != nil {
			unread[i] = err
			_ = json.Unmarshal(raw, &v) // for its name and group
		}
		list = append(list, &v)
		byID[v.ID] = &v
	}
	for i, v := range list {
		group := "webhook/" + v.Profile + "/" + v.Provider
		if err := unread[i]; err != nil {
			r.NotBuilt(group, v.ID, err.Error())
			continue
		}
		target, err := build(v)
		if err != nil {
			r.NotBuilt(group, v.ID, err.Error())
			continue
		}
		if v.ReplayOf != "" {
			before := byID[v.ReplayOf]
			if before == nil {
				r.Fail(group, v.ID, "replay_of names no vector: %q", v.ReplayOf)
				continue
			}
			if _, err := target.send(before, before.Now); err != nil {
				r.Fail(group, v.ID, "the delivery before: %v", err)
				continue
			}
		}
		now := v.Now
		if v.ReplayOf != "" {
			now = byID[v.ReplayOf].Now + v.After
		}
		got, err := target.send(v, now)
		if err != nil {
			r.Fail(group, v.ID, "%v", err)
			continue
		}
		if diffs := compare(v, got); len(diffs) > 0 {
			r.Fail(group, v.ID, "%s", strings.Join(diffs, "; "))
			continue
		}
		r.Pass(group)
	}
	return nil
}

// result is what the library made of a vector.
type result struct {
	reason   webhook.Reason
	invoked  bool
	delivery *webhook.Delivery
	event    string
	id       string
	status   int
	response *httptest.ResponseRecorder // nil where no HTTP was around
}

func compare(v *vector, got *result) []string {
	var diffs []string
	differ := func(what string, want, got any) {
		if !reflect.DeepEqual(want, got) {
			diffs = append(diffs, fmt.Sprintf("%s: want %v, got %v", what, want, got))
		}
	}
	differ("reason", v.Expect.Reason, string(got.reason))
	differ("invoked", v.Expect.Invoked, got.invoked)
	differ("status", v.Expect.Status, got.status)
	if want := v.Expect.Event; want != nil {
		differ("event", *want, got.event)
	}
	if want := v.Expect.DeliveryID; want != nil {
		differ("delivery_id", *want, got.id)
	}
	if want := v.Expect.Payload; want != nil && got.delivery != nil {
		payload := got.delivery.Payload
		if payload == nil {
			payload = []byte("null")
		}
		differ("payload", decoded(want), decoded(payload))
	}
	if want := v.Expect.Form; want != nil && got.delivery != nil {
		form := map[string]string{}
		for name, values := range got.delivery.Form {
			form[name] = strings.Join(values, ",")
		}
		differ("form", want, form)
	}
	if got.response != nil {
		if want := v.Expect.ResponseBody; want != nil {
			differ("response_body", *want, got.response.Body.String())
		}
		if want := v.Expect.ResponseJSON; want != nil {
			differ("response_json", decoded(want), decoded(got.response.Body.Bytes()))
		}
		for name, want := range v.Expect.ResponseHeaders {
			differ(name, want, strings.Join(got.response.Result().Header.Values(name), ", "))
		}
	}
	return diffs
}

func decoded(doc []byte) any {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return err.Error()
	}
	return v
}

func (v *vector) body() ([]byte, error) {
	switch {
	case v.Body != nil:
		return []byte(*v.Body), nil
	case v.BodyB64 != nil:
		return base64.StdEncoding.DecodeString(*v.BodyB64)
	case v.BodyRep != nil:
		return []byte(v.BodyRep.Prefix + strings.Repeat(v.BodyRep.Unit, v.BodyRep.Count) + v.BodyRep.Suffix), nil
	}
	return nil, nil
}

// address splits the URL of a vector, every character as it stands. A request
// always has a path.
func (v *vector) address() (scheme, host, target string) {
	scheme, rest, _ := strings.Cut(v.URL, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		return scheme, rest, "/"
	}
	if host, target = rest[:end], rest[end:]; target[0] == '?' {
		target = "/" + target
	}
	return scheme, host, target
}

// request makes the HTTP request of a vector as a server would see it.
func (v *vector) request() (*http.Request, error) {
	body, err := v.body()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(v.Method, v.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	_, _, r.RequestURI = v.address()
	r.RemoteAddr = "192.0.2.1:40000"
	if r.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	if v.Options.Local {
		r.RemoteAddr = "127.0.0.1:40000"
	}
	for _, h := range v.Headers {
		r.Header.Add(h[0], h[1])
	}
	return r, nil
}

// message makes what the verifier sees where there is no server.
func (v *vector) message(now int64) (*webhook.Message, error) {
	body, err := v.body()
	if err != nil {
		return nil, err
	}
	scheme, host, target := v.address()
	m := &webhook.Message{
		Method: v.Method, Scheme: scheme, Host: host, Target: target, Header: http.Header{},
		Time: time.Unix(now, 0), Body: body, MaxBody: v.Options.MaxBody,
	}
	for _, h := range v.Headers {
		m.Header.Add(h[0], h[1])
	}
	return m, nil
}

// target is a receiver that vectors are sent to, with its clock.
type target struct {
	verifier webhook.Verifier
	handler  http.Handler
	clock    time.Time
	last     *result
	verify   bool // verify stage only
}

func (t *target) send(v *vector, now int64) (*result, error) {
	t.clock = time.Unix(now, 0)
	t.last = &result{}
	if t.verify {
		return t.check(v, now)
	}
	r, err := v.request()
	if err != nil {
		return nil, err
	}
	t.last.response = httptest.NewRecorder()
	t.handler.ServeHTTP(t.last.response, r)
	t.last.status = t.last.response.Code
	return t.last, nil
}

// check runs the verify stage alone.
func (t *target) check(v *vector, now int64) (*result, error) {
	m, err := v.message(now)
	if err != nil {
		return nil, err
	}
	d, err := t.verifier.Verify(context.Background(), m)
	t.last.reason = webhook.ReasonOf(err)
	t.last.id = d.ID
	t.last.invoked = err == nil
	t.last.status = http.StatusOK
	if err != nil {
		t.last.status = refuse.Status(err)
	}
	return t.last, nil
}

// observe and ServeHTTP note what the receiver made of the request.
func (t *target) observe(_ context.Context, o webhook.Outcome) {
	t.last.reason, t.last.event, t.last.id = o.Reason, o.Event, o.ID
}

func (t *target) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	t.last.invoked = true
	if d, ok := webhook.FromContext(r.Context()); ok {
		t.last.delivery = d
	}
}

func (t *target) now() time.Time { return t.clock }

func build(v *vector) (*target, error) {
	switch v.Profile {
	case "modern":
		return buildModern(v)
	case "functions-1.x":
		return buildFunctions(v)
	}
	return nil, fmt.Errorf("profile %q", v.Profile)
}

// buildModern makes the receiver. Vectors with unusable secrets want to see
// the answer to a request, so the secrets come from a function, which cannot be
// looked at beforehand; and they must not get past NewReceiver as a list.
func buildModern(v *vector) (*target, error) {
	if v.Keys != nil {
		return nil, fmt.Errorf("keys in the profile %q", v.Profile)
	}
	verifier, err := modern(v, func(secrets ...string) webhook.Source { return live(webhook.Static(secrets...)) })
	if err != nil {
		return nil, err
	}
	t := &target{verifier: verifier, verify: v.Options.VerifyOnly}
	mode, ok := map[string]webhook.ReplayMode{
		"": webhook.RememberSignature, "signature": webhook.RememberSignature, "id": webhook.RememberID,
	}[v.Options.ReplayMode]
	if !ok {
		return nil, fmt.Errorf("replay_mode %q", v.Options.ReplayMode)
	}
	t.handler, err = webhook.NewReceiver(webhook.Config{
		Verifier: verifier, Handler: t, MaxBody: v.Options.MaxBody, ReplayMode: mode, Now: t.now, Observe: t.observe,
	})
	if err != nil {
		return nil, err
	}
	if v.Expect.Reason == "missing_secret" || v.Expect.Reason == "invalid_secret" {
		fixed, err := modern(v, func(secrets ...string) webhook.Source { return webhook.Static(secrets...) })
		if err != nil {
			return nil, err
		}
		if _, err := webhook.NewReceiver(webhook.Config{Verifier: fixed}); err == nil {
			return nil, fmt.Errorf("NewReceiver took unusable secrets")
		}
	}
	return t, nil
}

// live is a source that cannot be looked at before a request comes.
func live(list webhook.Secrets) webhook.Source {
	return webhook.SourceFunc(func(context.Context) ([]webhook.Secret, error) { return list, nil })
}
