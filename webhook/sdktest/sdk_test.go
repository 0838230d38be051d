package sdktest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/webhook"
)

// libraries is the program that holds the senders' libraries.
type libraries struct {
	in  io.Writer
	out *bufio.Reader
}

func start(t *testing.T) *libraries {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		backend.Missing(t, "node is not installed")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		backend.Missing(t, "the senders' libraries: run npm ci --ignore-scripts in webhook/sdktest")
	}
	cmd := exec.CommandContext(t.Context(), node, "sdks.mjs")
	var said bytes.Buffer // libraries log what they refuse
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // which ends it
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the libraries said: %s", &said)
		}
	})
	return &libraries{in, bufio.NewReader(out)}
}

// request is what the program is asked.
type request struct {
	SDK     string            `json:"sdk"`
	Op      string            `json:"op"`
	Secret  string            `json:"secret"`
	Body    string            `json:"body"`
	Time    int64             `json:"time"`
	ID      string            `json:"id"`
	Headers map[string]string `json:"headers"`
}

// ask returns what a library says, or the error that it throws.
func (l *libraries) ask(t *testing.T, r request, result any) error {
	t.Helper()
	question, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(l.in, "%s\n", question); err != nil {
		t.Fatal(err)
	}
	line, err := l.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the libraries are gone: %v", err)
	}
	var reply struct {
		Result json.RawMessage `json:"result"`
		Error  string          `json:"error"`
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	if err := json.Unmarshal(reply.Result, result); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return nil
}

// good tells whether a library accepts a request.
func (l *libraries) good(t *testing.T, r request) bool {
	t.Helper()
	r.Op = "verify"
	var ok bool
	return l.ask(t, r, &ok) == nil && ok
}

type verifier interface {
	webhook.Verifier
	webhook.Signer
}

var senders = []struct {
	sdk, secret, other string
	with               func(webhook.Source) verifier
}{
	{"octokit", "It's a Secret to Everybody", "another", func(s webhook.Source) verifier { return &webhook.GitHub{Secrets: s} }},
	{"octokit", "ключ ☃", "ключ", func(s webhook.Source) verifier { return &webhook.GitHub{Secrets: s} }},
	{"stripe", "whsec_c2VjcmV0c2VjcmV0", "whsec_c2VjcmV0", func(s webhook.Source) verifier { return &webhook.Stripe{Secrets: s} }},
	{"svix", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
		func(s webhook.Source) verifier { return &webhook.Standard{Secrets: s, Svix: true} }},
	{"standardwebhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
		func(s webhook.Source) verifier { return &webhook.Standard{Secrets: s} }},
}

var bodies = []string{
	`{"type":"invoice.paid","id":"evt_1"}`,
	`{ "text" : "žluťoučký kůň ☃ 𝄞 \u0000 \"\\" }` + "\n",
	`{"pad":"` + strings.Repeat("0123456789", 20000) + `"}`,
}

func message(body string, at time.Time) *webhook.Message {
	return &webhook.Message{
		Method: "POST", Time: at, Body: []byte(body),
		Header: http.Header{"Webhook-Id": {"msg_1"}, "Svix-Id": {"msg_1"}},
	}
}

// headers is how a library takes headers: one value each, names in lower case.
func headers(h http.Header) map[string]string {
	flat := map[string]string{}
	for name := range h {
		flat[strings.ToLower(name)] = h.Get(name)
	}
	return flat
}

// tampered changes one byte in the middle, in a way that leaves JSON as it is.
func tampered(body string) string {
	at := strings.LastIndexAny(body, "bcdefghijkn0123456789")
	return body[:at] + string(body[at]+1) + body[at+1:]
}

// TestLibrarySigns: what a sender's library signs is accepted here.
func TestLibrarySigns(t *testing.T) {
	l := start(t)
	now := time.Now()
	for _, s := range senders {
		for i, body := range bodies {
			t.Run(fmt.Sprint(s.sdk, " ", i), func(t *testing.T) {
				var signed map[string]string
				if err := l.ask(t, request{SDK: s.sdk, Op: "sign", Secret: s.secret, Body: body, Time: now.Unix(), ID: "msg_2"}, &signed); err != nil {
					t.Fatal(err)
				}
				m := &webhook.Message{Method: "POST", Time: now, Body: []byte(body), Header: http.Header{}}
				for name, value := range signed {
					m.Header.Set(name, value)
				}
				d, err := s.with(webhook.Static(s.other, s.secret)).Verify(t.Context(), m)
				if err != nil || d.Secret.Index != 1 {
					t.Errorf("%v, by secret %d", err, d.Secret.Index)
				}
				if _, err := s.with(webhook.Static(s.other)).Verify(t.Context(), m); !errors.Is(err, webhook.SignatureMismatch) {
					t.Errorf("by another secret: %v", err)
				}
				m.Body = []byte(tampered(body))
				if _, err := s.with(webhook.Static(s.secret)).Verify(t.Context(), m); !errors.Is(err, webhook.SignatureMismatch) {
					t.Errorf("with another body: %v", err)
				}
			})
		}
	}
}

