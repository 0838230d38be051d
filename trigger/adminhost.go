package trigger

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// answerJSON answers an admin request.
func (x *exchange) answerJSON(status int, v any) {
	text, err := encodeJSON(v)
	if err != nil {
		x.refuse(err)
		return
	}
	x.answerText(status, "application/json; charset=utf-8", text)
}

func (x *exchange) answerText(status int, ctype, text string) {
	x.status = status
	h := x.w.Header()
	if ctype != "" {
		h["Content-Type"] = []string{ctype}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = io.WriteString(x.w, text) // the caller left
	}
}

func (x *exchange) answerEmpty(status int) { x.answerText(status, "", "") }

// debug is where the reference starts a debugger: 501 on the platform, and
// elsewhere 409, which it answers if there is none to start (HostController.cs).
func (a *admin) debug(x *exchange, _ string) {
	status := http.StatusConflict
	if a.site.app.Host.AppService {
		status = http.StatusNotImplemented
	}
	x.answerEmpty(status)
}

// ping answers whoever asks whether the host lives; to the platform's scale
// controller, or with checkHealth=1, also whether it is overloaded (TR-204).
func (a *admin) ping(x *exchange, _ string) {
	h := x.w.Header()
	h["Cache-Control"] = []string{"no-store,no-cache"}
	h["Pragma"] = []string{"no-cache"}
	if a.site.health != nil && a.asksHealth(x.r) {
		if err := a.site.health.Check(); err != nil {
			x.answerEmpty(http.StatusTooManyRequests)
			return
		}
	}
	x.answerEmpty(http.StatusOK)
}

func (a *admin) asksHealth(r *http.Request) bool {
	if value, ok := variable(a.site.Env, "WEBSITE_FUNCTIONS_HEALTH_PING_ENABLED"); ok && value == "0" {
		return false
	}
	if asked := queryValues(r)["checkhealth"]; len(asked) > 0 {
		return asked[0] == "1"
	}
	agent := r.UserAgent()
	return strings.Contains(agent, "HttpScaleManager") || strings.Contains(agent, "ElasticScaleController")
}

// hostStatus is the answer of admin/host/status.
type hostStatus struct {
	XMLName    xml.Name `json:"-" xml:"HostStatus"`
	ID         string   `json:"id,omitempty" xml:"Id,omitempty"`
	State      string   `json:"state" xml:"State"`
	Version    string   `json:"version,omitempty" xml:"Version,omitempty"`
	InstanceID string   `json:"instanceId,omitempty" xml:"InstanceId,omitempty"`
	Computer   string   `json:"computerName,omitempty" xml:"ComputerName,omitempty"`
	Errors     []string `json:"errors,omitempty" xml:"Errors>string,omitempty"`
	Uptime     int64    `json:"processUptime" xml:"ProcessUptime"`
	Editing    string   `json:"functionAppContentEditingState" xml:"FunctionAppContentEditingState"`
}

func (a *admin) status(x *exchange, _ string) {
	s := a.site
	out := hostStatus{
		ID: strings.ToLower(a.env("WEBSITE_SITE_NAME", "")), State: "Running", Version: s.app.Host.Version,
		InstanceID: a.env("WEBSITE_INSTANCE_ID", ""), Editing: "NotAllowed",
		Uptime: s.now().Sub(s.host.state.began).Milliseconds(),
	}
	if name, err := os.Hostname(); err == nil {
		out.Computer = name
	}
	switch {
	case s.host.down(s):
		out.State = "Offline"
	case s.app.Err != nil:
		out.State, out.Errors = "Error", errorTexts(s.app.Err)
	case s.host.state.drained.Load():
		out.State = "Stopping"
	}
	ctype := wantsXML(x.r.Header["Accept"], s.Compat)
	if ctype == "" {
		x.answerJSON(http.StatusOK, out)
		return
	}
	text, err := xml.Marshal(out)
	if err != nil {
		x.refuse(err)
		return
	}
	x.answerText(http.StatusOK, ctype+"; charset=utf-8", string(text))
}

// errorTexts lists the errors that one joins.
func errorTexts(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []string
		for _, e := range joined.Unwrap() {
			out = append(out, errorTexts(e)...)
		}
		return out
	}
	return []string{err.Error()}
}

// env returns a setting, or what it is otherwise.
func (a *admin) env(name, otherwise string) string {
	if v, ok := variable(a.site.Env, name); ok && v != "" {
		return v
	}
	return otherwise
}

// config answers with the options in effect. Custom headers are left out: people
// put secrets there.
func (a *admin) config(x *exchange, _ string) {
	h := &a.site.app.Host
	x.answerJSON(http.StatusOK, map[string]any{
		"version": h.Version, "functionTimeout": h.FunctionTimeout.String(),
		"extensions": map[string]any{"http": map[string]any{
			"routePrefix":            a.site.prefix,
			"maxOutstandingRequests": h.HTTP.MaxOutstandingRequests, "maxConcurrentRequests": h.HTTP.MaxConcurrentRequests,
			"dynamicThrottlesEnabled": h.HTTP.DynamicThrottlesEnabled, "hsts": map[string]any{"isEnabled": h.HTTP.HSTS.Enabled},
		}},
	})
}

