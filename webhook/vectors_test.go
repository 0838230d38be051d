package webhook_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/internal/conformance/webhookvec"
)

// TestVectors puts the vectors of the specification to the library, and those
// that were written from its rules for what the others leave out.
func TestVectors(t *testing.T) { vec.Test(t, webhookvec.Run, "testdata") }