// TestLibraryVerifies: what is signed here is accepted by the sender's library,
// and what is changed afterwards is not.
func TestLibraryVerifies(t *testing.T) {
	l := start(t)
	now := time.Now()
	for _, s := range senders {
		for i, body := range bodies {
			t.Run(fmt.Sprint(s.sdk, " ", i), func(t *testing.T) {
				m := message(body, now)
				if err := s.with(webhook.Static(s.secret)).Sign(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				r := request{SDK: s.sdk, Secret: s.secret, Body: body, Headers: headers(m.Header)}
				if !l.good(t, r) {
					t.Error("the library refuses it")
				}
				changed, other := r, r
				changed.Body, other.Secret = tampered(body), s.other
				if l.good(t, changed) || l.good(t, other) {
					t.Error("the library accepts another body or secret: this test shows nothing")
				}
			})
		}
	}
}

// servers are the libraries that receive by HTTP themselves.
var servers = []struct {
	sdk, event, body string
	header           http.Header
	with             func(webhook.Source) webhook.Signer
}{
	{
		sdk: "octokit", event: "push", body: `{"ref":"refs/heads/main","note":"řeřicha"}`,
		header: http.Header{"X-GitHub-Event": {"push"}, "X-GitHub-Delivery": {"1"}},
		with:   func(s webhook.Source) webhook.Signer { return &webhook.GitHub{Secrets: s} },
	},
	{
		sdk: "bolt", event: "app_mention",
		body: `{"type":"event_callback","team_id":"T1","event":{"type":"app_mention","user":"U2","text":"ahoj ☃","channel":"C1","ts":"1"}}`,
		with: func(s webhook.Source) webhook.Signer { return &webhook.Slack{Secrets: s} },
	},
}

// TestLibraryReceives: a server of the sender's library takes requests that are
// signed here, and runs its handlers; a wrong secret gets 4xx and runs nothing.
func TestLibraryReceives(t *testing.T) {
	l := start(t)
	for _, s := range servers {
		t.Run(s.sdk, func(t *testing.T) {
			const secret = "8f742231b10e8888abcd99yyyzzz85a5"
			var port int
			if err := l.ask(t, request{SDK: s.sdk, Op: "serve", Secret: secret}, &port); err != nil {
				t.Fatal(err)
			}
			send := func(secret, body string) (int, string) {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), "POST", fmt.Sprintf("http://127.0.0.1:%d/", port), strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/json")
				for name, values := range s.header {
					r.Header.Set(name, values[0])
				}
				if err := webhook.SignRequest(s.with(webhook.Static(secret)), r, time.Now()); err != nil {
					t.Fatal(err)
				}
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				answer, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				return resp.StatusCode, string(answer)
			}
			if status, answer := send("wrong", s.body); status < 400 || status > 499 {
				t.Errorf("by a wrong secret: %d %s", status, answer)
			}
			if status, answer := send(secret, s.body); status != 200 {
				t.Errorf("status %d: %s", status, answer)
			}
			var seen []struct {
				Name    string         `json:"name"`
				Payload map[string]any `json:"payload"`
			}
			if err := l.ask(t, request{SDK: s.sdk, Op: "seen"}, &seen); err != nil {
				t.Fatal(err)
			}
			if len(seen) != 1 || seen[0].Name != s.event {
				t.Errorf("the handlers saw %v", seen)
			}
			if s.sdk == "bolt" {
				challenge := `{"type":"url_verification","challenge":"3eZbrw1a"}`
				if status, answer := send(secret, challenge); status != 200 || !strings.Contains(answer, "3eZbrw1a") {
					t.Errorf("url_verification: %d %s", status, answer)
				}
			}
		})
	}
}
