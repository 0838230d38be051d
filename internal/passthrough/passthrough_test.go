package passthrough_test

import (
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/internal/passthrough"
)

// Nothing at all must pass, or the harness itself is wrong.
func TestNoMiddleware(t *testing.T) {
	passthrough.Run(t, passthrough.Middleware{Wrap: func(h http.Handler) http.Handler { return h }})
}
