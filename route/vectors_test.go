package route_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/conformance/routevec"
	"github.com/httptrigger/httptrigger/internal/conformance/vec"
)

// TestVectors puts what ASP.NET Core answered to the package, in both profiles.
func TestVectors(t *testing.T) { vec.Test(t, routevec.Run, "testdata") }
