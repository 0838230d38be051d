package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/exampletest"
)

func TestDispatch(t *testing.T) {
	tests := []struct{ message, want string }{
		{"event orders.42.paid", "paid: send order 42"},
		{"event orders.42.shipped", "order: note that order 42 is shipped"},
		{"command orders.42.cancel", "cancel: cancel order 42, reason unknown"},
		{"command orders.42.cancel.late", "cancel: cancel order 42, reason late"},
		{"EVENT ORDERS.42.PAID", "paid: send order 42"},
		{"query audit.login.failed", "audit: keep login.failed"},
		{"command orders.42.paid", `no command: "orders.42.paid" is for event`},
		{"event orders.x.paid", `nobody takes "orders.x.paid"`},
		{"event orders..paid", `nobody takes "orders..paid"`},
	}
	for _, tt := range tests {
		var out strings.Builder
		if err := run(strings.NewReader(tt.message+"\n"), &out); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(out.String(), "\n"); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.message, got, tt.want)
		}
	}
}

func TestBadLine(t *testing.T) {
	for _, line := range []string{"event", "event a b", "event a/b"} {
		err := run(strings.NewReader("event audit.a\n"+line+"\n"), &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: error is %v, want the number of the line", line, err)
		}
	}
}

// TestBadStart gives the built program a line that is no message.
func TestBadStart(t *testing.T) {
	cmd := exec.Command(exampletest.Build(t, "."))
	cmd.Stdin = strings.NewReader("event audit.a\nevent\n")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "router: line 2:") {
		t.Errorf("it ended with %v, want exit status 1 and the line's number\n%s", err, out)
	}
}

func TestReadme(t *testing.T) {
	want := []string{"paid: send order 42\n", "cancel: cancel order 42, reason unknown\n", "audit: keep login.failed\n"}
	exampletest.Readme(t, exampletest.StandIn{Begins: "printf", Run: func(t *testing.T, command string) {
		out := exampletest.Command(t, command)
		if len(want) == 0 || out != want[0] {
			t.Fatalf("%s printed %q, want the first of %q", command, out, want)
		}
		want = want[1:]
	}})
	if len(want) > 0 {
		t.Errorf("no command of the README prints %q", want)
	}
}
