package keystest_test

import (
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keystest"
)

// TestRules is the table of who opens what, as the rules have it.
func TestRules(t *testing.T) {
	k := keystest.New(t, "host/ops", "orders/partner", "invoices/partner", "system/eventgrid_extension")
	keystest.Run(t, k, []keystest.Case{
		{Function: "orders", Level: keys.Anonymous, Key: "", Want: keystest.AllowedAs("")},
		{Function: "orders", Level: keys.Anonymous, Key: keystest.Unknown, Want: keystest.Allowed},

		{Function: "orders", Level: keys.Function, Key: "", Want: keystest.Denied},
		{Function: "orders", Level: keys.Function, Key: keystest.Unknown, Want: keystest.Denied},
		{Function: "orders", Level: keys.Function, Key: "orders/partner", Want: keystest.AllowedAs("partner")},
		{Function: "orders", Level: keys.Function, Key: "invoices/partner", Want: keystest.Denied},
		{Function: "orders", Level: keys.Function, Key: "host/ops", Want: keystest.AllowedAs("ops")},
		{Function: "orders", Level: keys.Function, Key: "system/eventgrid_extension", Want: keystest.Denied},
		{Function: "orders", Level: keys.Function, Key: keystest.Master, Want: keystest.AllowedAs("master")},

		{Function: "orders", Level: keys.System, Key: "system/eventgrid_extension", Want: keystest.AllowedAs("EventGrid_Extension")},
		{Function: "orders", Level: keys.System, Key: "host/ops", Want: keystest.Denied},
		{Function: "orders", Level: keys.User, Key: "orders/partner", Want: keystest.Denied},
		{Function: "orders", Level: keys.User, Key: keystest.Master, Want: keystest.Allowed},
		{Function: "orders", Level: keys.Admin, Key: "host/ops", Want: keystest.Denied},
		{Function: "orders", Level: keys.Admin, Key: keystest.Master, Want: keystest.Allowed},
	})
}

// TestGuards tests guards of a program.
func TestGuards(t *testing.T) {
	k := keystest.New(t, "orders/partner", "system/a_extension", "system/b_extension")
	off := &keys.Guard{Resolver: k.Resolver, Function: "orders", Disabled: true}
	hook := &keys.Guard{Resolver: k.Resolver, Level: keys.System, KeyName: "a_extension", Challenge: true}
	keystest.Run(t, k, []keystest.Case{
		{Guard: off, Key: "", Want: keystest.Denied},
		{Guard: off, Key: "orders/partner", Want: keystest.DeniedWith(404)},
		{Guard: off, Key: keystest.Master, Want: keystest.Allowed},
		{Guard: hook, Key: "system/a_extension", Want: keystest.Allowed},
		{Guard: hook, Key: "system/b_extension", Want: keystest.DeniedWith(403)},
		{Guard: hook, Key: "orders/partner", Want: keystest.DeniedWith(401)},
	})
}

// TestFailureText: a rule that does not hold is told with the rule that decided,
// and without a value.
func TestFailureText(t *testing.T) {
	k := keystest.New(t, "host/ops", "system/x_extension", "orders/partner")
	for _, tt := range []struct {
		c    keystest.Case
		want string
	}{
		{keystest.Case{Function: "orders", Level: keys.Function, Key: "system/x_extension", Want: keystest.Allowed},
			`orders (level function) with system/x_extension: denied with 401, want allowed: the key is "x_extension", a system key of host, which grants level system, and level function takes an equal level or the master key`},
		{keystest.Case{Function: "orders", Level: keys.Function, Key: "", Want: keystest.Allowed}, "no key was presented"},
		{keystest.Case{Function: "orders", Level: keys.Function, Key: keystest.Unknown, Want: keystest.Allowed},
			`the key is not known here: the keys of the host and of function "orders" were asked`},
		{keystest.Case{Function: "orders", Level: keys.Anonymous, Key: "", Want: keystest.Denied}, "level anonymous takes every caller"},
		{keystest.Case{Function: "orders", Level: keys.Admin, Key: keystest.Master, Want: keystest.Denied}, "the master key opens everything"},
		{keystest.Case{Function: "orders", Level: keys.Function, Key: "orders/partner", Want: keystest.AllowedAs("ops")},
			`allowed as "partner", want allowed as "ops": the key is "partner", a function key of function "orders"`},
	} {
		got := keystest.Explain(t, k, tt.c)
		if !strings.Contains(got, tt.want) {
			t.Errorf("%+v: the text is\n%s\nwant in it\n%s", tt.c, got, tt.want)
		}
		for _, name := range []string{"host/ops", "orders/partner", keystest.Master, keystest.Unknown} {
			if strings.Contains(got, k.Value(t, name)) {
				t.Errorf("the value of %s is in the text: %s", name, got)
			}
		}
	}
	if got := keystest.Explain(t, k, keystest.Case{Function: "orders", Key: "host/ops", Want: keystest.Allowed}); got != "" {
		t.Errorf("a rule that holds: %q", got)
	}
}
