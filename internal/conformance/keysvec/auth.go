package keysvec

import (
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/httptrigger/httptrigger/keys"
)

type authGroup struct {
	Group string    `json:"group"`
	Rows  []authRow `json:"rows"`
}

type authRow struct {
	ID        string      `json:"id"`
	Target    string      `json:"target"`
	Secrets   string      `json:"secrets"`
	Level     string      `json:"level"`
	Function  string      `json:"function"`
	Extension string      `json:"extension"`
	Disabled  bool        `json:"disabled"`
	EasyAuth  bool        `json:"easyAuth"`
	Strict    bool        `json:"strict"`
	Request   authRequest `json:"request"`
	Expect    authExpect  `json:"expect"`
	Quirk     string      `json:"quirk"`
}

type authRequest struct {
	Headers map[string][]string `json:"headers"`
	Query   string              `json:"query"`
}

type authExpect struct {
	Status          int     `json:"status"`
	KeyName         *string `json:"keyName"`
	Level           string  `json:"level"`
	WWWAuthenticate string  `json:"wwwAuthenticate"`
}

// authResult is what an authExpect is compared with.
type authResult struct {
	status                    int
	keyName, level, challenge string
}

func (e *authExpect) result() authResult {
	out := authResult{status: e.Status, level: e.Level, challenge: e.WWWAuthenticate}
	if e.KeyName != nil {
		out.keyName = *e.KeyName
	}
	return out
}

func (r *runner) auth(fixtures map[string]fixture, row authRow) {
	const group = "keys/auth"
	f, ok := fixtures[row.Secrets]
	if !ok {
		r.Fail(group, row.ID, "there is no fixture %q", row.Secrets)
		return
	}
	f.Strict = f.Strict || row.Strict
	if _, ok := row.guard(); !ok {
		r.NotBuilt(group, row.ID, "target "+row.Target+", level "+row.Level)
		return
	}
	for _, compat := range []bool{true, false} {
		if !compat && row.Quirk != "" {
			continue
		}
		g, _ := row.guard()
		g.Resolver, g.Compat, g.Identify = f.resolver(compat, nil), compat, true
		if got, want := put(g, row.Request), row.Expect.result(); got != want {
			r.Fail(group, row.ID, "compat %t: want %+v, got %+v", compat, want, got)
			return
		}
	}
	r.Pass(group)
}

// guard returns the guard of the row's target.
func (row *authRow) guard() (*keys.Guard, bool) {
	g := &keys.Guard{Disabled: row.Disabled}
	switch row.Target {
	case "function":
		level, err := keys.ParseLevel(row.Level)
		g.Function, g.Level = row.Function, level
		return g, err == nil
	case "admin":
		g.Level, g.Challenge = keys.Admin, true
	case "webhook":
		g.Level, g.KeyName, g.Challenge = keys.System, keys.ExtensionKey(row.Extension), true
	default:
		return g, false
	}
	if row.EasyAuth {
		g.Identified = func(r *http.Request) bool { return r.Header.Get("X-Ms-Client-Principal") != "" }
	}
	return g, true
}

// put puts a request to a guard.
func put(g *keys.Guard, in authRequest) authResult {
	req := httptest.NewRequest("GET", "/", nil)
	req.URL.RawQuery = in.Query
	for name, lines := range in.Headers {
		for _, line := range lines { // which arrives as HTTP trims it
			req.Header.Add(name, strings.Trim(line, " \t"))
		}
	}
	grant, err := g.Check(req)
	out := authResult{status: 200, keyName: grant.Name, level: "Anonymous"}
	for _, c := range grant.Identity() {
		if c.Type == keys.ClaimLevel {
			out.level = c.Value
		}
	}
	if err != nil {
		w := httptest.NewRecorder()
		keys.Deny(w, err)
		out.status, out.challenge = w.Code, w.Header().Get("WWW-Authenticate")
	}
	return out
}

type claims struct {
	Rows []claimRow `json:"rows"`
}

type claimRow struct {
	ID              string   `json:"id"`
	What            string   `json:"what"`
	LevelClaims     []string `json:"levelClaims"`
	InvokeClaim     any      `json:"invokeClaim"`
	Required        string   `json:"required"`
	RequiredKeyName string   `json:"requiredKeyName"`
	KeyNameClaim    string   `json:"keyNameClaim"`
	Expect          bool     `json:"expect"`
}

func (r *runner) claim(row claimRow) {
	const group = "keys/claims"
	level, err := keys.ParseLevel(row.Required)
	if err != nil {
		r.Fail(group, row.ID, "%v", err)
		return
	}
	var id keys.Identity
	for _, l := range row.LevelClaims {
		id = append(id, keys.Claim{Type: keys.ClaimLevel, Value: l})
	}
	switch invoke := row.InvokeClaim.(type) {
	case string:
		id = append(id, keys.Claim{Type: keys.ClaimInvoke, Value: invoke})
	case bool:
		if invoke {
			id = append(id, keys.Claim{Type: keys.ClaimInvoke, Value: "true"})
		}
	}
	if row.KeyNameClaim != "" {
		id = append(id, keys.Claim{Type: keys.ClaimKeyID, Value: row.KeyNameClaim})
	}
	switch row.What {
	case "level":
		r.check(group, row.ID, id.HasLevel(level, ""), row.Expect)
	case "named":
		r.check(group, row.ID, id.HasLevel(level, row.RequiredKeyName), row.Expect)
	case "function":
		r.check(group, row.ID, id.MayCall(level), row.Expect)
	default:
		r.NotBuilt(group, row.ID, row.What)
	}
}

// knownQuirks are the quirks of the source that neither profile has, with the
// keys of their reasons in vec.Known. All let a caller in who must not be.
var knownQuirks = map[string]string{
	"KY-Q1": "keys/casing",
	"KY-Q2": "keys/joined",
	"KY-Q3": "keys/removed",
}