// log takes lines for the host's log from the platform's tools.
func (a *admin) log(x *exchange, _ string) {
	var entries []struct {
		Level                         any // a name or a number
		FunctionName, Source, Message string
	}
	text, ok := a.readJSON(x)
	if !ok {
		return
	}
	if json.Unmarshal(text, &entries) != nil {
		x.answerText(http.StatusBadRequest, "text/plain; charset=utf-8", "An array of log entry objects is expected.")
		return
	}
	for _, e := range entries {
		a.site.Logger.InfoContext(x.r.Context(), "Log entry", "level", Redact(fmt.Sprint(e.Level)), "function", e.FunctionName,
			"source", e.Source, "message", Redact(e.Message))
	}
	x.answerEmpty(http.StatusOK)
}

// readJSON reads the body of an admin request, which must be JSON.
func (a *admin) readJSON(x *exchange) ([]byte, bool) {
	if !isJSON(x.r.Header.Get("Content-Type")) {
		x.answerEmpty(http.StatusUnsupportedMediaType)
		return nil, false
	}
	text, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, 1<<20))
	if err != nil {
		status := http.StatusRequestEntityTooLarge
		if a.site.Compat {
			status = http.StatusInternalServerError
		}
		x.answerEmpty(status)
		return nil, false
	}
	if v, err := jsonc.ParseLenientValue(text); err == nil && a.site.Compat {
		text = v.AppendJSON(nil)
	}
	return text, true
}

// drain marks the host as about to stop; who watches the status can see when the
// running requests are gone. Requests are still taken, as there.
func (a *admin) drain(x *exchange, _ string) {
	a.site.host.state.drained.Store(true)
	x.answerEmpty(http.StatusAccepted)
}

func (a *admin) drainStatus(x *exchange, _ string) {
	h := a.site.host
	running := h.Running() - 1 // but for this request
	state := "Disabled"
	if h.state.drained.Load() {
		state = "Completed"
		if running > 0 {
			state = "InProgress"
		}
	}
	x.answerJSON(http.StatusOK, struct {
		State   string `json:"state"`
		Running int    `json:"outstandingInvocations"`
		Retries int    `json:"outstandingRetries"`
	}{state, running, 0})
}

func (a *admin) resume(x *exchange, _ string) {
	s := a.site
	if s.host.down(s) || s.app.Err != nil {
		x.answerEmpty(http.StatusConflict)
		return
	}
	s.host.state.drained.Store(false)
	x.answerJSON(http.StatusOK, struct{ State string }{"Running"})
}

// syncTriggers has nothing to tell anybody: off the platform it is an error
// there too (TR-214).
func (a *admin) syncTriggers(x *exchange, _ string) {
	if a.site.app.Host.AppService || a.env("WEBSITE_SITE_NAME", "") != "" {
		x.answerJSON(http.StatusOK, struct {
			Status string `json:"status"`
		}{"success"})
		return
	}
	x.answerJSON(http.StatusInternalServerError, struct {
		Status string `json:"status"`
	}{"Invalid environment for SyncTriggers operation."})
}

// setState takes the host offline or back.
func (a *admin) setState(x *exchange, _ string) {
	text, ok := a.readJSON(x)
	if !ok {
		return
	}
	var state string
	if json.Unmarshal(text, &state) != nil {
		x.answerEmpty(http.StatusBadRequest)
		return
	}
	offline := strings.EqualFold(state, "offline")
	if !offline && !strings.EqualFold(state, "running") {
		x.answerEmpty(http.StatusBadRequest)
		return
	}
	h := a.site.host
	if offline == h.down(a.site) {
		x.answerEmpty(http.StatusOK)
		return
	}
	h.SetOffline(offline, nil)
	x.answerEmpty(http.StatusAccepted)
}

// hostOptions is the answer of admin/host/restart (ScriptApplicationHostOptions.cs).
type hostOptions struct {
	SelfHost   bool   `json:"isSelfHost"`
	Secrets    string `json:"secretsPath"`
	Script     string `json:"scriptPath"`
	Log        string `json:"logPath"`
	TestData   string `json:"testDataPath"`
	Parent     bool   `json:"hasParentScope"`
	Standby    bool   `json:"isStandbyConfiguration"`
	ReadOnly   bool   `json:"isFileSystemReadOnly"`
	FromBundle bool   `json:"isScmRunFromPackage"`
}

// restart starts the embedder's restart and answers at once with where things are
// (TR-214a).
func (a *admin) restart(x *exchange, _ string) {
	s := a.site
	if s.Restart == nil && !s.Compat {
		x.answerEmpty(http.StatusNotImplemented)
		return
	}
	ctx := context.WithoutCancel(x.r.Context())
	go func() {
		if s.Restart == nil {
			s.Logger.WarnContext(ctx, "Not restarted", "error", "Config.Restart is not set")
		} else if err := s.Restart(ctx); err != nil {
			s.Logger.ErrorContext(ctx, "Restart failed", "error", Redact(err.Error()))
		}
	}()
	p := a.paths()
	x.answerJSON(http.StatusOK, hostOptions{Script: p.script, Secrets: p.secrets, Log: p.log, TestData: p.testData, ReadOnly: s.Files == nil})
}

// noBundle answers for what extension bundles have; no app here has one.
func (a *admin) noBundle(x *exchange, _ string) { x.refuse(&NotFoundError{}) }

// warmup runs the warm-up function the first time, and answers 200 always.
func (a *admin) warmup(x *exchange, _ string) {
	if a.site.WarmUp != nil && a.site.host.state.warm.CompareAndSwap(false, true) {
		began := time.Now()
		if err := a.site.WarmUp(x.r.Context()); err != nil {
			a.site.Logger.WarnContext(x.r.Context(), "Warm-up failed", "error", Redact(err.Error()), "duration", time.Since(began))
		}
	}
	x.answerEmpty(http.StatusOK)
}
