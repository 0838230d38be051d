package trigger_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/trigger"
)

func TestTraceParent(t *testing.T) {
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, tt := range []struct {
		sent []string
		want string
	}{
		{nil, ""},
		{[]string{good}, good},
		{[]string{"cc" + good[2:]}, "cc" + good[2:]},
		{[]string{"cc" + good[2:] + "-later"}, "cc" + good[2:] + "-later"},
		{[]string{good, good}, ""},
		{[]string{good + "-later"}, ""},
		{[]string{"cc" + good[2:] + "later"}, ""},
		{[]string{"ff" + good[2:]}, ""},
		{[]string{strings.ToUpper(good)}, ""},
		{[]string{good[:54]}, ""},
		{[]string{"00-" + strings.Repeat("0", 32) + good[35:]}, ""},
		{[]string{good[:36] + strings.Repeat("0", 16) + good[52:]}, ""},
		{[]string{strings.Replace(good, "4bf", "4-f", 1)}, ""},
		{[]string{""}, ""},
	} {
		var got string
		var log bytes.Buffer
		h := mustHost(t, trigger.Config{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Functions: anonymous(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inv, _ := trigger.FromContext(r.Context())
				got = inv.TraceParent
			})),
		})
		r := httptest.NewRequest("GET", "/api/f", nil)
		r.Header["Traceparent"] = tt.sent
		record(h, r)
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.sent, got, tt.want)
		}
		if n := strings.Count(log.String(), "traceparent="); (n == 2) != (tt.want != "") || n == 1 {
			t.Errorf("%q: the log tells of it %d times", tt.sent, n)
		}
	}
}
