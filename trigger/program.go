package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/httptrigger/httptrigger/keys"
)

// A Program is the other side of a Worker: the functions of an app as the
// program that a host of another make calls, the reference's for one, because
// the app's host.json names it as the custom handler. It is an http.Handler, to
// be served where ProgramAddr says:
//
//	program, err := trigger.NewProgram(app, handlers)
//	addr, ok := trigger.ProgramAddr(env)
//	http.ListenAndServe(addr, program)
//
// It answers live requests, on the routes of the app, and descriptions, POST
// /NAME, as host.json and the bindings ask. The caller has passed the host's
// keys and limits, so it asks for none: it must listen on the loopback interface
// and nowhere else. In a description, bodies are text; what is not UTF-8 does
// not survive it.
type Program struct {
	host     *Host
	handlers map[string]*programFunction // by name in lower case
}

type programFunction struct {
	config  *FunctionConfig
	handler http.Handler
}

// ProgramAddr returns where the host that started this process wants its program
// to listen, from the process's environment as a map, and false if nobody says.
func ProgramAddr(env map[string]string) (addr string, ok bool) {
	for _, name := range []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"} {
		if port, _ := variable(env, name); port != "" {
			return "127.0.0.1:" + port, true
		}
	}
	return "", false
}

// NewProgram makes a Program of an app and its functions, named as in
// Config.Handlers. The error joins every mistake.
func NewProgram(app *App, handlers map[string]http.Handler) (*Program, error) {
	open := *app
	open.Functions = append([]FunctionConfig(nil), app.Functions...)
	for i := range open.Functions {
		f := &open.Functions[i]
		f.Level, f.WebHookType, f.Disabled = keys.Anonymous, "", false
	}
	open.Offline = nil
	host, err := NewHost(Config{App: &open, Handlers: handlers, NoAdmin: true})
	if err != nil {
		return nil, err
	}
	p := &Program{host: host, handlers: map[string]*programFunction{}}
	forward := app.Host.CustomHandler != nil && app.Host.CustomHandler.ForwardHTTP
	for _, e := range host.site.Load().ends {
		if !forward || !e.config.onlyHTTP() {
			p.handlers[strings.ToLower(e.Name)] = &programFunction{e.config, e.handler}
		}
	}
	return p, nil
}

// ServeHTTP answers a description or a live request.
func (p *Program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.handlers[strings.ToLower(strings.TrimPrefix(r.URL.Path, "/"))]
	if f == nil || r.Method != http.MethodPost {
		p.host.ServeHTTP(w, r)
		return
	}
	call, err := f.request(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	kept := &keptAnswer{header: http.Header{}}
	f.handler.ServeHTTP(kept, call)
	text, err := f.envelope(kept)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(text) // the host left
}

// description is a request as a host describes it.
type description struct {
	Data map[string]json.RawMessage
}

type describedRequest struct {
	URL     string `json:"Url"`
	Method  string
	Headers map[string]json.RawMessage
	Params  map[string]any
	Body    json.RawMessage
}

// request makes the request again that a description is of.
func (f *programFunction) request(r *http.Request) (*http.Request, error) {
	var d description
	var req describedRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, defaultMaxBody)).Decode(&d); err != nil {
		return nil, err
	}
	raw, ok := d.Data[f.config.Trigger.Name]
	if !ok {
		return nil, fmt.Errorf("no %q in Data", f.config.Trigger.Name)
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	u, err := url.Parse(req.URL)
	if err != nil || u.Host == "" || !validFieldName(req.Method) {
		return nil, errors.Join(errors.New("no request"), err)
	}
	body := []byte(textMember(req.Body))
	if len(body) == 0 && !isNull(req.Body) && string(req.Body) != `""` {
		body = req.Body
	}
	out, err := http.NewRequestWithContext(r.Context(), req.Method, req.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.RequestURI, out.RemoteAddr = u.RequestURI(), r.RemoteAddr
	for name, raw := range req.Headers {
		var list []string
		if json.Unmarshal(raw, &list) != nil {
			list = []string{textMember(raw)}
		}
		out.Header[http.CanonicalHeaderKey(name)] = list
	}
	for name, value := range req.Params {
		out.SetPathValue(name, fmt.Sprint(value))
	}
	inv := &Invocation{ID: newID(), Function: f.config.Name}
	return out.WithContext(WithInvocation(out.Context(), inv)), nil
}

// envelope is the answer of a function as a host wants it.
func (f *programFunction) envelope(a *keptAnswer) ([]byte, error) {
	headers := map[string]string{}
	for name, values := range a.header {
		if len(values) > 0 && name != "Content-Length" {
			headers[name] = strings.Join(values, ", ")
		}
	}
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	response := map[string]any{"statusCode": status, "headers": headers, "body": a.body.String()}
	out := f.config.output()
	switch {
	case out == nil:
		return []byte(`{"Outputs":{},"Logs":[],"ReturnValue":null}`), nil
	case out.Name == "$return":
		return json.Marshal(map[string]any{"Outputs": map[string]any{}, "Logs": []string{}, "ReturnValue": response})
	}
	return json.Marshal(map[string]any{"Outputs": map[string]any{out.Name: response}, "Logs": []string{}, "ReturnValue": nil})
}

// A keptAnswer is the ResponseWriter of a function whose answer goes into JSON.
type keptAnswer struct {
	header http.Header
	status int
	body   strings.Builder
}

func (a *keptAnswer) Header() http.Header { return a.header }

func (a *keptAnswer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}

func (a *keptAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
