package webhook_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/internal/conformance/webhookvec"
)

func TestVectors(t *testing.T) { vec.Test(t, webhookvec.Run, "testdata") }
