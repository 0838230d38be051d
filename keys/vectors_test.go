package keys_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/conformance/keysvec"
	"github.com/httptrigger/httptrigger/internal/conformance/vec"
)

func TestVectors(t *testing.T) { vec.Test(t, keysvec.Run, "testdata") }
