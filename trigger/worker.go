package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// A Worker lets another program run functions: the custom handler of an app. The
// program listens on the loopback interface and is sent either the live request
// (CustomHandlerConfig.ForwardHTTP, for a function with an httpTrigger and an
// http output and nothing else) or a description of it, in JSON:
//
//	POST /NAME
//	{"Data": {"req": {"Url": …, "Method": …, "Query": {}, "Headers": {}, "Params": {}, "Identities": [], "Body": …}}, "Metadata": {…}}
//
// to which it answers 2xx with application/json:
//
//	{"Outputs": {"res": {"statusCode": 200, "headers": {}, "body": …}}, "ReturnValue": …, "Logs": ["…"]}
//
// A program that cannot be reached is status 502, an answer that makes no sense
// 500. A Worker talks to a program that somebody else runs; a Process runs one.
// Its fields are set before first use; its handlers may be called concurrently.
type Worker struct {
	// URL is where the program listens, "http://127.0.0.1:8080".
	URL string

	// Transport makes the requests; nil is one of the Worker's own that uses
	// no proxy, follows no redirect and keeps no cookies.
	Transport http.RoundTripper

	// Ready, if not nil, waits until the program can be asked.
	Ready func(context.Context) error

	// Version is how the program is told the host's version; "" is not at all.
	Version string

	// MaxAnswer is the most bytes of an answer in JSON, the bound included; 0 is
	// 104,857,600. A longer one is status 500. Answers to forwarded requests
	// are relayed as they come and have no bound.
	MaxAnswer int64

	// Logger is told what the program logs and where it fails; nil is silent.
	Logger *slog.Logger
}

// Handlers returns a handler for each HTTP function of an app, to be used as
// Config.Handlers.
func (w *Worker) Handlers(app *App) (map[string]http.Handler, error) {
	base, err := url.Parse(w.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("trigger: worker: %q: want the URL of the program", w.URL)
	}
	transport := w.Transport
	if transport == nil {
		transport = direct()
	}
	forward := app.Host.CustomHandler != nil && app.Host.CustomHandler.ForwardHTTP
	handlers := map[string]http.Handler{}
	for i := range app.Functions {
		f := &app.Functions[i]
		switch {
		case !f.HTTP:
		case forward && f.onlyHTTP():
			handlers[f.Name] = w.forwarder(base, transport, f)
		default:
			handlers[f.Name] = w.describer(base, transport, f)
		}
	}
	return handlers, nil
}

// onlyHTTP reports whether the bindings are an httpTrigger and an http output.
func (f *FunctionConfig) onlyHTTP() bool {
	return len(f.Bindings) == 2 && f.output() != nil
}

// output returns the http output, nil if there is none.
func (f *FunctionConfig) output() *Binding {
	for i := range f.Bindings {
		if b := &f.Bindings[i]; b.Direction == Out && strings.EqualFold(b.Type, "http") {
			return b
		}
	}
	return nil
}

// direct is the transport of a Worker without one: a program on the loopback
// interface is asked without a proxy, and to unpack its answers is the client's
// business.
func direct() *http.Transport {
	return &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second}
}

func (w *Worker) log() *slog.Logger {
	if w.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return w.Logger
}

// A WorkerError says that the program of a custom handler did not answer, or not
// in a way that makes an answer.
type WorkerError struct {
	Function string // its name
	Reason   string // what went wrong, in a few words
	Err      error  // the cause, nil if the answer itself is at fault

	status int
}

func (e *WorkerError) Error() string {
	text := fmt.Sprintf("trigger: custom handler: %q: %s", e.Function, e.Reason)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *WorkerError) Unwrap() error { return e.Err }

// StatusCode returns 502 if the program could not be reached, else 500, as the
// reference answers in both cases.
func (e *WorkerError) StatusCode() int { return e.status }

func (w *Worker) unreachable(r *http.Request, function string, err error) *WorkerError {
	status := http.StatusBadGateway
	if rulesOf(r.Context()).compat {
		status = http.StatusInternalServerError
	}
	return &WorkerError{Function: function, Reason: "no answer", Err: err, status: status}
}

func badAnswer(function, format string, args ...any) *WorkerError {
	return &WorkerError{Function: function, Reason: fmt.Sprintf(format, args...), status: http.StatusInternalServerError}
}

