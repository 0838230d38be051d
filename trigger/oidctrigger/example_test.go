package oidctrigger_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/oidctrigger"
)

// A host whose function is for signed-in users with a role. The key of a
// function says which program calls, the token which user it calls for; a
// function that takes users only is anonymous, and refuses by itself.
func Example() {
	serve := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		verifier, err := oidctrigger.New(ctx, oidctrigger.Config{
			Issuer:    "https://login.example.com",
			Audiences: []string{"api://orders"},
		})
		if err != nil {
			return err
		}
		orders := func(w http.ResponseWriter, r *http.Request) {
			inv, _ := trigger.FromContext(r.Context())
			switch user := inv.Principal; {
			case user == nil:
				w.Header().Set("WWW-Authenticate", "Bearer")
				w.WriteHeader(http.StatusUnauthorized)
			case !user.HasRole("orders.read"):
				w.WriteHeader(http.StatusForbidden)
			default:
				fmt.Fprintln(w, "orders of", user.ID())
			}
		}
		host, err := trigger.NewHost(trigger.Config{
			Identity:  &trigger.Identity{Verifier: verifier},
			Functions: []trigger.Function{{Name: "orders", Level: keys.Anonymous, Handler: http.HandlerFunc(orders)}},
		})
		if err != nil {
			return err
		}
		return http.ListenAndServe(":7071", host)
	}
	_ = serve
}
