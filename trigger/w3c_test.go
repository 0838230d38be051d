package trigger_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/trigger"
)

// TestW3CHead: the first line comes behind the four that say what follows
// (TR-236), once.
func TestW3CHead(t *testing.T) {
	var out bytes.Buffer
	at := time.Date(2026, 11, 24, 1, 2, 3, 999e6, time.FixedZone("", -7200))
	h := mustHost(t, trigger.Config{AccessLog: &trigger.W3CLog{W: &out}, Now: func() time.Time { return at }})
	for range 2 {
		r := httptest.NewRequest("GET", "/api/none", nil)
		r.RemoteAddr = "[::1]:99"
		record(h, r)
	}
	line := "2026-11-24 03:02:03 - GET /api/none - - - ::1 - - - example.com 404 - - - 0 0\n"
	want := "#Software: httptrigger\n#Version: 1.0\n#Date: 2026-11-24 03:02:03\n#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query " +
		"s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n" + line + line
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

// TestW3CLine formats what strangers may send (TR-236, TR-237): the number of
// fields never changes, and no key is told.
func TestW3CLine(t *testing.T) {
	const secret, hidden = "s3cret", "[Hidden+Credential]"
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name   string
		target string
		header http.Header
		entry  trigger.W3CEntry
		field  int // which one, from 0
		want   string
	}{
		{"date", "/", nil, trigger.W3CEntry{}, 0, "2026-01-02"},
		{"time", "/", nil, trigger.W3CEntry{}, 1, "03:04:05"},
		{"site", "/", nil, trigger.W3CEntry{}, 2, "my+site"},
		{"method", "/", nil, trigger.W3CEntry{}, 3, "PURGE"},
		{"path", "/a%20b/%0d%0a/%c3%a9", nil, trigger.W3CEntry{}, 4, "/a%20b/%0d%0a/%c3%a9"},
		{"no query", "/", nil, trigger.W3CEntry{}, 5, "-"},
		{"empty query", "/?", nil, trigger.W3CEntry{}, 5, "-"},
		{"query", "/?a=1&b=%0A", nil, trigger.W3CEntry{}, 5, "a=1&b=%0A"},
		{"code", "/?a=1&code=" + secret + "&b=2", nil, trigger.W3CEntry{}, 5, "a=1&code=" + hidden + "&b=2"},
		{"code in capitals", "/?CODE=" + secret, nil, trigger.W3CEntry{}, 5, "CODE=" + hidden},
		{"code escaped", "/?c%6fde=" + secret, nil, trigger.W3CEntry{}, 5, "c%6fde=" + hidden},
		{"code twice", "/?code=" + secret + "&code=" + secret, nil, trigger.W3CEntry{}, 5, "code=" + hidden + "&code=" + hidden},
		{"code with equal signs", "/?code=" + secret + "==", nil, trigger.W3CEntry{}, 5, "code=" + hidden},
		{"code behind a semicolon", "/?a=1;code=" + secret, nil, trigger.W3CEntry{}, 5, "a=1;code=" + hidden},
		{"sig", "/?Sig=" + secret + "&se=2", nil, trigger.W3CEntry{}, 5, "Sig=" + hidden + "&se=2"},
		{"clientid", "/?clientId=" + secret, nil, trigger.W3CEntry{}, 5, "clientId=" + hidden},
		{"code without a value", "/?code&x=1", nil, trigger.W3CEntry{}, 5, "code&x=1"},
		{"almost code", "/?codes=1&barcode=2", nil, trigger.W3CEntry{}, 5, "codes=1&barcode=2"},
		{"port", "/", nil, trigger.W3CEntry{}, 6, "7071"},
		{"nobody", "/", nil, trigger.W3CEntry{}, 7, "-"},
		{"user", "/", nil, trigger.W3CEntry{User: "Joe Q\r\nPublic é"}, 7, "Joe+Q??Public+?"},
		{"client", "/", nil, trigger.W3CEntry{}, 8, "192.0.2.1"},
		{"agent", "/", http.Header{"User-Agent": {"A/1.0 (x;\ty)\r\n2026-01-01 00:00:00 - GET"}}, trigger.W3CEntry{}, 9, "A/1.0+(x;+y)??2026-01-01+00:00:00+-+GET"},
		{"no agent", "/", nil, trigger.W3CEntry{}, 9, "-"},
		{"cookie", "/", http.Header{"Cookie": {"a=" + secret}}, trigger.W3CEntry{}, 10, hidden},
		{"page", "/", http.Header{"Referer": {"https://a.test/x?b=1&code=" + secret + "&c=2"}}, trigger.W3CEntry{}, 11, "https://a.test/x?b=1&code=" + hidden + "&c=2"},
		{"page with a user", "/", http.Header{"Referer": {"https://u:" + secret + "@a.test/x"}}, trigger.W3CEntry{}, 11, hidden + "/x"},
		{"host", "/", nil, trigger.W3CEntry{}, 12, "example.com"},
		{"unknown status", "/", nil, trigger.W3CEntry{}, 13, "-"},
		{"status", "/", nil, trigger.W3CEntry{Status: 429}, 13, "429"},
		{"bytes", "/", nil, trigger.W3CEntry{}, 17, "4"},
		{"taken", "/", nil, trigger.W3CEntry{Taken: 2*time.Second + 345*time.Millisecond + 999*time.Microsecond}, 18, "2345"},
	}
	log := &trigger.W3CLog{Site: "my site"}
	for _, tt := range tests {
		r := httptest.NewRequest("PURGE", tt.target, strings.NewReader("body"))
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7071}))
		if tt.header != nil {
			r.Header = tt.header
		}
		tt.entry.Time = at
		line := log.Line(r, tt.entry)
		fields := strings.Split(line, " ")
		if len(fields) != 19 || strings.ContainsAny(line, "\r\n\t") || strings.Contains(line, secret) {
			t.Errorf("%s: %d fields: %s", tt.name, len(fields), line)
			continue
		}
		if fields[tt.field] != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, fields[tt.field], tt.want)
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestW3CFull: a log that cannot be written fails no request, and is told of
// (TR-243).
func TestW3CFull(t *testing.T) {
	var told bytes.Buffer
	h := mustHost(t, trigger.Config{
		AccessLog: &trigger.W3CLog{W: failingWriter{}}, Logger: slog.New(slog.NewTextHandler(&told, nil)), Functions: anonymous(returns("ok", nil)),
	})
	for range 2 {
		if w := record(h, httptest.NewRequest("GET", "/api/f", nil)); w.Code != 200 || w.Body.String() != "ok" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	}
	if n := strings.Count(told.String(), "no space left on device"); n != 2 {
		t.Errorf("told %d times, want 2: %s", n, &told)
	}
}
