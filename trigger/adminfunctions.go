package trigger

import (
	"encoding/json"
	"net/http"
	"path"
	"strings"

	"github.com/httptrigger/httptrigger/route"
)

// functionInfo is how the admin API describes a function (TR-215).
type functionInfo struct {
	Name         string          `json:"name"`
	ScriptRoot   string          `json:"script_root_path_href"`
	Script       *string         `json:"script_href"`
	ConfigHref   string          `json:"config_href"`
	TestDataHref string          `json:"test_data_href"`
	Href         string          `json:"href"`
	Invoke       string          `json:"invoke_url_template"`
	Language     string          `json:"language"`
	Config       json.RawMessage `json:"config"`
	Files        []string        `json:"files"`
	TestData     string          `json:"test_data"`
	Disabled     bool            `json:"isDisabled"`
	Direct       bool            `json:"isDirect"`
	Proxy        bool            `json:"isProxy"`
}

var languages = map[string]string{
	".csx": "CSharp", ".cs": "CSharp", ".dll": "DotNetAssembly", ".fsx": "FSharp", ".js": "node", ".mjs": "node", ".cjs": "node",
	".ts": "node", ".py": "python", ".ps1": "powershell", ".jar": "java", ".go": "go",
}

// info describes a function under a base address.
func (a *admin) info(f *FunctionConfig, base string) functionInfo {
	p := a.paths()
	root := base + "/admin/vfs" + strings.TrimSuffix(p.below(p.script), "/")
	files := root + "/" + f.Name
	out := functionInfo{
		Name: f.Name, ScriptRoot: files + "/", ConfigHref: files + "/function.json",
		TestDataHref: base + "/admin/vfs" + p.below(p.testData) + "/" + f.Name + ".dat",
		Href:         base + "/admin/functions/" + f.Name, Config: f.JSON(), Disabled: f.Disabled,
	}
	if f.ScriptFile != "" {
		href := root + "/" + f.ScriptFile
		out.Script, out.Language = &href, languages[strings.ToLower(path.Ext(f.ScriptFile))]
	}
	if f.HTTP {
		out.Invoke = strings.ToLower(base + "/" + f.Template(a.site.prefix))
	}
	if len(out.Config) == 0 {
		out.Config = json.RawMessage("{}")
	}
	return out
}

// configOf describes a function that is written in Go as a file would.
func configOf(e *endpoint) *FunctionConfig {
	if e.config != nil {
		return e.config
	}
	type binding struct {
		Type      string   `json:"type"`
		Direction string   `json:"direction"`
		Name      string   `json:"name"`
		Level     string   `json:"authLevel,omitempty"`
		Methods   []string `json:"methods,omitempty"`
		Route     string   `json:"route,omitempty"`
	}
	text, _ := json.Marshal(map[string][]binding{"bindings": { // texts always marshal
		{"httpTrigger", "in", "req", e.Level.String(), e.Methods, e.Route},
		{"http", "out", "$return", "", nil, ""},
	}})
	return &FunctionConfig{
		Name: e.Name, HTTP: true, Route: e.Route, Methods: e.Methods, Level: e.Level, Disabled: e.Disabled, json: text,
	}
}

// described are the functions that the admin API speaks of, in order of names:
// those that are served, and those whose file is in order.
func (a *admin) described() []*FunctionConfig {
	var out []*FunctionConfig
	for _, e := range a.site.ends {
		if e.config == nil {
			out = append(out, configOf(e))
		}
	}
	app := a.site.app
	for i := range app.Functions {
		out = append(out, &app.Functions[i])
	}
	for i := range app.Failed {
		if f := app.Failed[i].Function; f != nil {
			out = append(out, f)
		}
	}
	sortByName(out)
	return out
}

// list answers with all functions. Addresses begin with the configured site.
func (a *admin) list(x *exchange, _ string) {
	base := "https://" + a.env("WEBSITE_HOSTNAME", "localhost") + mount(x.r)
	out := []functionInfo{}
	for _, f := range a.described() {
		out = append(out, a.info(f, base))
	}
	x.answerJSON(http.StatusOK, out)
}

