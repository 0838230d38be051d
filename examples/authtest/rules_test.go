package main

import (
	"testing"

	"github.com/httptrigger/httptrigger/keys/keystest"
)

// TestRules says the rules case by case. A case that does not hold fails with
// the rule that decided.
func TestRules(t *testing.T) {
	k := keystest.New(t, "host/everything", "stock/reader", "restock/clerk")
	doors := newService(k.Resolver.Store).doors
	keystest.Run(t, k, []keystest.Case{
		{Guard: doors["GET /health"], Key: "", Want: keystest.Allowed},

		{Guard: doors["GET /stock"], Key: "", Want: keystest.Denied},
		{Guard: doors["GET /stock"], Key: "stock/reader", Want: keystest.AllowedAs("reader")},
		{Guard: doors["GET /stock"], Key: "restock/clerk", Want: keystest.Denied},

		{Guard: doors["POST /stock"], Key: "restock/clerk", Want: keystest.AllowedAs("clerk")},
		{Guard: doors["POST /stock"], Key: "stock/reader", Want: keystest.Denied},

		{Guard: doors["DELETE /stock"], Key: "host/everything", Want: keystest.Denied},
		{Guard: doors["DELETE /stock"], Key: keystest.Master, Want: keystest.AllowedAs("master")},
	})
}
