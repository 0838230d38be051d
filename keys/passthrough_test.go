package keys_test

import (
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/internal/passthrough"
	"github.com/httptrigger/httptrigger/keys"
)

func TestGuardPassesEverythingThrough(t *testing.T) {
	const value = "a-key-of-the-test-0123456789"
	store := &keys.Memory{}
	set := keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret(value)}}}
	if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
		t.Fatal(err)
	}
	guard := &keys.Guard{Resolver: &keys.Resolver{Store: store}, Function: "orders", Level: keys.Function}
	t.Run("header", func(t *testing.T) {
		passthrough.Run(t, passthrough.Middleware{Wrap: guard.Wrap, Header: http.Header{keys.Header: {value}}})
	})
	t.Run("query", func(t *testing.T) {
		passthrough.Run(t, passthrough.Middleware{Wrap: guard.Wrap, Query: "code=" + value})
	})
}