// find returns the description of one function, nil if there is none. One that
// host.json leaves out is found too, if its file is in order.
func (a *admin) find(name string) *FunctionConfig {
	for _, f := range a.described() {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	for i := range a.site.app.Unlisted {
		if f := &a.site.app.Unlisted[i]; strings.EqualFold(f.Name, name) && !f.unread {
			return f
		}
	}
	return nil
}

func (a *admin) describe(x *exchange, name string) {
	f := a.find(name)
	if f == nil {
		x.refuse(&NotFoundError{})
		return
	}
	x.answerJSON(http.StatusOK, a.info(f, a.site.base(x.r)))
}

// base is the address that the client has the host under.
func (s *site) base(r *http.Request) string {
	scheme, host := origin(r, s.Origin)
	return scheme + "://" + host + mount(r)
}

// mount is the path that another router serves the host under: what it has taken
// off the front, as http.StripPrefix does. It is "" for most.
func mount(r *http.Request) string {
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	if _, absolute, ok := strings.Cut(sent, "://"); ok && !strings.HasPrefix(sent, "/") {
		_, sent, _ = strings.Cut(absolute, "/")
		sent = "/" + sent
	}
	left := r.URL.EscapedPath()
	prefix, ok := strings.CutSuffix(sent, left)
	if !ok {
		// The host has taken dot segments out of what is left.
		prefix, ok = strings.CutSuffix(route.RemoveDots(dotEscapes.Replace(sent)), route.RemoveDots(dotEscapes.Replace(left)))
	}
	if !ok || !strings.HasPrefix(prefix, "/") {
		return ""
	}
	return strings.TrimSuffix(prefix, "/")
}

// functionStatus answers with the errors that kept a function from loading.
func (a *admin) functionStatus(x *exchange, name string) {
	for _, f := range a.site.app.Failed {
		if strings.EqualFold(f.Name, name) {
			x.answerJSON(http.StatusOK, map[string]any{"errors": errorTexts(f.Err)})
			return
		}
	}
	if a.find(name) == nil {
		x.refuse(&NotFoundError{})
		return
	}
	x.answerJSON(http.StatusOK, struct{}{})
}

// isInput reports whether a JSON value can be the input of a function: a text or
// null; the reference takes what can be written as a text.
func (a *admin) isInput(value json.RawMessage) bool {
	if a.site.Compat {
		return len(value) == 0 || value[0] != '{' && value[0] != '['
	}
	var text *string
	return len(value) == 0 || json.Unmarshal(value, &text) == nil
}

// invoke takes the order to run a function with a text as its input. It answers
// before anything runs; a function that wants an HTTP request fails then, for
// there is none (TR-209), so for a host of HTTP functions there is nothing left
// to do.
func (a *admin) invoke(x *exchange, name string) {
	text, ok := a.readJSON(x)
	if !ok {
		return
	}
	var body *struct {
		Input json.RawMessage `json:"input"`
	}
	if json.Unmarshal(text, &body) != nil || body == nil || !a.isInput(body.Input) {
		x.answerEmpty(http.StatusBadRequest)
		return
	}
	served := false
	for _, e := range a.site.ends {
		served = served || strings.EqualFold(e.Name, name)
	}
	for i := range a.site.app.Functions { // those with other triggers too
		served = served || strings.EqualFold(a.site.app.Functions[i].Name, name)
	}
	switch {
	case a.site.host.down(a.site) || a.site.app.Err != nil:
		x.answerEmpty(http.StatusServiceUnavailable)
	case !served:
		x.refuse(&NotFoundError{})
	default:
		a.site.Logger.WarnContext(x.r.Context(), "Function not run", "function", name,
			"error", "without an HTTP request no function of this host can be run")
		x.answerEmpty(http.StatusAccepted)
	}
}
