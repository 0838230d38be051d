package keysvec

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/keys"
)

type adminAPI struct {
	BaseURL   string   `json:"baseUrl"`
	Functions []string `json:"functions"`
	Rows      []apiRow `json:"rows"`
}

type apiRow struct {
	ID          string            `json:"id"`
	Secrets     string            `json:"secrets"`
	Strict      bool              `json:"strict"`
	Key         *string           `json:"key"`
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	Headers     map[string]string `json:"headers"`
	Body        *string           `json:"body"`
	ContentType *string           `json:"contentType"`
	Expect      apiExpect         `json:"expect"`
}

type apiExpect struct {
	Status          int     `json:"status"`
	JSON            any     `json:"json"`
	Text            string  `json:"text"`
	Location        *string `json:"location"`
	WWWAuthenticate string  `json:"wwwAuthenticate"`
}

func (r *runner) api(section *adminAPI, a *auth, row apiRow) {
	const group = "keys/api"
	if a == nil {
		r.Fail(group, row.ID, "there are no fixtures")
		return
	}
	f, ok := a.Fixtures[row.Secrets]
	if !ok {
		r.Fail(group, row.ID, "there is no fixture %q", row.Secrets)
		return
	}
	f.Strict = f.Strict || row.Strict
	w, err := callAPI(&f, section, row)
	if err != nil {
		r.Fail(group, row.ID, "%v", err)
		return
	}
	want := row.Expect
	location := ""
	if want.Location != nil {
		location = *want.Location
	}
	switch {
	case w.Code != want.Status:
		r.Fail(group, row.ID, "want status %d, got %d", want.Status, w.Code)
	case w.Header().Get("WWW-Authenticate") != want.WWWAuthenticate:
		r.Fail(group, row.ID, "want challenge %q, got %q", want.WWWAuthenticate, w.Header().Get("WWW-Authenticate"))
	case w.Header().Get("Location") != location:
		r.Fail(group, row.ID, "want location %q, got %q", location, w.Header().Get("Location"))
	case want.JSON != nil && !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json"):
		r.Fail(group, row.ID, "want JSON, got content type %q", w.Header().Get("Content-Type"))
	case want.JSON != nil && !sameJSON(w.Body.Bytes(), want.JSON):
		r.Fail(group, row.ID, "want body %v, got another", want.JSON)
	case want.JSON == nil && w.Body.String() != want.Text:
		r.Fail(group, row.ID, "want body %q, got another of %d bytes", want.Text, w.Body.Len())
	default:
		r.Pass(group)
	}
}

// callAPI puts a row's request to an API over the fixture.
func callAPI(f *fixture, section *adminAPI, row apiRow) (*httptest.ResponseRecorder, error) {
	res := f.resolver(true, nil)
	api, err := keys.NewAPI(keys.APIConfig{
		Manager:        &keys.Manager{Store: res.Store, Resolver: res, Strict: f.Strict, Compat: true},
		FunctionExists: func(name string) bool { return containsFold(section.Functions, name) },
		BaseURL:        func(*http.Request) string { return section.BaseURL },
		Compat:         true,
	})
	if err != nil {
		return nil, err
	}
	var req *http.Request
	if row.Body != nil {
		req = httptest.NewRequest(row.Method, row.Path, strings.NewReader(*row.Body))
		req.Header.Set("Content-Type", "application/json")
	} else {
		req = httptest.NewRequest(row.Method, row.Path, nil)
	}
	if row.ContentType != nil {
		req.Header.Set("Content-Type", *row.ContentType)
	}
	for name, value := range row.Headers {
		req.Header.Set(name, value)
	}
	if row.Key != nil {
		req.Header.Set(keys.Header, *row.Key)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, req)
	return w, nil
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// sameJSON compares a body with what is wanted, in which <generated:x> is any
// value that is valid for the seed x.
func sameJSON(body []byte, want any) bool {
	var got any
	return json.Unmarshal(body, &got) == nil && reflect.DeepEqual(fill(got, want), want)
}

// fill returns got with the placeholders of want where got has a valid value.
func fill(got, want any) any {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			for name := range g {
				g[name] = fill(g[name], w[name])
			}
		}
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			for i := range g {
				g[i] = fill(g[i], w[i])
			}
		}
	case string:
		seed, ok := strings.CutPrefix(strings.TrimSuffix(w, ">"), "<generated:")
		kind, known := kindOf(seed)
		if text, isText := got.(string); ok && known && isText && keys.Generated(kind, text) {
			return want
		}
	}
	return got
}

type armBridge struct {
	Rows []struct {
		ID      string            `json:"id"`
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Key     *string           `json:"key"`
		Expect  int               `json:"expect"`
	} `json:"rows"`
}

// bridge runs the rows on the fixture whose master key they present. The store
// they were recorded with deleted any key: here the key is made first.
func (r *runner) bridge(section *armBridge, fixtures map[string]fixture) {
	const group = "keys/bridge"
	f, ok := fixtures["e2e"]
	if !ok {
		r.NotBuilt(group, "", "there is no fixture e2e")
		return
	}
	for _, row := range section.Rows {
		f := f
		name := row.Path[strings.LastIndexByte(row.Path, '/')+1:]
		if row.Method == http.MethodDelete {
			f.FunctionKeys = append(slices.Clone(f.FunctionKeys), struct{ name, value string }{name, "x"})
		}
		w, err := callAPI(&f, &adminAPI{}, apiRow{Method: row.Method, Path: row.Path, Headers: row.Headers, Key: row.Key})
		if err != nil {
			r.Fail(group, row.ID, "%v", err)
			continue
		}
		r.check(group, row.ID, w.Code, row.Expect)
	}
}