// mark puts the fields on a request that tell the program whom it works for.
func (w *Worker) mark(h http.Header, inv *Invocation) {
	h["X-Azure-Functions-Invocationid"] = []string{inv.ID.String()}
	h["User-Agent"] = []string{"Azure-Functions-Host/" + w.Version}
	if w.Version != "" {
		h["X-Azure-Functions-Hostversion"] = []string{w.Version}
	}
}

// forwarder hands on the live request and relays the answer as it comes.
func (w *Worker) forwarder(base *url.URL, transport http.RoundTripper, f *FunctionConfig) http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(w.log().Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = base.Scheme, base.Host
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			p.Out.Host = p.In.Host
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if v := p.In.Header[name]; v != nil {
					p.Out.Header[name] = v // who is in front is the program's to know
				}
			}
			if rulesOf(p.In.Context()).compat {
				dropContentFields(p.Out)
			}
			if inv, ok := FromContext(p.In.Context()); ok {
				w.mark(p.Out.Header, inv)
			}
			if agent := p.In.UserAgent(); agent != "" {
				p.Out.Header["User-Agent"] = []string{agent + " " + p.Out.UserAgent()}
			}
		},
		ErrorHandler: func(rw http.ResponseWriter, r *http.Request, err error) {
			w.fail(rw, r, w.unreachable(r, f.Name, err))
		},
	}
	relayed := Relay(proxy)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.ready(r.Context()); err != nil {
			w.fail(rw, r, w.unreachable(r, f.Name, err))
			return
		}
		if rulesOf(r.Context()).compat {
			if r.ContentLength < 0 {
				w.fail(rw, r, badAnswer(f.Name, "a chunked body is not handed on"))
				return
			}
			r.URL.RawQuery = forwardedQuery(r)
		}
		relayed.ServeHTTP(rw, r)
	})
}

// Await asks the program for its root until it answers, with whatever status, 404
// included (DefaultHttpWorkerService.cs), or ctx ends, whose error it returns.
// The reference waits for 30 seconds. It suits Ready where nobody else watches
// the program, at the price of a request more for each.
func (w *Worker) Await(ctx context.Context) error {
	transport := w.Transport
	if transport == nil {
		transport = &http.Transport{DisableKeepAlives: true}
	}
	return awaitAnswer(ctx, transport, w.URL)
}

// awaitAnswer asks at growing distances, at most a second apart.
func awaitAnswer(ctx context.Context, transport http.RoundTripper, base string) error {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/", nil)
		if err != nil {
			return err
		}
		if resp, err := transport.RoundTrip(r); err == nil {
			return resp.Body.Close()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (w *Worker) ready(ctx context.Context) error {
	if w.Ready == nil {
		return nil
	}
	return w.Ready(ctx)
}

// tell says in the log where the program failed.
func (w *Worker) tell(ctx context.Context, err *WorkerError) {
	w.log().ErrorContext(ctx, "Custom handler failed", "function", err.Function, "error", Redact(err.Error()))
}

// fail answers for a program that did not.
func (w *Worker) fail(rw http.ResponseWriter, r *http.Request, err *WorkerError) {
	w.tell(r.Context(), err)
	if inv, ok := FromContext(r.Context()); ok {
		inv.returned(err.status, err)
	}
	rulesOf(r.Context()).deny(rw, r, err)
}

// describer sends a description of the request and makes an answer of what the
// program says.
func (w *Worker) describer(base *url.URL, transport http.RoundTripper, f *FunctionConfig) http.Handler {
	target := base.JoinPath(f.Name).String()
	ask := func(ctx context.Context, r *http.Request, inv *Invocation) (any, error) {
		if err := w.ready(ctx); err != nil {
			return nil, w.unreachable(r, f.Name, err)
		}
		payload, err := describe(f, r, inv)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(payload))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		w.mark(req.Header, inv)
		if inv.TraceParent != "" {
			req.Header.Set("Traceparent", inv.TraceParent)
			if state := r.Header["Tracestate"]; state != nil {
				req.Header["Tracestate"] = state
			}
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return nil, w.unreachable(r, f.Name, err)
		}
		defer resp.Body.Close()
		return w.answer(f, r, inv, resp)
	}
	return typed(func(ctx context.Context, r *http.Request, inv *Invocation) (any, error) {
		v, err := ask(ctx, r, inv)
		var failed *WorkerError
		if errors.As(err, &failed) {
			w.tell(ctx, failed)
		}
		return v, err
	})
}

// answer makes a result of the program's answer.
func (w *Worker) answer(f *FunctionConfig, r *http.Request, inv *Invocation, resp *http.Response) (any, error) {
	most := w.MaxAnswer
	if most == 0 {
		most = defaultMaxBody
	}
	var text []byte
	var err error
	if resp.ContentLength <= most {
		text, err = io.ReadAll(io.LimitReader(resp.Body, max(most, most+1))) // the most of all has no next
	}
	switch mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); {
	case err != nil:
		return nil, w.unreachable(r, f.Name, err)
	case resp.ContentLength > most || int64(len(text)) > most:
		return nil, badAnswer(f.Name, "the answer is longer than %d bytes", most)
	case resp.StatusCode/100 != 2:
		return nil, badAnswer(f.Name, "status %d, want 2xx", resp.StatusCode)
	case mediaType != "application/json" && mediaType != "text/json":
		return nil, badAnswer(f.Name, "Content-Type %q, want application/json", resp.Header.Get("Content-Type"))
	}
	compat := inv.rules != nil && inv.rules.compat
	v, err := parseAnswer(text, compat)
	switch {
	case v == nil && err == nil: // nothing, or null
		if compat {
			<-r.Context().Done() // the reference waits for more until the function's time is up
		}
		return nil, badAnswer(f.Name, "an empty answer")
	case err != nil:
		return nil, &WorkerError{Function: f.Name, Reason: "the answer", Err: err, status: http.StatusInternalServerError}
	}
	if err := checkAnswer(v); err != nil {
		return nil, &WorkerError{Function: f.Name, Reason: "the answer", Err: err, status: http.StatusInternalServerError}
	}
	w.logs(r.Context(), f, folded(v, "Logs"))
	return outcomeOf(f, v), nil
}

