package leaktest_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/leaktest"
)

// quiet is a test whose errors are counted and not told.
type quiet struct {
	testing.TB
	errors int
}

func (q *quiet) Errorf(string, ...any) { q.errors++ }
func (*quiet) Helper()                 {}

func TestSweepFinds(t *testing.T) {
	const secret = "planted secret/+é"
	for name, text := range map[string]string{
		"as it is": "x" + secret + "y", "in a query": url.QueryEscape(secret), "in hex": hex.EncodeToString([]byte(secret)),
		"in base64": base64.StdEncoding.EncodeToString([]byte(secret)), "in base64 of more": base64.URLEncoding.EncodeToString([]byte("ab" + secret + "c")),
		"in base64 of some more": base64.StdEncoding.EncodeToString([]byte("a" + secret)),
		"as bytes":               fmt.Sprint([]byte("x" + secret)), "as Go": fmt.Sprintf("%#v", []byte(secret+"x")),
	} {
		q := &quiet{TB: t}
		leaktest.New(q, secret).Text(name, text)
		if q.errors == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	q := &quiet{TB: t}
	s := leaktest.New(q, secret)
	s.Text("nothing", strings.Repeat("x", 100)+secret[1:])
	s.Value("nothing", struct{ A any }{"x"})
	s.Logger().Debug("nothing")
	s.Logs("nothing")
	if q.errors != 0 {
		t.Error("something was found where nothing is")
	}
	s.Value("a struct", struct{ A []byte }{[]byte(secret)})
	found := q.errors
	s.Logger().With("k", secret).WithGroup("g").Debug("m")
	s.Logs("a log")
	if found == 0 || q.errors == found {
		t.Error("a value or a log line was missed")
	}
}
