// Command router hands messages of a queue to handlers by their subjects: a
// route.Table for something that is not HTTP.
//
//	printf 'event orders.42.paid\n' | go run ./examples/router
//
// Each line of its input is a message: a kind, which takes the place of the
// method, and a subject, whose dots are the slashes of a path.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/httptrigger/httptrigger/route"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "router: %v\n", err)
		os.Exit(1)
	}
}

// A handler does something with a message and says what.
type handler func(v route.Values) string

// routes say which messages go where. Their order plays no part: of those that
// fit, the most specific is chosen.
var routes = []route.Route[handler]{
	{Name: "paid", Methods: []string{"event"}, Template: route.MustCompile("orders/{id:long}/paid"), Value: func(v route.Values) string {
		return "send order " + v.Get("id")
	}},
	{Name: "order", Methods: []string{"event"}, Template: route.MustCompile("orders/{id:long}/{what:alpha}"), Value: func(v route.Values) string {
		return "note that order " + v.Get("id") + " is " + v.Get("what")
	}},
	{Name: "cancel", Methods: []string{"command"}, Template: route.MustCompile("orders/{id:long}/cancel/{reason=unknown}"), Value: func(v route.Values) string {
		return "cancel order " + v.Get("id") + ", reason " + v.Get("reason")
	}},
	{Name: "audit", Template: route.MustCompile("audit/{*subject}"), Value: func(v route.Values) string {
		return "keep " + strings.ReplaceAll(v.Get("subject"), "/", ".")
	}},
}

// run dispatches the messages of in until it ends.
func run(in io.Reader, out io.Writer) error {
	table, err := route.NewTable(routes, nil)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		kind, subject, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.ContainsAny(subject, "/ ") {
			return fmt.Errorf("line %d: %q: want a kind, a blank and a subject", n, lines.Text())
		}
		if _, err := fmt.Fprintln(out, dispatch(table, kind, subject)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func dispatch(table *route.Table[handler], kind, subject string) string {
	m := table.Lookup(kind, "/"+strings.ReplaceAll(subject, ".", "/"))
	switch {
	case m.Found():
		return m.Route().Name + ": " + m.Value(m.Values())
	case m.Methods() != nil:
		return fmt.Sprintf("no %s: %q is for %s", kind, subject, strings.Join(m.Methods(), ", "))
	default:
		return fmt.Sprintf("nobody takes %q", subject)
	}
}