// checkAnswer finds members of an answer that are not of their type
// (HttpScriptInvocationResult.cs).
func checkAnswer(v *jsonc.Value) error {
	if outputs := folded(v, "Outputs"); outputs != nil && outputs.Kind != jsonc.Object && outputs.Kind != jsonc.Null {
		return errors.New("its Outputs are no object")
	}
	logs := folded(v, "Logs")
	if logs == nil || logs.Kind == jsonc.Null {
		return nil
	}
	nested := func(line *jsonc.Value) bool { return line.Kind == jsonc.Object || line.Kind == jsonc.Array }
	if logs.Kind != jsonc.Array || slices.ContainsFunc(logs.Items, nested) {
		return errors.New("its Logs are no list of texts")
	}
	return nil
}

// parseAnswer reads the JSON of an answer, in Compat as leniently as the reference
// does; nil is none.
func parseAnswer(text []byte, compat bool) (*jsonc.Value, error) {
	if len(bytes.TrimSpace(text)) == 0 || string(bytes.TrimSpace(text)) == "null" {
		return nil, nil
	}
	if !compat && !json.Valid(text) {
		return nil, errors.New("not JSON")
	}
	v, err := jsonc.ParseLenient(text)
	if err != nil {
		return nil, errors.New("no JSON object")
	}
	return v, nil
}

// outcomeOf picks the value for the HTTP output.
func outcomeOf(f *FunctionConfig, v *jsonc.Value) any {
	out := f.output()
	outputs, returned := folded(v, "Outputs"), folded(v, "ReturnValue")
	switch {
	case out != nil && out.Name == "$return":
		if returned != nil && returned.Kind == jsonc.String {
			if raw, ok := fromBase64(returned.Text); ok {
				return &Response{Body: raw}
			}
		}
		return script{value: returned}
	case out != nil && outputs != nil && outputs.Kind == jsonc.Object:
		value := outputs.Get(out.Name)
		if value == nil {
			return &Response{Body: "{}"}
		}
		return script{value: value, output: true}
	case returned == nil || returned.Kind == jsonc.Null:
		return nil
	}
	return plainValue(returned)
}

func (w *Worker) logs(ctx context.Context, f *FunctionConfig, lines *jsonc.Value) {
	if lines == nil || lines.Kind != jsonc.Array {
		return
	}
	for _, line := range lines.Items {
		w.log().InfoContext(ctx, netText(line), "function", f.Name)
	}
}
