package trigger_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// whoami answers with what a function knows of its user.
func whoami(w http.ResponseWriter, r *http.Request) {
	inv, _ := trigger.FromContext(r.Context())
	if inv.Principal == nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p := inv.Principal
	json.NewEncoder(w).Encode(user{p.Provider, p.ID(), p.Name(), p.Roles()})
}

type user struct {
	Provider, ID, Name string
	Roles              []string
}

// TestStaticWebApps logs in to the emulator of Azure Static Web Apps and calls a
// function through it: X-MS-CLIENT-PRINCIPAL is what that program writes. It is no
// front end to trust outside tests: the field of a caller who is not logged in
// passes through it.
func TestStaticWebApps(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	config := trigger.Config{Identity: &trigger.Identity{Proxies: loopback}, NoAdmin: true, Functions: []trigger.Function{
		{Name: "whoami", Level: keys.Anonymous, Handler: http.HandlerFunc(whoami)},
	}}
	host, err := trigger.NewHost(config)
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(host)
	defer api.Close()
	emulator := backend.StartStaticWebApps(t, api.URL)

	call := func(cookie string) (int, *user) {
		t.Helper()
		r, err := http.NewRequest("GET", emulator+"/api/whoami", nil)
		if err != nil {
			t.Fatal(err)
		}
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		u := new(user)
		if resp.StatusCode == http.StatusOK {
			if err := json.Unmarshal(body, u); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
		}
		return resp.StatusCode, u
	}
	// As the form at /.auth/login/github stores it (auth.html).
	const principal = `{"identityProvider":"github","userId":"59dd7a13e3d0","userDetails":"ann","userRoles":["anonymous","authenticated","editor"],"claims":[{"typ":"name","val":"Ann"}]}`
	cookie := "StaticWebAppsAuthCookie=" + base64.StdEncoding.EncodeToString([]byte(principal))

	if status, _ := call(""); status != http.StatusUnauthorized {
		t.Errorf("without login: %d, want no user", status)
	}
	status, u := call(cookie)
	if status != http.StatusOK || u.Provider != "github" || u.ID != "59dd7a13e3d0" || u.Name != "ann" ||
		!slices.Contains(u.Roles, "editor") || !slices.Contains(u.Roles, "authenticated") {
		t.Errorf("after login: %d %+v", status, u)
	}

	config.Identity = &trigger.Identity{Proxies: elsewhere}
	if err := host.Reload(config); err != nil {
		t.Fatal(err)
	}
	if status, _ := call(cookie); status != http.StatusUnauthorized {
		t.Errorf("through a front end that nobody trusts: %d, want no user", status)
	}
}
