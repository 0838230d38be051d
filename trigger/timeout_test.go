package trigger_test

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// closing tells whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TR-176: a result that comes after the function's time is no answer any more.
func TestResultAfterTimeout(t *testing.T) {
	for _, compat := range []bool{false, true} {
		for _, tt := range []struct {
			takes  time.Duration
			status int
			body   string
		}{{999 * time.Millisecond, 200, "in time"}, {time.Second, 500, ""}, {time.Minute, 500, ""}} {
			synctest.Test(t, func(t *testing.T) {
				result := &closing{Reader: strings.NewReader("in time")}
				f := trigger.Func(func(context.Context, *trigger.Request) (any, error) {
					time.Sleep(tt.takes)
					return &trigger.Response{Body: result}, nil
				})
				host, err := trigger.NewHost(trigger.Config{Compat: compat, Functions: []trigger.Function{
					{Name: "f", Level: keys.Anonymous, Timeout: time.Second, Handler: f},
				}})
				if err != nil {
					t.Fatal(err)
				}
				rec := httptest.NewRecorder()
				host.ServeHTTP(rec, httptest.NewRequest("GET", "/api/f", nil))
				if rec.Code != tt.status || rec.Body.String() != tt.body || !result.closed {
					t.Errorf("compat %v, after %v: %d %q, closed %v, want %d %q", compat, tt.takes, rec.Code, rec.Body, result.closed, tt.status, tt.body)
				}
			})
		}
	}
}
